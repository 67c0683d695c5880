"""How much of what a replay made due is forwarded now: it gives way to webhooks that come in, and to their calls.

A claim holds the writing thread for as long as it takes for all that it claims, and the ends of calls that were claimed
together come together. So while webhooks come in, a few are claimed at a time, and none while one is on its way.
"""

import time
from collections.abc import Callable
from typing import Final

from app.crowd import Crowd

__all__ = ["Yielding"]

_FEW: Final = 2
_QUIET_SECONDS: Final = 1.0
"""When nobody came for so long, nothing is held back."""
_LONGEST_SECONDS: Final = 0.1
"""A few are claimed so often at least, however many webhooks come."""


class Yielding:
    """Give way to a crowd, which whoever takes webhooks in tells of."""

    def __init__(self, slots: int, in_flight: Callable[[], int], now: Callable[[], float] = time.monotonic) -> None:
        """Give way to nobody, before there is a ``crowd``.

        Args:
            slots: How many calls there may be.
            in_flight: How many there are.
            now: The time in seconds.

        """
        self.crowd = Crowd(now)
        self._slots = slots
        self._in_flight = in_flight
        self._now = now
        self._claimed_at = now()

    def most(self) -> int:
        """Return how much of what replays made due may be claimed now, which is about to be done."""
        most = self._most()
        if most:
            self._claimed_at = self._now()
        return most

    @property
    def is_over(self) -> bool:
        """Tell whether any of it may be claimed now."""
        return self._most() > 0

    def _most(self) -> int:
        if not self.crowd.was_anybody_there(_QUIET_SECONDS):
            return self._slots
        if self.crowd.is_anybody_there and self._now() - self._claimed_at < _LONGEST_SECONDS:
            return 0
        return max(0, _FEW - self._in_flight())
