"""List an account's orders of the past: the backfills that people asked for, and the relay's own sweeps."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from app.duties import Duties
from app.gathering.calls import Calls
from app.gathering.slicing import LIST_LAG, MOST, halves, last_page, query_of
from app.store import (
    AdvanceBackfill,
    Backfill,
    BackfillProgress,
    BeginSweep,
    HinderBackfill,
    Slice,
    Store,
    TellOrders,
    TellPage,
    ToldOrder,
)
from app.store.backfills import next_backfill
from app.store.reads_left import waiting_reads
from app.telemetry import Metrics, log_event
from app.vtex import PER_PAGE, Answered, OrderPage, Outcome

__all__ = ["Backfiller", "SweepPlan"]

logger = logging.getLogger(__name__)

_STANDBY_SECONDS: Final = 5.0
_BACKLOG: Final = 5000
"""With so many orders waiting to be read nothing more is listed: a backfill that is cancelled then ends soon."""
_BACKLOG_SECONDS: Final = 1.0
_REPEATS: Final = 3
"""How often a slice is listed when VTEX shows fewer orders than it counts, or counts differently from page to page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepPlan:
    """When an account is swept.

    Args:
        every: The time between the beginnings of two sweeps; None for never.
        first: How far the first one looks back.
        overlap: How far each further one looks behind the end of the one before: orders may be listed hours late.

    """

    every: timedelta | None
    first: timedelta = timedelta(days=2)
    overlap: timedelta = timedelta(hours=6)


@dataclass(slots=True)
class _Listing:
    """A slice while its pages are read; it is begun anew when anything about its backfill changes."""

    backfill_id: int
    step: int
    slice_: Slice
    page: int = 1
    total: int = 0
    moved: bool = False
    repeats: int = 0
    shown: set[str] = field(default_factory=set)

    def repeat(self) -> None:
        self.page, self.repeats, self.moved = 1, self.repeats + 1, False
        self.shown.clear()


