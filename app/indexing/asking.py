"""Ask VTEX for an order within the account's gate and budget, and make of the answer what the store is to keep."""

import asyncio
import contextlib
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from app.calling import Destination, asked_to_wait, held, probe_every, reserving, tripped
from app.store import (
    AccountChange,
    AddOrder,
    Facts,
    IndexedShipment,
    OrderShown,
    Resolution,
    Seen,
    Store,
    TakeProbe,
    Work,
)
from app.store.accounts import account_states
from app.store.placement import Candidate
from app.vtex import Answered, Gate, Order, Outcome

__all__ = ["SCHEDULE", "Answer", "Asking", "next_look"]

SCHEDULE: Final = (
    timedelta(seconds=30),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
)
"""When to ask again for an order that is not there: it may be minutes late, seldom days."""

_CLAIM_SECONDS: Final = 1.0
"""How long claims are waited for that others make at the same time; they take moments."""
_FIRST_LOOK: Final = timedelta(minutes=10)
_LOOK_EVERY: Final = timedelta(days=1)
_UNFINISHED: Final = "invoiced"
_CANCELLED: Final = frozenset({"canceled", "cancelled", "cancel"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What asking for an order found out.

    Args:
        answered: How the call ended.
        order: The order that was asked for, None when there is none or it is not known.
        asked_at: When the call began: of what happened since then it says nothing.
        change: What its end does to the account.
        jitter: A number from -1 to 1, to spread what follows.

    """

    answered: Answered
    order: Order | None
    asked_at: datetime
    change: AccountChange | None
    jitter: float

    @property
    def is_missing(self) -> bool:
        """Tell whether VTEX says that there is no such order; another one's answer says so too."""
        return self.answered.outcome is Outcome.MISSING or (self.order is None and self.answered.order is not None)


class Asking:
    """Ask for orders, for whoever needs one."""

    def __init__(
        self,
        store: Store,
        destinations: Mapping[str, Destination],
        *,
        resolve: Callable[[Facts, Sequence[Candidate]], Resolution],
        members: Callable[[str], Sequence[str]],
        now: Callable[[], datetime],
        first_read: Callable[[Work, Order], Seen | None] = lambda _work, _order: None,
        jitter: Callable[[], float] = lambda: random.uniform(-1, 1),  # noqa: S311 - spreads retries, keeps no secret
    ) -> None:
        """Ask each account at its destination.

        Args:
            store: The open database.
            destinations: The accounts.
            resolve: Decides where parked subjects go when their shipment appears.
            members: The accounts among which an owner's shipments are sought.
            now: The time.
            first_read: Says what an order shows of a shipment, as the read before its first write would.
            jitter: Makes numbers from -1 to 1.

        """
        self.store = store
        self.destinations = destinations
        self.now = now
        self._resolve = resolve
        self._members = members
        self._first_read = first_read
        self._jitter = jitter

    async def allowed(self, account: str) -> bool | None:
        """Tell whether an account may be called now; None when only to find out whether it can be called again.

        What is told holds until the caller awaits something: who calls takes a place in the gate before that.
        """
        gate = self.destinations[account].gate
        # Parcels whose order is known go first.
        if not await self._spare(gate):
            return False
        with reserving(self.destinations, {account: 1}):
            states = await self.store.read(lambda connection: account_states(connection, [account]))
            calls = states[account].allows(self.now())
            if calls is not None:
                every = probe_every(self.destinations[account].account)
                probe = TakeProbe(account=account, every=every, now=self.now())
                return None if calls and await self.store.write(probe) else False
        # The place was kept, but the end of another call may have closed the gate meanwhile.
        return gate.free(self.now()) > 0

    async def _spare(self, gate: Gate) -> bool:
        """Tell whether a place is to spare, once it is known which of the places that are claimed for are needed."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLAIM_SECONDS):
                while not gate.spare(self.now()) and gate.reserved:
                    told = asyncio.Event()
                    gate.when_given_back(told.set)
                    await told.wait()
        return gate.spare(self.now()) > 0

    async def ask(self, account: str, order_id: str, *, probe: bool = False, named_by_vtex: bool = True) -> Answer:
        """Make the call; its place in the gate is the caller's to take.

        An order that only a carrier names may be anybody's: that its read is forbidden says nothing of the account.
        """
        destination = self.destinations[account]
        destination.gate.spend()
        asked_at = self.now()
        answered = await destination.client.get_order(order_id)
        jitter = self._jitter()
        forbidden = named_by_vtex and answered.outcome is Outcome.FORBIDDEN
        if answered.outcome is Outcome.APPLIED:
            destination.gate.welcomed(of="order")
        is_accounts = forbidden and destination.gate.forbidden(order_id, of="order")
        change = self._change(destination, answered, jitter, holds=is_accounts)
        if change is not None:
            destination.close(change)
        elif probe and answered.outcome is not Outcome.UNKNOWN:
            change = AccountChange(state="open")
        order = answered.order
        # VTEX also answers to the sequence number inside an id: that order is somebody else's.
        mine = order if order is not None and order.answers_to(order_id) else None
        return Answer(answered=answered, order=mine, asked_at=asked_at, change=change, jitter=jitter)

    def _change(
        self, destination: Destination, answered: Answered, jitter: float, *, holds: bool
    ) -> AccountChange | None:
        """Say what a call's end does to the account: a 403 is the order's trouble until another order meets it."""
        now, account = self.now(), destination.account
        too_many = destination.gate.record(failed=answered.outcome is Outcome.UNKNOWN)
        if holds or answered.outcome is Outcome.UNAUTHORISED:
            return held(account, answered, now)
        waits = asked_to_wait(account, answered, now, jitter=jitter)
        return waits or (tripped(account, now) if too_many else None)

    def shown(self, account: str, answer: Answer) -> OrderShown | None:
        """Make of an answer what the index is to keep, None when no order was shown."""
        order = answer.order
        if order is None:
            return None
        # An address that names no invoice number cannot be written to, and a return without a number leads nowhere.
        packages = [package for package in order.packages if package.is_output or package.tracking_numbers]
        issued = [package.issued_at for package in packages if package.is_output and package.issued_at is not None]
        return OrderShown(
            add=AddOrder(
                shipments=tuple(
                    IndexedShipment(
                        account=account,
                        order_id=order.order_id,
                        invoice_number=package.invoice_number,
                        tracking_numbers=package.tracking_numbers,
                        invoice_key=package.invoice_key,
                        courier=package.courier,
                        invoiced_at=package.issued_at,
                        sequence=order.sequence,
                        origin="order" if package.is_output else "return",
                    )
                    for package in packages
                ),
                resolve=self._resolve,
                members=self._members,
                ids=self.store.ids,
                now=self.now(),
            ),
            read_at=answer.asked_at,
            invoiced_at=max(issued, default=None),
            incomplete=_is_incomplete(order),
            first_read=partial(self._seen, order),
        )

    def _seen(self, order: Order, work: Work) -> Seen | None:
        return self._first_read(work, order)


def _is_incomplete(order: Order) -> bool:
    """Tell whether a tracking number is still to come: nobody may tell of it when it does."""
    if (order.status or "").lower() in _CANCELLED:
        return False
    outgoing = [package for package in order.packages if package.is_output]
    if not outgoing:
        return order.status == _UNFINISHED
    return any(not package.tracking_numbers for package in outgoing)


def next_look(since: datetime, now: datetime, *, within: timedelta) -> datetime | None:
    """Return when to look again for a number that is to come: ever more seldom, each day at least, then not at all."""
    age = now - since
    return None if age >= within else now + min(max(age, _FIRST_LOOK), _LOOK_EVERY)
