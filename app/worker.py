"""A worker's loop: work while there is any, sleep until woken, and outlast trouble with the store."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

from app.errors import StoreUnavailable
from app.telemetry import log_event

__all__ = ["POLL_SECONDS", "Loop"]

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