class Backfiller:
    """The one who looks back over an account's orders, among all processes."""

    def __init__(
        self,
        account: str,
        store: Store,
        calls: Calls,
        duties: Duties,
        metrics: Metrics,
        *,
        now: Callable[[], datetime],
        told: Callable[[], None],
        sweep: SweepPlan,
    ) -> None:
        """Call ``told`` when there are orders to read."""
        self._account = account
        self._store = store
        self._calls = calls
        self._duties = duties
        self._metrics = metrics
        self._now = now
        self._told = told
        self._sweep = sweep
        self._sweep_at = self._not_before = now()
        self._listing: _Listing | None = None

    async def step(self) -> float:
        """List one page, if there is something to list; return how long to rest."""
        now = self._now()
        if now < self._not_before:
            return (self._not_before - now).total_seconds()
        if not await self._duties.keep(f"backfill:{self._account}"):
            self._listing = None
            return _STANDBY_SECONDS
        await self._begin_sweep(now)
        backfill = await self._store.read(lambda connection: next_backfill(connection, self._account))
        if backfill is None or (backfill.resume_at is not None and backfill.resume_at > now):
            return _STANDBY_SECONDS
        waiting = await self._store.read(lambda c: waiting_reads(c, self._account, now, _BACKLOG))
        if waiting >= _BACKLOG:
            return _BACKLOG_SECONDS
        if (wait := await self._calls.wait()) > 0:
            return wait
        return await self._list(backfill)

    async def _begin_sweep(self, now: datetime) -> None:
        if self._sweep.every is None or now < self._sweep_at:
            return
        self._sweep_at = await self._store.write(
            BeginSweep(
                account=self._account,
                every=self._sweep.every,
                first=self._sweep.first,
                overlap=self._sweep.overlap,
                id=self._store.ids.next(),
                now=now,
            )
        )

    async def _list(self, backfill: Backfill) -> float:
        listing = self._listing
        if listing is None or (listing.backfill_id, listing.step) != (backfill.id, backfill.step):
            listing = _Listing(backfill_id=backfill.id, step=backfill.step, slice_=backfill.slices[-1])
            self._listing = listing
        query, page = query_of(listing.slice_), listing.page
        read = await self._calls.make("list", lambda client: client.list_orders(query, page), lambda r: r.answered)
        if read.found is None:
            return await self._hindered(backfill, read.answered)
        listing.moved |= page > 1 and read.found.total != listing.total
        listing.total = read.found.total
        # A count that the first page does not bear out would be parted without end.
        is_many = listing.total > MOST and len(read.found.orders) > PER_PAGE // 2
        if page == 1 and is_many and (parts := halves(listing.slice_)):
            await self._advance(backfill, BackfillProgress(slices=(*backfill.slices[:-1], *parts)), listing, ())
            return 0.0
        return await self._take(backfill, listing, read.found)

    async def _take(self, backfill: Backfill, listing: _Listing, page: OrderPage) -> float:
        """Tell the orders of a page; with the last one, write down that the slice is done."""
        listing.shown |= {order.order_id for order in page.orders}
        told = tuple(ToldOrder(order_id=order.order_id, state=order.status) for order in page.orders)
        is_last = not told or listing.page >= last_page(listing.total)
        lacks = max(0, listing.total - len(listing.shown))
        is_whole = not (lacks or listing.moved)
        if is_last and (is_whole or listing.repeats + 1 >= _REPEATS):
            if lacks:
                log_event(logger, "backfill.unlisted", level=logging.WARNING, account=self._account, orders=lacks)
            progress = BackfillProgress(slices=backfill.slices[:-1], told=len(listing.shown), unlisted=lacks)
            await self._advance(backfill, progress, listing, told)
        else:
            await self._tell_page(backfill, listing, told)
            if is_last:
                listing.repeat()
            else:
                listing.page += 1
        self._metrics.orders_told(self._account, self._source(backfill), len(told))
        self._told()
        return self._rest(len(told) / backfill.rate) if told and backfill.rate is not None else 0.0

    async def _tell_page(self, backfill: Backfill, listing: _Listing, told: tuple[ToldOrder, ...]) -> None:
        page = TellPage(
            id=backfill.id,
            step=backfill.step,
            listed=0 if _is_tail(backfill) else len(listing.shown),
            expected=listing.total if backfill.expected is None else backfill.expected,
            telling=self._telling(backfill, told),
        )
        if not await self._store.write(page):
            self._listing = None  # It was paused, cancelled, or another process lists it.

    async def _advance(
        self, backfill: Backfill, progress: BackfillProgress, listing: _Listing, told: tuple[ToldOrder, ...]
    ) -> None:
        """Write progress down; where nothing is left but to repeat the end, come back for that."""
        self._listing = None
        progress = replace(
            progress,
            told=0 if _is_tail(backfill) else progress.told,
            expected=listing.total if backfill.expected is None else backfill.expected,
            tail_since=backfill.tail_since,
            resume_at=backfill.resume_at,
        )
        if not progress.slices and backfill.tail_since is not None:
            tail = Slice(since=backfill.tail_since, until=backfill.until)
            progress = replace(progress, slices=(tail,), tail_since=None, resume_at=backfill.until + LIST_LAG)
        await self._store.write(
            AdvanceBackfill(
                id=backfill.id,
                step=backfill.step,
                progress=progress,
                telling=self._telling(backfill, told),
                now=self._now(),
            )
        )

    def _telling(self, backfill: Backfill, told: tuple[ToldOrder, ...]) -> TellOrders | None:
        if not told:
            return None
        # Somebody who asks may have written numbers into packages since they were read.
        read_before = backfill.created_at if backfill.kind == "asked" else None
        source = self._source(backfill)
        return TellOrders(account=self._account, told=told, source=source, now=self._now(), read_before=read_before)

    @staticmethod
    def _source(backfill: Backfill) -> str:
        return "sweep" if backfill.kind == "sweep" else "backfill"

    async def _hindered(self, backfill: Backfill, answered: Answered) -> float:
        problem = _problem(answered)
        if problem != backfill.problem:
            log_event(logger, "backfill.hindered", level=logging.WARNING, account=self._account, problem=problem)
            await self._store.write(HinderBackfill(id=backfill.id, problem=problem))
        return self._rest(self._calls.after_failure(answered))

    def _rest(self, seconds: float) -> float:
        self._not_before = self._now() + timedelta(seconds=seconds)
        return seconds


def _is_tail(backfill: Backfill) -> bool:
    """Tell whether only the end is listed again, whose orders were counted already."""
    return backfill.resume_at is not None


def _problem(answered: Answered) -> str:
    if answered.outcome is Outcome.FORBIDDEN:
        return "the key lacks the permission List Orders"
    if answered.status is None:
        return f"VTEX did not answer: {answered.detail}"
    return f"VTEX answered {answered.status}: {answered.detail}"
