"""From VTEX's orders to the index, and from parked events to the orders that their references name."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from app.errors import StoreUnavailable
from app.store import (
    AddOrder,
    ClaimLookups,
    ExpireParked,
    Facts,
    FinishLookup,
    IndexedShipment,
    Lookup,
    RelateOrder,
    Resolution,
    Store,
)
from app.store.accounts import account_states
from app.store.lookups import next_lookup
from app.store.placement import Candidate
from app.store.sweeping import PlaceParked, sweep
from app.telemetry import log_event
from app.vtex import Client, Gate, Order, Outcome

__all__ = ["Indexer"]

logger = logging.getLogger(__name__)

_BATCH: Final = 16
_POLL_SECONDS: Final = 5.0
_LEASE: Final = timedelta(seconds=60)
_SCHEDULE: Final = (
    timedelta(seconds=30),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
)
"""When to ask again for an order that is not there: it may be minutes late, seldom days."""

_SWEPT: Final = 50
_SWEEP_EVERY: Final = timedelta(seconds=5)

_CLOSES: Final = frozenset({Outcome.NOT_APPLIED, Outcome.UNAUTHORISED})
"""What says that no other call of the account would fare better now."""


class Indexer:
    """Look up the orders of parked events, and index every order that VTEX shows."""

    def __init__(
        self,
        store: Store,
        clients: Mapping[str, tuple[Client, Gate]],
        *,
        resolve: Callable[[Facts, Sequence[Candidate]], Resolution],
        members: Callable[[str], Sequence[str]],
        now: Callable[[], datetime],
        indexed: Callable[[], None],
        resolve_within: timedelta = timedelta(days=15),
    ) -> None:
        """Call ``indexed`` when parked events found their shipment."""
        self._store = store
        self._clients = clients
        self._resolve = resolve
        self._members = members
        self._now = now
        self._indexed = indexed
        self._resolve_within = resolve_within
        self._wake = asyncio.Event()
        self._stopping = False
        self._swept = 0
        self._sweep_at = now()
        self.beat_at = now()

    def wake(self) -> None:
        """Look for due look-ups now."""
        self._wake.set()

    def stop(self) -> None:
        """Finish the look-ups at hand and return from `run`."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Look up until `stop`."""
        while not self._stopping:
            self._wake.clear()
            self.beat_at = self._now()
            try:
                claimed = await self._store.write(ClaimLookups(limit=_BATCH, lease=_LEASE, now=self._now()))
                await asyncio.gather(*(self._look_up(lookup) for lookup in claimed))
                if not claimed:
                    await self._store.write(ExpireParked(before=self._now() - self._resolve_within, now=self._now()))
                    await self._sweep()
                    await self._sleep()
            except StoreUnavailable as error:
                log_event(logger, "indexing.store-unavailable", level=logging.ERROR, error=error)
                await asyncio.sleep(1.0)

    async def _sweep(self) -> None:
        """Look at a few parked subjects again, now and then."""
        if self._now() < self._sweep_at:
            return
        self._sweep_at = self._now() + _SWEEP_EVERY
        after, resolve, members = self._swept, self._resolve, self._members
        found = await self._store.read(
            lambda connection: sweep(connection, after=after, limit=_SWEPT, resolve=resolve, members=members)
        )
        self._swept = found.after
        for id_ in found.placeable:
            placed = PlaceParked(subject_id=id_, resolve=resolve, members=members, now=self._now())
            if await self._store.write(placed):
                self._indexed()

    async def _sleep(self) -> None:
        due = await self._store.read(next_lookup)
        seconds = (due - self._now()).total_seconds() if due is not None else _POLL_SECONDS
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(max(0.0, seconds), _POLL_SECONDS)):
                await self._wake.wait()

    async def _look_up(self, lookup: Lookup) -> None:
        """Ask each account for each order that the references name, until one knows it."""
        references = lookup.facts.references
        orders = [order for order in (references.order_id, *references.alternative_order_ids) if order]
        waits: list[str] = []
        for account in self._members(lookup.owner):
            for order_id in orders:
                found = await self._ask(account, order_id)
                if isinstance(found, Order):
                    await self._learn(account, lookup, found)
                    break
                waits += [found] if found is not None else []
        await self._store.write(
            FinishLookup(
                subject_id=lookup.subject_id,
                again_at=self._again_at(lookup, failed=bool(waits)),
                reason=waits[0] if waits else "VTEX shows no package that fits its references",
                counts=not waits,
            )
        )

    async def _learn(self, account: str, lookup: Lookup, order: Order) -> None:
        """Index an order, and remember its own id where the carrier knows it by another."""
        await self.index(account, order)
        references = lookup.facts.references
        if order.order_id not in {references.order_id, *references.alternative_order_ids}:
            related = RelateOrder(
                subject_id=lookup.subject_id,
                order_id=order.order_id,
                resolve=self._resolve,
                members=self._members,
                now=self._now(),
            )
            if await self._store.write(related):
                self._indexed()

    def _again_at(self, lookup: Lookup, *, failed: bool) -> datetime | None:
        """Ask soon again after a failed look-up; after one that found nothing ever more seldom, then not at all."""
        if failed:
            return self._now() + _SCHEDULE[0]
        return self._now() + _SCHEDULE[lookup.lookups] if lookup.lookups < len(_SCHEDULE) else None

    async def _ask(self, account: str, order_id: str) -> Order | str | None:
        """Return the order, None when there is none, or why that is not known."""
        if account not in self._clients:
            return None  # It was taken out of the settings.
        client, gate = self._clients[account]
        states = await self._store.read(lambda connection: account_states(connection, [account]))
        if gate.free(self._now()) <= 0 or states[account].allows(self._now()) == 0:
            return f"{account} may not be called now"
        gate.enter()
        try:
            gate.spend()
            answered = await client.get_order(order_id)
        finally:
            gate.leave()
        if answered.outcome is Outcome.MISSING:
            return None
        if answered.order is None:
            if answered.outcome in _CLOSES:
                wait = timedelta(seconds=answered.retry_after) if answered.retry_after is not None else _SCHEDULE[0]
                gate.close(self._now() + wait, asked=answered.outcome is Outcome.NOT_APPLIED)
            return f"{account} did not answer: {answered.status or answered.detail}"
        # VTEX also answers to the sequence number inside an id: that order is somebody else's.
        return answered.order if answered.order.answers_to(order_id) else None

    async def index(self, account: str, order: Order) -> int:
        """Index the packages of an order that was read; return how many parked subjects found their shipment."""
        packages = [package for package in order.packages if package.is_output or package.tracking_numbers]
        woken = await self._store.write(
            AddOrder(
                shipments=tuple(
                    IndexedShipment(
                        account=account,
                        order_id=order.order_id,
                        invoice_number=package.invoice_number,
                        tracking_numbers=package.tracking_numbers,
                        invoice_key=package.invoice_key,
                        courier=package.courier,
                        invoiced_at=package.issued_at,
                        origin="order" if package.is_output else "return",
                    )
                    for package in packages
                ),
                resolve=self._resolve,
                members=self._members,
                ids=self._store.ids,
                now=self._now(),
            )
        )
        if woken:
            self._indexed()
        return woken
