"""Webhooks that are mapped beside the others: they wait for a carrier's answer, or nothing waits before them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from app.telemetry import log_event

__all__ = ["Beside"]

logger = logging.getLogger(__name__)

_MOST: Final = 32


class Beside:
    """Run a bounded number of mappings on their own; what finds no room stays in the table for a later sweep."""

    def __init__(self, ended: Callable[[], None]) -> None:
        """Call ``ended`` after each."""
        self._ended = ended
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def __contains__(self, webhook_id: int) -> bool:
        """Tell whether a webhook is being mapped."""
        return webhook_id in self._tasks

    @property
    def has_room(self) -> bool:
        """Tell whether one more may be started."""
        return len(self._tasks) < _MOST

    def start(self, webhook_id: int, mapping: Callable[[], Awaitable[None]]) -> None:
        """Map a webhook, if there is room."""
        if self.has_room:
            task = asyncio.ensure_future(_run(mapping))
            self._tasks[webhook_id] = task
            task.add_done_callback(lambda done: self._done(webhook_id, done))

    async def finish(self) -> None:
        """Wait for what is being mapped; being cancelled gives it up."""
        try:
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        finally:
            for task in self._tasks.values():
                task.cancel()

    def _done(self, webhook_id: int, task: asyncio.Task[None]) -> None:
        del self._tasks[webhook_id]
        self._ended()
        if not task.cancelled() and (error := task.exception()) is not None:
            # It is in the table as it was.
            log_event(logger, "mapping.store-unavailable", level=logging.ERROR, error=error)


async def _run(mapping: Callable[[], Awaitable[None]]) -> None:
    await mapping()
