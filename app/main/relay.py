"""The composition root: the one place that knows everyone, and the order in which they start and stop."""

import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from prometheus_client import CollectorRegistry

from app.account import Account
from app.calling import Destination
from app.carriers import adapters
from app.clock import ClockWatch
from app.duties import Duties
from app.egress import Egress
from app.errands import Errands
from app.errors import ConfigurationError
from app.forwarder import Forwarder, first_read
from app.gathering import Gathering, HookPlan, tail_of
from app.indexing import Asking, Indexer, OrderReader
from app.intake import Intake
from app.keyring import Keyring
from app.main.configured import (
    accounts_of,
    console_of,
    forwarding_of,
    hook_keys_of,
    retention_of,
    sources_of,
    together,
    tokens_of,
)
from app.main.limiting import bounds_of, limits_of, resolver_of
from app.main.sending import destinations_of, forwarder_of
from app.main.waking import Waking
from app.main.working import working
from app.mapping import HELD, BulkReplays, Mapper
from app.model import Webhook
from app.outages import Outages
from app.payload import set_bounds
from app.resolution import resolver
from app.retention import Retiring
from app.settings import Settings
from app.source import Source, Sources
from app.store import Candidate, Facts, Resolution, Store
from app.telemetry import Metrics
from app.web import Part
from app.web.dependencies import Dependencies

__all__ = ["Relay", "relay", "utc_now"]

_LOOKUPS: Final = 2
"""Connections for what is called beside the forwarder."""


def utc_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """A running relay: what its web application needs, and who works behind it."""

    dependencies: Dependencies
    forwarder: Forwarder
    mapper: Mapper
    indexer: Indexer
    reader: OrderReader
    duties: Duties
    gathering: Gathering
    replays: BulkReplays
    retiring: Retiring

    @property
    def beat_at(self) -> datetime:
        """Return when the worker that was still for longest last showed that it is alive."""
        workers = (self.mapper, self.forwarder, self.indexer, self.reader, self.gathering, self.replays, self.retiring)
        return min(worker.beat_at for worker in workers)


