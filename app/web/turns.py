"""Whose request begins when many come at once: of strangers a few in each round of the event loop.

What a stranger sends costs most when it is looked at, and a round in which dozens are looked at is one in which nobody
else is answered. So requests of whoever proved himself begin at once, and wait for the few beside them only.
"""

import asyncio
from collections import deque
from collections.abc import Callable

__all__ = ["Turns"]


class Turns:
    """Begin what waits in its order, so many of it in each round of the event loop."""

    def __init__(self, at_a_time: int) -> None:
        """Begin ``at_a_time``."""
        self._at_a_time = at_a_time
        self._waiting: deque[Callable[[], None]] = deque()
        self._is_called = False

    def begin(self, loop: asyncio.AbstractEventLoop, what: Callable[[], None]) -> None:
        """Begin something when it is its turn."""
        self._waiting.append(what)
        if not self._is_called:
            self._call(loop)

    def _call(self, loop: asyncio.AbstractEventLoop) -> None:
        self._is_called = True
        loop.call_soon(self._next, loop)

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        due = [self._waiting.popleft() for _ in range(min(self._at_a_time, len(self._waiting)))]
        self._is_called = False
        if self._waiting:
            self._call(loop)
        for begin in due:
            begin()
