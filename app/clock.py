"""Notice when the clock is set: what was planned by it is then due at another time than was meant."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

__all__ = ["TOLERATED", "ClockWatch"]

TOLERATED: Final = timedelta(seconds=5)
"""What a clock that is kept right is corrected by is less, and no wait is that exact."""
_NONE: Final = timedelta(0)


class ClockWatch:
    """Compare a clock that may be set with one that only counts."""

    def __init__(self, now: datetime, steady: Callable[[], float] = time.monotonic) -> None:
        """Begin at ``now``; ``steady`` counts seconds and is never set."""
        self.steady = steady
        self._seen = (now, steady())

    def look(self, now: datetime) -> timedelta:
        """Return by how much the clock was set since the last look: above zero on, below zero back."""
        counted = self.steady()
        by = self._since_last(now, counted)
        self._seen = (now, counted)
        return by

    def is_kept(self, now: datetime) -> bool:
        """Tell whether the clock was not set since the last look, which this is none of."""
        return self._since_last(now, self.steady()) == _NONE

    def _since_last(self, now: datetime, counted: float) -> timedelta:
        before, since = self._seen
        by = (now - before) - timedelta(seconds=counted - since)
        return by if abs(by) > TOLERATED else _NONE
