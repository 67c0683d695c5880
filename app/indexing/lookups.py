"""From parked events to the orders that their references name."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from app.indexing.asking import SCHEDULE, Answer, Asking, next_look
from app.store import (
    ClaimLookups,
    ExpireParked,
    Facts,
    FinishLookup,
    Lookup,
    RelateOrder,
    Resolution,
    SettleOrder,
    SettleOrders,
)
from app.store.lookups import next_lookup
from app.store.placement import Candidate
from app.store.sweeping import PlaceParked, sweep
from app.worker import POLL_SECONDS, Crew

__all__ = ["Indexer"]

logger = logging.getLogger(__name__)

_SLOTS: Final = 16
_MOST: Final = 8
"""Look-ups at once, in all and of one owner; where all slots are taken, an owner without any still gets one."""
_AT_ONCE: Final = 4
_FAILED_MOST: Final = timedelta(hours=1)
_LEASE: Final = timedelta(seconds=60)
_SWEPT: Final = 50
_SWEEP_EVERY: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wait:
    """Why it is not known whether an account has an order; ``called`` says that it was asked."""

    reason: str
    called: bool


class Indexer(Crew):
    """Look up the orders of parked events, and index what VTEX shows of them."""

    def __init__(
        self,
        asking: Asking,
        *,
        resolve: Callable[[Facts, Sequence[Candidate]], Resolution],
        members: Callable[[str], Sequence[str]],
        indexed: Callable[[], None],
        resolve_within: timedelta = timedelta(days=15),
    ) -> None:
        """Call ``indexed`` when parked events found their shipment."""
        super().__init__("indexing", asking.now)
        self._asking = asking
        self._store = asking.store
        self._now = asking.now
        self._resolve = resolve
        self._members = members
        self._indexed = indexed
        self._resolve_within = resolve_within
        self._swept = 0
        self._sweep_at = asking.now()
        self._in_flight: Counter[str] = Counter()

    async def step(self) -> float:
        """Sweep now and then, and start the look-ups that are due; return how long there is nothing to do."""
        await self._sweep()
        without = self._busy()
        claim = ClaimLookups(limit=self._most(), lease=_LEASE, now=self._now(), without=without)
        # Nothing but reads follows: what a power cut took is looked up again.
        claimed = await self._store.write(claim, lasting=False)
        for lookup in claimed:
            self._in_flight[lookup.owner] += 1
            self.start(
                self._look_up(lookup), about=str(lookup.subject_id), ended=partial(self._give_back, lookup.owner)
            )
        if claimed:
            return 0.0
        due = await self._store.read(lambda connection: next_lookup(connection, without))
        return (due - self._now()).total_seconds() if due is not None else POLL_SECONDS

    def _most(self) -> int:
        return max(1, min(_AT_ONCE, _SLOTS - self.running))

    def _busy(self) -> list[str]:
        """List the owners that have all they may: nobody waits for the slow calls of others."""
        most = _MOST if self.running < _SLOTS else 1
        return sorted(owner for owner, count in self._in_flight.items() if count >= most)

    def _give_back(self, owner: str) -> None:
        self._in_flight[owner] -= 1

    async def _sweep(self) -> None:
        """Give up on subjects that waited for too long, and look at a few others again, now and then."""
        if self._now() < self._sweep_at:
            return
        self._sweep_at = self._now() + _SWEEP_EVERY
        await self._store.write(ExpireParked(before=self._now() - self._resolve_within, now=self._now()))
        after, resolve, members = self._swept, self._resolve, self._members
        found = await self._store.read(
            lambda connection: sweep(connection, after=after, limit=_SWEPT, resolve=resolve, members=members)
        )
        self._swept = found.after
        for id_ in found.placeable:
            placed = PlaceParked(subject_id=id_, resolve=resolve, members=members, now=self._now())
            if await self._store.write(placed):
                self._indexed()

    async def _look_up(self, lookup: Lookup) -> None:
        """Ask each account for each order that the references name, until one knows it; no member waits for another."""
        members = self._members(lookup.owner)
        answers = await asyncio.gather(*(self._ask_member(account, lookup) for account in members))
        found = [(account, answer) for account, (answer, _) in zip(members, answers, strict=True) if answer is not None]
        waits = [wait for _, member_waits in answers for wait in member_waits]
        await self._learn(lookup, found)
        nothing = None if found else "VTEX shows no package that fits its references"
        await self._store.write(
            FinishLookup(
                subject_id=lookup.subject_id,
                again_at=self._again_at(lookup, waits),
                reason=waits[0].reason if waits else nothing,
                counts=not waits,
            )
        )

    async def _ask_member(self, account: str, lookup: Lookup) -> tuple[Answer | None, list[_Wait]]:
        """Ask one account; return the answer that shows the order, else what kept it from answering."""
        waits: list[_Wait] = []
        for order_id in _orders(lookup):
            found = await self._ask(account, order_id)
            if isinstance(found, Answer):
                return found, waits
            waits += [found] if found is not None else []
        return None, waits

    async def _learn(self, lookup: Lookup, found: Sequence[tuple[str, Answer]]) -> None:
        """Index orders, and remember their own ids where the carrier knows them by others."""
        if not found:
            return
        settled = tuple(self._settlement(account, answer) for account, answer in found)
        if await self._store.write(SettleOrders(orders=settled)):
            self._indexed()
        for order_id in dict.fromkeys(settle.order_id for settle in settled):
            if order_id in _orders(lookup):
                continue
            related = RelateOrder(
                subject_id=lookup.subject_id,
                order_id=order_id,
                resolve=self._resolve,
                members=self._members,
                now=self._now(),
            )
            if await self._store.write(related):
                self._indexed()

    def _again_at(self, lookup: Lookup, waits: Sequence[_Wait]) -> datetime | None:
        """Ask again ever more seldom: what fails for as long as the subject waits, what found nothing a few times."""
        now = self._now()
        if any(wait.called for wait in waits):
            return now + min(max(SCHEDULE[0], (now - lookup.since) / 4), _FAILED_MOST)
        if waits:
            return now + SCHEDULE[0]
        return now + SCHEDULE[lookup.lookups] if lookup.lookups < len(SCHEDULE) else None

    async def _ask(self, account: str, order_id: str) -> Answer | _Wait | None:
        """Return the answer that shows the order, None when there is none, or why that is not known."""
        asking = self._asking
        if account not in asking.destinations:
            return None  # It was taken out of the settings.
        allowed = await asking.allowed(account)
        if allowed is False:
            return _Wait(reason=f"{account} may not be called now", called=False)
        gate = asking.destinations[account].gate
        gate.enter()
        try:
            answer = await asking.ask(account, order_id, probe=allowed is None, named_by_vtex=False)
        finally:
            gate.leave()
        if answer.order is None and answer.change is not None:
            await self._store.write(self._settlement(account, answer, order_id))
        if answer.is_missing:
            return None
        if answer.order:
            return answer
        why = answer.answered.status or answer.answered.detail
        return _Wait(reason=f"{account} did not answer: {why}", called=True)

    def _settlement(self, account: str, answer: Answer, order_id: str = "") -> SettleOrder:
        """Index what an answer shows, and keep what its end did to the account."""
        shown, now = self._asking.shown(account, answer), self._now()
        again_at = None
        if shown is not None and shown.incomplete and shown.invoiced_at is not None:
            again_at = next_look(shown.invoiced_at, now, within=self._resolve_within)
        return SettleOrder(
            account=account,
            order_id=answer.order.order_id if answer.order else order_id,
            claimed=None,
            shown=shown,
            again_at=again_at,
            change=answer.change,
            now=now,
        )


def _orders(lookup: Lookup) -> list[str]:
    """List the ids by which a subject's order may be known, best first."""
    references = lookup.facts.references
    named = (references.order_id, *references.alternative_order_ids, *lookup.facts.derived.order_ids)
    return [str(order) for order in named if order]
