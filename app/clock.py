"""Notice when the clock is set: what was planned by it is then due at another time than was meant."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import Final

__all__ = ["TOLERATED", "ClockWatch"]

TOLERATED: Final = timedelta(seconds=5)
"""What a clock that is kept right is corrected by is less, and no wait is that exact."""
_TOLERATED: Final = TOLERATED.total_seconds()


class ClockWatch:
    """Compare a clock that may be set with one that only counts, whenever somebody asks what time it is.

    So no time is ever planned by that was not looked at, even if the clock went wrong for no more than a moment.
    """

    def __init__(self, clock: Callable[[], datetime], steady: Callable[[], float] = time.monotonic) -> None:
        """Begin now; ``steady`` counts seconds and is never set."""
        self._clock = clock
        self.steady = steady
        self._offset = clock().timestamp() - steady()
        self._set: list[timedelta] = []
        self._lock = Lock()

    def now(self) -> datetime:
        """Return what the clock shows, for everything that is planned by it."""
        now = self._clock()
        if abs(now.timestamp() - self.steady() - self._offset) > _TOLERATED:
            self._notice(now)
        return now

    def look(self) -> tuple[timedelta, ...]:
        """Return by how much the clock was set since the last look, each time: above zero on, below zero back."""
        now = self.now()
        with self._lock:
            # What it is corrected by does not add up.
            self._offset = now.timestamp() - self.steady()
            found, self._set = self._set, []
        return tuple(found)

    def is_kept(self) -> bool:
        """Tell whether the clock was not set since the last look, which this is none of."""
        self.now()
        return not self._set

    def _notice(self, now: datetime) -> None:
        with self._lock:
            offset = now.timestamp() - self.steady()
            by = offset - self._offset
            if abs(by) > _TOLERATED:  # Nobody else noticed it meanwhile.
                self._set.append(timedelta(seconds=by))
                self._offset = offset
