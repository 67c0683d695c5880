"""The composition root: the one place that knows everyone, and the order in which they start and stop.

What takes webhooks in comes first and needs a fraction of what there is. Everybody else is imported, made and started
when the relay listens already: nobody is turned away meanwhile, and what was stored is found in the store.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry

from app.carriers import adapters, known
from app.clock import ClockWatch
from app.crowd import Crowd
from app.errors import ConfigurationError
from app.intake import Intake
from app.keyring import Keyring
from app.main.arrivals import Arrivals
from app.main.configured import hook_keys_of, sources_of, together
from app.main.limiting import bounds_of, limits_of
from app.outages import Outages
from app.payload import set_bounds
from app.settings import Settings
from app.source import Sources
from app.store import Store
from app.store.unread import HELD
from app.telemetry import Metrics
from app.web import Front, Part

if TYPE_CHECKING:
    from app.egress import Reply
    from app.main.behind import Relay
    from app.web import Dependencies

__all__ = ["Door", "opened", "relay", "utc_now"]

_A_MOMENT: Final = 0.05
"""Whoever waited for the relay to come back is there by then, and is answered before the rest of it is made."""
_PATIENCE: Final = 0.5
"""What comes later cannot be waited for: a busy relay always has somebody who waits."""


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


class Door:
    """A relay that can take webhooks in; those who work behind it are made once, by `begin`."""

    def __init__(
        self,
        settings: Settings,
        part: Part,
        sources: Sources,
        metrics: Metrics,
        store: Store,
        watch: ClockWatch,
    ) -> None:
        """Make what takes webhooks in; use `opened`."""
        self._settings, self._part, self._watch = settings, part, watch
        self._crowd = Crowd()
        store.give_way(self._crowd)
        self._arrivals = Arrivals()
        self._stack = AsyncExitStack()
        self._running: Relay | None = None
        self._beginning: asyncio.Task[Relay] | None = None
        self._opened_at = watch.now()
        intake = Intake(
            store,
            Keyring(self, watch.now),
            now=watch.now,
            stored=self._arrivals.stored if part.works else lambda *_: store.tell("stored"),
            ledger=timedelta(days=settings.ledger_days),
            held=HELD if part.works and store.is_shared else None,
            crowd=self._crowd,
        )
        self.front = Front(
            store=store,
            sources=sources,
            intake=intake,
            metrics=metrics,
            outages=Outages(store, watch.now),
            now=watch.now,
            heartbeat=self._beat_at,
            is_begun=lambda: self._running is not None,
            hook_keys=hook_keys_of(settings),
            limits=limits_of(settings),
            trusted_proxies=tuple(settings.trusted_proxies),
            data_folder=store.database.data_folder,
        )

    def _beat_at(self) -> datetime | None:
        """Return the workers' last sign of life; until they are made, that is when they began to be expected."""
        if not self._part.works:
            return None
        return self._running.beat_at if self._running else self._opened_at

    async def begin(self, *, at_once: bool = False) -> "Relay":
        """Make and start those who work behind the door, unless they are there.

        Unless it has to be ``at_once``, those who came first are answered before.

        Raises:
            ConfigurationError: A carrier's module is broken.

        """
        if self._beginning is None:
            self._beginning = asyncio.create_task(self._begin(at_once=at_once), name="begin")
        # Whoever asked may be gone before it is done.
        return await asyncio.shield(self._beginning)

    async def whole(self) -> "Dependencies":
        """Return what ordinary routes need, when it is there."""
        return (await self.begin()).dependencies

    async def call(
        self, method: str, url: str, *, headers: Mapping[str, str], total_seconds: float, max_bytes: int
    ) -> "Reply":
        """Make a call as soon as there is somebody who makes calls; see `app.egress.Egress.call`."""
        running = await self.begin()
        return await running.egress.call(method, url, headers=headers, total_seconds=total_seconds, max_bytes=max_bytes)

    async def _begin(self, *, at_once: bool) -> "Relay":
        if not at_once:
            await asyncio.sleep(_A_MOMENT)
            await self._crowd.gone(_PATIENCE)
        made = await asyncio.to_thread(_imported)
        opened = made.Opened(
            settings=self._settings,
            part=self._part,
            front=self.front,
            arrivals=self._arrivals,
            crowd=self._crowd,
            watch=self._watch,
        )
        running: Relay = await self._stack.enter_async_context(made.behind(opened))
        self._running = running
        return running

    async def close(self) -> None:
        """Have those behind the door finish what they hold."""
        if self._beginning is not None:
            self._beginning.cancel()
            await asyncio.wait({self._beginning})
        await self._stack.aclose()


def _imported() -> ModuleType:
    """Import the rest; of what stands in the carriers' folder as well, all of which must be carriers."""
    from app.main import behind  # noqa: PLC0415 - this is what waits

    adapters()
    return behind


@asynccontextmanager
async def opened(
    settings: Settings,
    *,
    part: Part = Part.ALL,
    now: Callable[[], datetime] = utc_now,
    steady: Callable[[], float] = time.monotonic,
) -> AsyncIterator[Door]:
    """Open the store and hand out what takes webhooks in; on leaving, let the workers drain.

    ``steady`` counts the seconds of the clock that ``now`` reads, and is never set.

    Raises:
        ConfigurationError: The settings name a carrier that there is not, or a source that cannot verify anything.
        StoreBusy: Another process owns the database.

    """
    set_bounds(bounds_of(settings))
    sources = sources_of(settings, known())
    metrics = Metrics(
        CollectorRegistry(),
        carriers=frozenset(sources.carriers),
        accounts=frozenset(settings.accounts),
        sources=frozenset(source.name for source in sources),
    )
    store = Store.open(
        settings.database_url.get_secret_value(),
        lock_wait_seconds=settings.lock_wait_seconds,
        pooled=settings.database_pooled,
        observe=lambda count, seconds: metrics.commit(seconds=seconds, size=count),
        together=together(settings),
        role=part.value,
        now=now,
    )
    try:
        if part is not Part.ALL and not store.is_shared:
            raise ConfigurationError(f"--role {part.value} needs a database that processes share: postgresql://…")
        # Where several processes share a database, they share its clock.
        door = Door(settings, part, sources, metrics, store, ClockWatch(store.now, steady))
        try:
            yield door
        finally:
            await door.close()
    finally:
        await store.close()


@asynccontextmanager
async def relay(
    settings: Settings,
    *,
    part: Part = Part.ALL,
    now: Callable[[], datetime] = utc_now,
    steady: Callable[[], float] = time.monotonic,
) -> AsyncIterator["Relay"]:
    """Do as `opened` and begin at once: hand out a relay whose workers run."""
    async with opened(settings, part=part, now=now, steady=steady) as door:
        yield await door.begin(at_once=True)
