"""The workers behind a relay: how they start, are kept going, and stop."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, Protocol

from app.duties import Duties
from app.errors import StoreUnavailable
from app.forwarder import Forwarder
from app.gathering import Gathering
from app.indexing import Indexer, OrderReader
from app.main.sampling import Sampler, vitals
from app.mapping import BulkReplays, Mapper
from app.telemetry import Metrics
from app.web.dependencies import Dependencies

__all__ = ["Working", "working"]

logger = logging.getLogger(__name__)

_RESTART_SECONDS: Final = 1.0


class Working(Protocol):
    """Those who work behind a relay."""

    @property
    def dependencies(self) -> Dependencies:
        """What its web application needs."""

    @property
    def forwarder(self) -> Forwarder:
        """Who calls VTEX."""

    @property
    def mapper(self) -> Mapper:
        """Who reads webhooks."""

    @property
    def indexer(self) -> Indexer:
        """Who looks up orders."""

    @property
    def reader(self) -> OrderReader:
        """Who reads orders that were told of."""

    @property
    def duties(self) -> Duties:
        """What this process does for all."""

    @property
    def gathering(self) -> Gathering:
        """Who finds out which orders there are."""

    @property
    def replays(self) -> BulkReplays:
        """Who reads many webhooks again."""


@asynccontextmanager
async def working(
    running: Working, metrics: Metrics, shutdown_seconds: float, *, works: bool = True
) -> AsyncIterator[None]:
    """Run the workers; on leaving let each finish what it holds, for a bounded time."""
    store, now = running.dependencies.store, running.dependencies.now
    sampler = Sampler(store, now)
    metrics.watch(sampler.backlog)
    metrics.watch_vitals(vitals(now, running.dependencies.heartbeat, running.dependencies.data_folder))
    await running.duties.start()
    workers = (
        {
            "mapper": running.mapper.run,
            "indexer": running.indexer.run,
            "reader": running.reader.run,
            "forwarder": running.forwarder.run,
            "gathering": running.gathering.run,
            "replays": running.replays.run,
        }
        if works
        else {}
    )
    tasks = [asyncio.create_task(_supervise(run), name=name) for name, run in workers.items()]
    tasks.append(asyncio.create_task(_supervise(sampler.run), name="sampler"))
    try:
        yield
    finally:
        running.mapper.stop()
        running.indexer.stop()
        running.reader.stop()
        running.gathering.stop()
        running.replays.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(shutdown_seconds):
                await running.forwarder.stop()
                await asyncio.gather(*tasks[:-1], return_exceptions=True)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(StoreUnavailable):
            await running.duties.stop()


async def _supervise(work: Callable[[], Awaitable[None]]) -> None:
    """Start a worker again when it fails for a reason that nobody foresaw: its work is all in the store."""
    while True:
        try:
            return await work()
        except Exception:
            logger.exception("a worker failed and is started again")
            await asyncio.sleep(_RESTART_SECONDS)
