"""What works beside the requests: in loops that sleep until woken, and that outlast trouble with the store."""

import asyncio
import contextlib
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Final

from app.errors import StoreUnavailable
from app.telemetry import log_event

__all__ = ["POLL_SECONDS", "Crew", "Loop", "Worker"]

logger = logging.getLogger(__name__)

POLL_SECONDS: Final = 5.0
"""How long a worker sleeps at most: not everything that makes work wakes it."""
_RETRY_SECONDS: Final = 1.0


class Loop:
    """Run steps of work until stopped."""

    def __init__(self, name: str, step: Callable[[], Awaitable[float]], now: Callable[[], datetime]) -> None:
        """Call ``step`` again and again; it returns how many seconds there is nothing to do, 0 when there may be."""
        self._name = name
        self._step = step
        self._now = now
        self._wake = asyncio.Event()
        self._stopping = False
        self.beat_at = now()

    def wake(self) -> None:
        """Look for work now."""
        self._wake.set()

    def stop(self) -> None:
        """Finish the step at hand and return from `run`."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Work until `stop`."""
        while not self._stopping:
            self._wake.clear()
            self.beat_at = self._now()
            try:
                seconds = await self._step()
            except StoreUnavailable as error:
                log_event(logger, f"{self._name}.store-unavailable", level=logging.ERROR, error=error)
                seconds = _RETRY_SECONDS
            except Exception:
                # One step's trouble is not that of the loops that run beside this one.
                logger.exception("a step of %s failed and is tried again", self._name)
                seconds = _RETRY_SECONDS
            if seconds > 0:
                await self._sleep(min(seconds, POLL_SECONDS))

    async def _sleep(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()


class Worker(ABC):
    """A part of the relay that works in a loop of its own."""

    def __init__(self, name: str, now: Callable[[], datetime]) -> None:
        """Call the loop ``name`` in the log."""
        self._loop = Loop(name, self.step, now)

    @abstractmethod
    async def step(self) -> float:
        """Do some of the work; return how many seconds there is nothing to do, 0 when there may be."""

    @property
    def beat_at(self) -> datetime:
        """Return when it last showed that it is alive."""
        return self._loop.beat_at

    def wake(self) -> None:
        """Look for work now."""
        self._loop.wake()

    def stop(self) -> None:
        """Finish what is in hand and return from `run`."""
        self._loop.stop()

    async def run(self) -> None:
        """Work until `stop`."""
        await self._loop.run()


class Crew(Worker):
    """A worker that starts calls, several at a time, and goes on while they last."""

    def __init__(self, name: str, now: Callable[[], datetime]) -> None:
        """Call the loop, and what is started from it, ``name`` in the log."""
        super().__init__(name, now)
        self._name = name
        self._running: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Work until `stop`, and finish what was started; being cancelled gives it up."""
        try:
            await super().run()
            await asyncio.gather(*self._running, return_exceptions=True)
        finally:
            for task in self._running:
                task.cancel()

    @property
    def running(self) -> int:
        """Return how many calls have not ended."""
        return len(self._running)

    def start(self, call: Coroutine[None, None, None], *, about: str, ended: Callable[[], None]) -> None:
        """Start a call; ``ended`` is called at its end, and then there may be work again."""
        task = asyncio.create_task(call, name=f"{self._name}-{about}")
        self._running.add(task)
        task.add_done_callback(lambda done: self._end(done, ended))

    def _end(self, task: asyncio.Task[None], ended: Callable[[], None]) -> None:
        self._running.discard(task)
        ended()
        self.wake()
        if not task.cancelled() and (error := task.exception()) is not None:
            # Its lease ends by itself, and what it was about becomes due again.
            logger.error("%s: a call ended unexpectedly", task.get_name(), exc_info=error)
