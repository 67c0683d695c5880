"""Whose request begins when many come at once: of strangers a few in each round of the event loop.

What a stranger sends costs most when it is looked at, and a round in which dozens are looked at is one in which nobody
else is answered. So requests of whoever proved himself begin at once, and wait for the few beside them only. While one
of theirs is in hand strangers begin more slowly still: the writing thread wants the processor, too.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

__all__ = ["Turns"]

_LONGEST_SECONDS: Final = 0.01
"""Strangers begin after this at the latest: whoever proves himself was a stranger before."""


class Turns:
    """Begin what strangers sent in its order, so many at a time, after what others sent."""

    def __init__(self, at_a_time: int) -> None:
        """Begin ``at_a_time`` in each round of the event loop."""
        self._at_a_time = at_a_time
        self._waiting: deque[Callable[[], None]] = deque()
        self._ahead = 0
        self._call: asyncio.Handle | None = None

    def begin(self, loop: asyncio.AbstractEventLoop, what: Callable[[], None]) -> None:
        """Begin something of a stranger when it is its turn."""
        self._waiting.append(what)
        if self._call is None:
            self._plan(loop)

    def enter(self) -> None:
        """Note that something goes first."""
        self._ahead += 1

    def leave(self, loop: asyncio.AbstractEventLoop) -> None:
        """Note that it is done."""
        self._ahead -= 1
        if self._call is not None and not self._ahead:
            self._call.cancel()
            self._plan(loop)

    def _plan(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._ahead:
            self._call = loop.call_later(_LONGEST_SECONDS, self._next, loop)
        else:
            self._call = loop.call_soon(self._next, loop)

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        self._call = None
        try:
            for _ in range(min(self._at_a_time, len(self._waiting))):
                self._waiting.popleft()()
        finally:
            # Also when one fails to begin: nobody else is to wait for ever because of that.
            if self._waiting and self._call is None:
                self._plan(loop)