@asynccontextmanager
async def relay(
    settings: Settings,
    *,
    part: Part = Part.ALL,
    now: Callable[[], datetime] = utc_now,
    steady: Callable[[], float] = time.monotonic,
) -> AsyncIterator[Relay]:
    """Run the relay's workers and hand out what its web application needs; on leaving, drain.

    ``steady`` counts the seconds of the clock that ``now`` reads, and is never set.

    Raises:
        ConfigurationError: The settings name a carrier that there is not, or a source that cannot verify anything.
        StoreBusy: Another process owns the database.

    """
    set_bounds(bounds_of(settings))
    accounts = accounts_of(settings)
    sources = sources_of(settings, adapters())
    metrics = Metrics(
        CollectorRegistry(),
        carriers=frozenset(sources.carriers),
        accounts=frozenset(accounts),
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
    # Where several processes share a database, they share its clock.
    now = store.now
    try:
        if part is not Part.ALL and not store.is_shared:
            raise ConfigurationError(f"--role {part.value} needs a database that processes share: postgresql://…")
        # A call that waits for a connection would spend its time, and its lease, without having been made.
        concurrency = max((account.concurrency for account in accounts.values()), default=1)
        async with Egress(connections=concurrency + _LOOKUPS, resolve=resolver_of(settings)) as egress:
            watch = ClockWatch(now, steady)
            running = _compose(settings, part, accounts, sources, (metrics, store, egress, watch), watch.now)
            running.mapper.wake_apart(running.forwarder.wake, running.indexer.wake, running.forwarder.follow)
            running.forwarder.give_way(running.mapper.crowd)
            async with working(running, metrics, settings, works=part.works):
                yield running
    finally:
        await store.close()


def _compose(
    settings: Settings,
    part: Part,
    accounts: Mapping[str, Account],
    sources: Sources,
    made: tuple[Metrics, Store, Egress, ClockWatch],
    now: Callable[[], datetime],
) -> Relay:
    metrics, store, egress, watch = made
    destinations, resolve = destinations_of(accounts, egress, now), resolver(now)
    forwarder = forwarder_of(settings, sources, metrics, store, destinations, now, watch)
    given, waking = (settings, accounts, sources, metrics, store), Waking(store, works=part.works)
    indexer, reader, duties, gathering = _learning_of_orders(*given, destinations, forwarder, resolve, now)
    mapped = waking.by("due", _waking(forwarder, indexer))
    mapper, replays, retiring = _reading(*given, egress, resolve, duties, now, mapped)
    dependencies = Dependencies(
        store=store,
        sources=sources,
        accounts=frozenset(accounts),
        adapters=sources.carriers,
        intake=_intake(settings, part, waking, store, egress, mapper, now),
        tokens=tokens_of(settings),
        metrics=metrics,
        replay=mapper.replay,
        reread=mapper.replayer.shown,
        replaying=waking.by("replays", replays.wake, elsewhere=True),
        meaning=mapper.replayer.forget_meanings,
        wake=mapped,
        told=waking.by("orders", reader.wake),
        reopen=waking.by_account("reopen", accounts, forwarder.reopen),
        limit=forwarder.limit,
        look_back=waking.by_account("look-back", accounts, gathering.look_back),
        hooks=gathering.hooks,
        tail_of=tail_of,
        console=console_of(settings),
        hook_keys=hook_keys_of(settings),
        forwarding=forwarding_of(accounts),
        resolve=resolve,
        members=sources.members,
        heartbeat=lambda: running.beat_at if part.works else None,
        now=now,
        limits=limits_of(settings),
        trusted_proxies=tuple(settings.trusted_proxies),
        public_url=settings.public_url,
        tombstone_days=settings.tombstone_days,
        outages=Outages(store, now),
        data_folder=store.database.data_folder,
    )
    running = Relay(
        dependencies=dependencies,
        forwarder=forwarder,
        mapper=mapper,
        indexer=indexer,
        reader=reader,
        duties=duties,
        gathering=gathering,
        replays=replays,
        retiring=retiring,
    )
    return running


def _reading(  # noqa: PLR0913, PLR0917 - what the composition root has in hand
    settings: Settings,
    accounts: Mapping[str, Account],
    sources: Sources,
    metrics: Metrics,
    store: Store,
    egress: Egress,
    resolve: Callable[[Facts, Sequence[Candidate]], Resolution],
    duties: Duties,
    now: Callable[[], datetime],
    mapped: Callable[[], None],
) -> tuple[Mapper, BulkReplays, Retiring]:
    """Make those who read webhooks: when they come, and again; and the one who deletes what is old."""
    zones = {name: account.timezone for name, account in accounts.items()}
    errands = Errands(egress)
    mapper = Mapper(store, sources, metrics, resolve=resolve, zones=zones, errands=errands, now=now, mapped=mapped)
    replays = BulkReplays(store, mapper.replayer, duties, tuple(accounts), now=now, mapped=mapped, crowd=mapper.crowd)
    return mapper, replays, Retiring(store, duties, retention_of(settings), metrics, now=now)


def _waking(*workers: Forwarder | Indexer) -> Callable[[], None]:
    def wake() -> None:
        for worker in workers:
            worker.wake()

    return wake


def _learning_of_orders(  # noqa: PLR0913, PLR0917 - what the composition root has in hand
    settings: Settings,
    accounts: Mapping[str, Account],
    sources: Sources,
    metrics: Metrics,
    store: Store,
    destinations: Mapping[str, Destination],
    forwarder: Forwarder,
    resolve: Callable[[Facts, Sequence[Candidate]], Resolution],
    now: Callable[[], datetime],
) -> tuple[Indexer, OrderReader, Duties, Gathering]:
    """Make those who find out which orders there are, and read them."""
    asking = Asking(
        store,
        destinations,
        resolve=resolve,
        members=sources.members,
        now=now,
        first_read=lambda work, order: first_read(work, order, accounts[work.account], now()),
    )
    within = timedelta(days=settings.resolve_within_days)
    indexer = Indexer(asking, resolve=resolve, members=sources.members, indexed=forwarder.wake, resolve_within=within)
    reader = OrderReader(asking, metrics, indexed=forwarder.wake, number_within=within)

    duties = Duties(store, now)
    hooks = HookPlan(base=settings.public_url, keys=hook_keys_of(settings))
    gathering = Gathering(store, destinations, duties, metrics, now=now, told=reader.wake, hooks=hooks)
    return indexer, reader, duties, gathering


def _intake(
    settings: Settings,
    part: Part,
    waking: Waking,
    store: Store,
    egress: Egress,
    mapper: Mapper,
    now: Callable[[], datetime],
) -> Intake:
    found = waking.by("stored", mapper.wake)
    here = part.works

    def stored(webhook_id: int, source: Source, webhook: Webhook) -> None:
        if here:
            mapper.stored(webhook_id, source, webhook)
        else:
            found()

    return Intake(
        store,
        Keyring(egress, now),
        now=now,
        stored=stored,
        ledger=timedelta(days=settings.ledger_days),
        held=HELD if here and store.is_shared else None,
        crowd=mapper.crowd,
    )
