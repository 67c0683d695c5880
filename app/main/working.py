"""The workers behind the web application: started together, and each let finish what it holds."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from app.allocator import keep_giving_back
from app.errors import StoreUnavailable
from app.main.alarming import Troubles, alert
from app.main.sampling import Sampler, vitals
from app.settings import Settings
from app.store.account_limits import NO_LIMITS, Limits, limits_of
from app.telemetry import Metrics
from app.web.dependencies import Dependencies

if TYPE_CHECKING:
    from app.main.behind import Relay

__all__ = ["when_the_store_takes_it", "working"]

logger = logging.getLogger(__name__)

_RESTART_SECONDS: Final = 1.0
_LIMITS_EVERY_SECONDS: Final = 10.0
_ENDLESS: Final = frozenset({"limits", "sampler", "outages", "alerting", "memory"})
"""The workers that go on until they are cancelled."""


@asynccontextmanager
async def working(running: "Relay", metrics: Metrics, settings: Settings, *, works: bool = True) -> AsyncIterator[None]:
    """Run the workers; on leaving let each finish what it holds, for a bounded time."""
    given = running.dependencies
    quiet = timedelta(days=settings.quiet_after_days)
    sampler = Sampler(given.store, given.now, given.sources, tuple(given.accounts), quiet)
    metrics.watch(sampler.backlog)
    metrics.watch_vitals(vitals(given.now, given.heartbeat, given.data_folder))
    await when_the_store_takes_it(running.duties.start)
    workers: dict[str, Callable[[], Awaitable[None]]] = {}
    if works:
        workers = {
            "mapper": running.mapper.run,
            "indexer": running.indexer.run,
            "reader": running.reader.run,
            "forwarder": running.forwarder.run,
            "gathering": running.gathering.run,
            "replays": running.replays.run,
            "retention": running.retiring.run,
        }
    workers["limits"] = lambda: _keep_limits(given)
    workers["sampler"] = sampler.run
    workers["outages"] = given.outages.run
    workers["memory"] = keep_giving_back
    if works and settings.alert_url is not None:
        url = settings.alert_url.get_secret_value()
        watch = Troubles(given.store, sampler, given.data_folder, settings.min_free_bytes)
        workers["alerting"] = lambda: alert(running, metrics, settings, url, watch)
    tasks = [asyncio.create_task(_supervise(run), name=name) for name, run in workers.items()]
    try:
        yield
    finally:
        running.mapper.stop()
        running.indexer.stop()
        running.reader.stop()
        running.gathering.stop()
        running.replays.stop()
        running.retiring.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(settings.shutdown_seconds):
                await running.forwarder.stop()
                ending = [task for task in tasks if task.get_name() not in _ENDLESS]
                await asyncio.gather(*ending, return_exceptions=True)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await given.outages.close()
        with contextlib.suppress(StoreUnavailable):
            await running.duties.stop()


async def when_the_store_takes_it(
    start: Callable[[], Awaitable[None]], *, pause_seconds: float = _RESTART_SECONDS
) -> None:
    """Begin to work: until the store is there, this process has answered 503 at least, and goes on to do so."""
    while True:
        try:
            return await start()
        except StoreUnavailable as error:
            logger.warning("the store takes nothing, and work begins when it does: %s", error)
            await asyncio.sleep(pause_seconds)


async def _keep_limits(given: Dependencies) -> None:
    """Go by the limits that operators set, through whichever process they did."""
    known: dict[str, Limits] = {}
    while True:
        with contextlib.suppress(StoreUnavailable):
            found = await given.store.read(limits_of)
            for account in given.accounts:
                limits = found.get(account, NO_LIMITS)
                if limits != known.get(account, NO_LIMITS):
                    given.limit(account, limits.rate_per_second, limits.concurrency)
            known = found
        await asyncio.sleep(_LIMITS_EVERY_SECONDS)


async def _supervise(work: Callable[[], Awaitable[None]]) -> None:
    """Start a worker again when it fails for a reason that nobody foresaw: its work is all in the store."""
    while True:
        try:
            return await work()
        except Exception:
            logger.exception("a worker failed and is started again")
            await asyncio.sleep(_RESTART_SECONDS)
