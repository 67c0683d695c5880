"""What works behind the webhooks: readers, the forwarder, those who learn of orders, and what operators ask for."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.account import Account
from app.calling import Destination
from app.clock import ClockWatch
from app.crowd import Crowd
from app.duties import Duties
from app.egress import Egress
from app.errands import Errands
from app.forwarder import Forwarder, first_read
from app.gathering import Gathering, HookPlan, tail_of
from app.indexing import Asking, Indexer, OrderReader
from app.main.arrivals import Arrivals
from app.main.configured import hook_keys_of
from app.main.operating import accounts_of, console_of, forwarding_of, resolver_of, retention_of, tokens_of
from app.main.sending import destinations_of, forwarder_of
from app.main.waking import Waking
from app.main.working import working
from app.mapping import BulkReplays, Mapper
from app.resolution import resolver
from app.retention import Retiring
from app.settings import Settings
from app.source import Sources
from app.store import Candidate, Facts, Resolution, Store
from app.telemetry import Metrics
from app.web import Front, Part
from app.web.dependencies import Dependencies

__all__ = ["Opened", "Relay", "behind"]

_LOOKUPS: Final = 2
"""Connections for what is called beside the forwarder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """A running relay: what its web application needs, and who works behind it."""

    dependencies: Dependencies
    egress: Egress
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What is there already when the workers are made: everything that takes webhooks in."""

    settings: Settings
    part: Part
    front: Front
    arrivals: Arrivals
    crowd: Crowd
    watch: ClockWatch


@asynccontextmanager
async def behind(opened: Opened) -> AsyncIterator[Relay]:
    """Run the relay's workers and hand out what ordinary routes need; on leaving, drain."""
    settings, accounts = opened.settings, accounts_of(opened.settings)
    # A call that waits for a connection would spend its time, and its lease, without having been made.
    concurrency = max((account.concurrency for account in accounts.values()), default=1)
    async with Egress(connections=concurrency + _LOOKUPS, resolve=resolver_of(settings)) as egress:
        running = _compose(opened, accounts, egress)
        running.mapper.wake_apart(running.forwarder.wake, running.indexer.wake, running.forwarder.follow)
        running.forwarder.give_way(opened.crowd)
        # Before it looks at what is stored: it reads nothing twice.
        opened.arrivals.hand_to(running.mapper.stored)
        async with working(running, opened.front.metrics, settings, works=opened.part.works):
            yield running


def _compose(opened: Opened, accounts: Mapping[str, Account], egress: Egress) -> Relay:
    settings, front, now, watch = opened.settings, opened.front, opened.watch.now, opened.watch
    store, sources, metrics = front.store, front.sources, front.metrics
    destinations, resolve = destinations_of(accounts, egress, now), resolver(now)
    forwarder = forwarder_of(settings, sources, metrics, store, destinations, now, watch)
    given, waking = (settings, accounts, sources, metrics, store), Waking(store, works=opened.part.works)
    indexer, reader, duties, gathering = _learning_of_orders(*given, destinations, forwarder, resolve, now)
    mapped = waking.by("due", _waking(forwarder, indexer))
    mapper, replays, retiring = _reading(*given, egress, resolve, duties, now, mapped, opened.crowd)
    waking.by("stored", mapper.wake)
    dependencies = Dependencies(
        store=store,
        sources=sources,
        intake=front.intake,
        metrics=metrics,
        outages=front.outages,
        now=now,
        heartbeat=front.heartbeat,
        is_begun=front.is_begun,
        hook_keys=front.hook_keys,
        limits=front.limits,
        trusted_proxies=front.trusted_proxies,
        data_folder=front.data_folder,
        accounts=frozenset(accounts),
        adapters=sources.carriers,
        tokens=tokens_of(settings),
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
        forwarding=forwarding_of(accounts),
        resolve=resolve,
        members=sources.members,
        public_url=settings.public_url,
        tombstone_days=settings.tombstone_days,
    )
    return Relay(
        dependencies=dependencies,
        egress=egress,
        forwarder=forwarder,
        mapper=mapper,
        indexer=indexer,
        reader=reader,
        duties=duties,
        gathering=gathering,
        replays=replays,
        retiring=retiring,
    )


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
    crowd: Crowd,
) -> tuple[Mapper, BulkReplays, Retiring]:
    """Make those who read webhooks: when they come, and again; and the one who deletes what is old."""
    zones = {name: account.timezone for name, account in accounts.items()}
    errands = Errands(egress)
    mapper = Mapper(
        store,
        sources,
        metrics,
        resolve=resolve,
        zones=zones,
        errands=errands,
        now=now,
        mapped=mapped,
        crowd=crowd,
    )
    replays = BulkReplays(store, mapper.replayer, duties, tuple(accounts), now=now, mapped=mapped, crowd=crowd)
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
