"""Whether webhooks, or many, are being taken in at this moment: then what can wait leaves the processor to them."""

import asyncio
import math
import time
from collections.abc import Callable
from typing import Final

__all__ = ["Crowd"]

_MANY: Final = 12
_REMEMBERED_SECONDS: Final = 0.25
"""Between two transactions nobody may be waiting, and the next dozen is on its way."""
_NEW_SECONDS: Final = 5.0
"""Most bursts are over by then; what goes on for longer is how it is now."""
_WAY_SECONDS: Final = 0.02
"""One that was answered is on its way to VTEX for about so long."""
_NEAR_SECONDS: Final = 5.0
"""Where one came within so long, the next is to be expected."""
_LOOK_SECONDS: Final = 0.002


class Crowd:
    """Those who wait for their answers."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """Begin with nobody; ``now`` is in seconds."""
        self._now = now
        self._waiting = 0
        self._crowded_at = self._began_at = self._left_at = -math.inf

    def join(self) -> None:
        """Be one of them, until `leave`."""
        self._waiting += 1
        if self._waiting >= _MANY:
            now = self._now()
            if now - self._crowded_at >= _REMEMBERED_SECONDS:
                self._began_at = now
            self._crowded_at = now

    def leave(self) -> None:
        """Have one's answer."""
        self._waiting -= 1
        self._left_at = self._now()

    @property
    def is_there(self) -> bool:
        """Tell whether many wait, or did a moment ago."""
        return self._now() - self._crowded_at < _REMEMBERED_SECONDS

    @property
    def is_new(self) -> bool:
        """Tell whether many wait who did not five seconds ago: what can wait at all waits until they are served."""
        return self.is_there and self._now() - self._began_at < _NEW_SECONDS

    @property
    def is_anybody_there(self) -> bool:
        """Tell whether a single one waits, or has just been answered."""
        return self.was_anybody_there(_WAY_SECONDS)

    @property
    def is_few(self) -> bool:
        """Tell whether somebody is there, but not many: what would hold them up can wait until they have gone."""
        return self.is_anybody_there and not self.is_there

    @property
    def is_near(self) -> bool:
        """Tell whether somebody is there, or is to be expected."""
        return self.was_anybody_there(_NEAR_SECONDS)

    @property
    def is_between(self) -> bool:
        """Tell whether nobody is there, and somebody is to be expected: what holds them up is best done now."""
        return self.is_near and not self.is_anybody_there

    def was_anybody_there(self, seconds: float) -> bool:
        """Tell whether a single one waits, or did within so many seconds."""
        return self._waiting > 0 or self._now() - self._left_at < seconds

    async def gone(self, most_seconds: float) -> None:
        """Return when nobody is there, but after so long at the latest."""
        until = self._now() + most_seconds
        while self.is_anybody_there and self._now() < until:  # noqa: ASYNC110 - nobody tells that nobody came
            await asyncio.sleep(_LOOK_SECONDS)
