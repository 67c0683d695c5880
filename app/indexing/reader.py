"""Read the orders that VTEX told of, and index what they show.

Reads of different orders run side by side, so that a slow account keeps nobody else waiting; writes go first, since a
read takes at most half of what an account's gate gives free.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from app.calling import Destination, probe_every, reserving
from app.errors import StoreUnavailable
from app.indexing.asking import SCHEDULE, Answer, Asking, next_look
from app.retry import Patience, Trouble, next_try
from app.slots import Offer, Slots
from app.store import AccountChange, ClaimedOrder, ClaimOrders, OrderShown, SettleOrder, next_order
from app.telemetry import Metrics, log_event
from app.worker import POLL_SECONDS, Crew

__all__ = ["OrderReader"]

logger = logging.getLogger(__name__)

_SLOTS: Final = 16
_AFTER_OURS: Final = timedelta(minutes=5)
"""When an order is read again on which the relay itself failed."""


class OrderReader(Crew):
    """Work on the queue of orders, several at a time."""

    def __init__(
        self,
        asking: Asking,
        metrics: Metrics,
        *,
        indexed: Callable[[], None],
        number_within: timedelta = timedelta(days=15),
        slots: int = _SLOTS,
    ) -> None:
        """Call ``indexed`` when parked events found their shipment; wait ``number_within`` for a tracking number."""
        super().__init__("orders", asking.now)
        self._asking = asking
        self._store = asking.store
        self._now = asking.now
        self._metrics = metrics
        self._indexed = indexed
        self._number_within = number_within
        self._slots = Slots(slots, asking.destinations)

    async def step(self) -> float:
        """Start the reads that are due; return how long there is nothing to do."""
        claimed = await self._claim()
        for claim in claimed:
            self._begin(claim)
        return 0.0 if claimed else await self._pause()

    async def _claim(self) -> list[ClaimedOrder]:
        now = self._now()
        offer = self._offer(now)
        if not offer.free:
            return []
        destinations = self._asking.destinations
        claim = ClaimOrders(
            free=offer.free,
            slots=offer.slots,
            later_slots=offer.kept,
            lease={name: destinations[name].lease for name in offer.free},
            probe_every={name: probe_every(destinations[name].account) for name in offer.free},
            now=now,
            limits={name: destinations[name].limit for name in offer.free} if self._store.is_shared else {},
        )
        with reserving(destinations, offer.free):
            claimed = await self._store.write(claim)
            for each in claimed:
                destinations[each.account].gate.enter()
        self._slots.take(offer, [each.account for each in claimed])
        return claimed

    def _offer(self, now: datetime) -> Offer:
        """Say what may be read now: half of what each account's gate lets through, since writes go first."""
        return self._slots.offer(lambda account: (self._asking.destinations[account].gate.free(now) + 1) // 2)

    async def _pause(self) -> float:
        """Say how long to sleep unless woken: until an order is due or a gate opens."""
        now = self._now()
        destinations = self._asking.destinations
        times = [at for each in destinations.values() if (at := each.gate.opens_at(now)) is not None]
        if free := list(self._offer(now).free):
            due = await self._store.read(lambda connection: next_order(connection, free))
            times += [due] if due is not None else []
        await self._wait_for_others(now)
        seconds = (min(times) - now).total_seconds() if times else POLL_SECONDS
        # What is due and was not claimed just now hangs on others' calls: looking again at once would not help.
        return max(0.05, seconds)

    async def _wait_for_others(self, now: datetime) -> None:
        """Have places told of that others give back, where an order is due that finds none."""
        destinations = self._asking.destinations
        taken = [name for name, destination in destinations.items() if destination.gate.is_taken(now)]
        if not taken:
            return
        due = await self._store.read(lambda connection: next_order(connection, taken))
        if due is None or due > now:
            return
        for name in taken:
            destinations[name].gate.when_given_back(self.wake)
        if not all(destinations[name].gate.is_taken(now) for name in taken):
            # One was given back while the store was asked.
            self.wake()

    def _begin(self, claim: ClaimedOrder) -> None:
        destination = self._asking.destinations[claim.account]
        about = f"{claim.account}-{claim.order_id}"
        self.start(self._read(destination, claim), about=about, ended=partial(self._give_back, destination))

    def _give_back(self, destination: Destination) -> None:
        self._slots.give_back(destination.account.name)
        destination.gate.leave()

    async def _read(self, destination: Destination, claim: ClaimedOrder) -> None:
        now, gate = self._now(), destination.gate
        too_late = now + destination.account.request_timeout > claim.deadline
        is_closed = gate.closed_until is not None and now < gate.closed_until and not claim.probe
        if too_late or is_closed:
            await self._store.write(_settlement(claim, now, again_at=now, reason=None, spends=False))
            return
        answer = await self._asking.ask(claim.account, claim.order_id, probe=claim.probe)
        try:
            shown = self._asking.shown(claim.account, answer)
            settle = self._shown(claim, answer, shown) if shown is not None else self._not_shown(claim, answer)
            woken = await self._store.write(settle)
        except StoreUnavailable:
            raise
        except Exception as error:
            logger.exception("an order could not be indexed", extra={"account": claim.account})
            again_at, reason = self._now() + _AFTER_OURS, f"the relay failed on it: {error!r}"
            settle = _settlement(claim, self._now(), again_at=again_at, reason=reason)
            woken = await self._store.write(settle)
        if woken:
            self._indexed()
        self._report(claim, answer, settle, woken)

    def _shown(self, claim: ClaimedOrder, answer: Answer, shown: OrderShown) -> SettleOrder:
        now = self._now()
        since = shown.invoiced_at or claim.told_at
        again_at = next_look(since, now, within=self._number_within) if shown.incomplete else None
        certain_at = self._certain_at(claim, answer)
        return SettleOrder(
            account=claim.account,
            order_id=claim.order_id,
            claimed=claim,
            shown=shown,
            again_at=again_at if certain_at is None else max(certain_at, now),
            again_urgent=certain_at is not None,
            change=answer.change,
            now=now,
        )

    def _certain_at(self, claim: ClaimedOrder, answer: Answer) -> datetime | None:
        """Say from when on a read shows the change that was told, None when this one did: reads may lag writes."""
        if claim.changed_at is None or answer.order is None:
            return None
        certain_at = claim.changed_at + self._asking.destinations[claim.account].account.read_lag
        shows_it = answer.order.changed_at is not None and answer.order.changed_at >= claim.changed_at
        return None if shows_it or answer.asked_at >= certain_at else certain_at

    def _not_shown(self, claim: ClaimedOrder, answer: Answer) -> SettleOrder:
        """Ask again: soon where that may help, seldom where VTEX has no such order, and not for ever."""
        now, account = self._now(), self._asking.destinations[claim.account].account
        answered, words = answer.answered, answer.answered.detail
        if answer.change is not None and answer.change.state in {"paused", "held"}:
            return _settlement(claim, now, again_at=answer.change.until, spends=False, change=answer.change)
        if answer.is_missing:
            again_at = now + SCHEDULE[claim.tries] if claim.tries < len(SCHEDULE) else None
            reason = f"VTEX has no such order: {words}" if words else "VTEX has no such order"
        else:
            asked = timedelta(seconds=answered.retry_after) if answered.retry_after is not None else None
            trouble = Trouble(attempts=claim.tries, since=claim.failing_since, retry_after=asked)
            again_at = next_try(trouble, Patience(base=account.retry_base), now=now, jitter=answer.jitter)
            reason = f"VTEX did not show it: {answered.status or ''} {words or ''}".strip()
        return _settlement(claim, now, again_at=again_at, reason=reason, change=answer.change)

    def _report(self, claim: ClaimedOrder, answer: Answer, settled: SettleOrder, woken: int) -> None:
        self._metrics.order_read(claim.account, answer.answered.outcome.value)
        log_event(
            logger,
            "order.read",
            account=claim.account,
            order_id=claim.order_id,
            source=claim.source,
            outcome=answer.answered.outcome.value,
            status=answer.answered.status,
            packages=len(settled.shown.add.shipments) if settled.shown else None,
            incomplete=settled.shown.incomplete if settled.shown else None,
            woken=woken,
            again_at=settled.again_at,
            reason=settled.reason,
            seconds=round((self._now() - claim.told_at).total_seconds(), 3),
        )


def _settlement(
    claim: ClaimedOrder,
    now: datetime,
    *,
    again_at: datetime | None,
    reason: str | None = None,
    spends: bool = True,
    change: AccountChange | None = None,
) -> SettleOrder:
    """Settle a read that showed no order."""
    return SettleOrder(
        account=claim.account,
        order_id=claim.order_id,
        claimed=claim,
        shown=None,
        again_at=again_at,
        reason=reason,
        spends=spends,
        change=change,
        now=now,
    )
