"""The reads of orders that were told of: claim what is due, and settle what a read found.

``due_at`` works as it does for shipments: the end of the lease while somebody reads, so that a read whose process
vanished becomes due by itself. What is told during a read is read again after it.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, case, insert, literal, select, update

from app.store import dialect
from app.store.accounts import AccountChange, AccountState, account_states, change_account, postpone
from app.store.columns import Instant
from app.store.index import AddOrder
from app.store.load import load_work
from app.store.schema import attempts, orders, rows, shipments
from app.store.settling import accept
from app.store.turns import in_turn
from app.store.work import Seen, Work

__all__ = ["ClaimOrders", "ClaimedOrder", "OrderShown", "SettleOrder", "next_order"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedOrder:
    """An order that one reader alone reads until ``deadline``.

    Args:
        tries: Reads since it was told that found no order, and since when they do not.
        tellings: How often it had been told; more of them when it is settled means that it changed meanwhile.
        probe: The account could not be called before; this read finds out whether it can again.

    """

    account: str
    order_id: str
    source: str
    state: str | None
    told_at: datetime
    changed_at: datetime | None
    tries: int
    failing_since: datetime | None
    tellings: int
    lease: str
    deadline: datetime
    probe: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimOrders:
    """Take due orders, fairly over accounts: those told as they happen first, and always some that are looked back on.

    Args:
        free: How many calls each account may start now, the account whose turn it is first; others are not claimed.
        slots: How many orders to take at most.
        later_slots: How many of ``slots`` are kept for orders that are looked back on while any are due.
        lease: How long the reader has, by account.
        probe_every: How often an account that cannot be called is called all the same, to see whether it can again.
        now: The time.

    """

    free: Mapping[str, int]
    slots: int
    later_slots: int
    lease: Mapping[str, timedelta]
    probe_every: Mapping[str, timedelta]
    now: datetime

    def run(self, connection: Connection) -> list[ClaimedOrder]:
        """Take those that wait longest, account by account."""
        states = account_states(connection, list(self.free))
        allowed = {name: states[name].allows(self.now) for name in self.free}
        free = {
            name: count if (most := allowed[name]) is None else min(count, most) for name, count in self.free.items()
        }
        taken = self._fair(connection, free, urgent=False, limit=min(self.later_slots, self.slots), without=[])
        taken += self._fair(connection, free, urgent=True, limit=self.slots - len(taken), without=taken)
        taken += self._fair(connection, free, urgent=False, limit=self.slots - len(taken), without=taken)
        claimed = []
        for account, order_id in taken:
            probe = allowed[account] is not None
            if probe:
                postpone(connection, account, self.now + self.probe_every[account])
            claimed.append(self._claim(connection, account, order_id, probe=probe))
        return claimed

    def _fair(
        self,
        connection: Connection,
        free: Mapping[str, int],
        *,
        urgent: bool,
        limit: int,
        without: Sequence[tuple[str, str]],
    ) -> list[tuple[str, str]]:
        if limit <= 0:
            return []
        waiting: list[list[tuple[str, str]]] = []
        for account, count in free.items():
            taken = [order_id for name, order_id in without if name == account]
            if count > len(taken):
                due = (
                    select(orders.c.order_id)
                    .where(
                        orders.c.account == account,
                        orders.c.urgent.is_(urgent),
                        orders.c.due_at <= self.now,
                        orders.c.order_id.not_in(taken),
                    )
                    .order_by(orders.c.due_at, orders.c.order_id)
                    .limit(min(count - len(taken), limit))
                    .with_for_update(skip_locked=True)
                )
                waiting.append([(account, order_id) for order_id in connection.execute(due).scalars()])
        return in_turn(waiting, limit)

    def _claim(self, connection: Connection, account: str, order_id: str, *, probe: bool) -> ClaimedOrder:
        lease = secrets.token_hex(8)
        deadline = self.now + self.lease[account]
        row = connection.execute(
            update(orders)
            .where(orders.c.account == account, orders.c.order_id == order_id)
            .values(lease=lease, due_at=deadline)
            .returning(orders)
        ).one()
        return ClaimedOrder(
            account=account,
            order_id=order_id,
            source=row.source,
            state=row.state,
            told_at=row.told_at,
            changed_at=row.changed_at,
            tries=row.tries,
            failing_since=row.failing_since,
            tellings=row.tellings,
            lease=lease,
            deadline=deadline,
            probe=probe,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderShown:
    """What a read of an order showed.

    Args:
        add: Its packages, for the index.
        read_at: When the read began: of what happened since then it says nothing.
        invoiced_at: When its latest package was invoiced.
        incomplete: Whether a tracking number is still to come.
        first_read: Says what the read found on the timeline of a shipment, as its own first read would; None where
            that read is to be made all the same.

    """

    add: AddOrder
    read_at: datetime
    invoiced_at: datetime | None
    incomplete: bool
    first_read: Callable[[Work], Seen | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleOrder:
    """Index what a read showed, wake what waited for it, and say when to read the order again: all or nothing.

    Args:
        account: Whose order it is.
        order_id: The id by which it was asked for.
        claimed: The claim, None for a read that something else asked for; that leaves the queue as it is.
        shown: What the read showed, None when it showed no order.
        again_at: When to read again; None for not until somebody tells of it.
        reason: Why no order was shown, None when one was.
        spends: Whether a read without an order counts as a try.
        change: What the call's end does to the account.
        now: The time.

    """

    account: str
    order_id: str
    claimed: ClaimedOrder | None
    shown: OrderShown | None
    again_at: datetime | None
    now: datetime
    reason: str | None = None
    spends: bool = True
    change: AccountChange | None = None

    def run(self, connection: Connection) -> int:
        """Return how many parked subjects found their shipment."""
        if self.change is not None:
            change_account(connection, self.account, self.change, self.now)
        woken = 0
        if self.shown is not None:
            woken = self.shown.add.run(connection)
            self._count_as_first_read(connection, self.shown)
        if self.claimed is not None:
            self._settle(connection, self.claimed)
        elif self.shown is not None:
            self._remember(connection, self.shown)
        return woken

    def _settle(self, connection: Connection, claimed: ClaimedOrder) -> None:
        """Release the order; what was told during the read is to be read again now."""
        told_again = orders.c.tellings != claimed.tellings
        again_at = literal(self.again_at, Instant())
        changes: dict[str, Any] = {
            "lease": None,
            "due_at": case((told_again, literal(self.now, Instant())), else_=again_at),
            "reason": self.reason,
        }
        if self.shown is not None:
            changes |= self._found(self.shown) | {"urgent": orders.c.urgent & told_again}
        elif self.spends:
            changes |= {"tries": claimed.tries + 1, "failing_since": claimed.failing_since or self.now}
        mine = (
            (orders.c.account == self.account)
            & (orders.c.order_id == self.order_id)
            & (orders.c.lease == claimed.lease)
        )
        connection.execute(update(orders).where(mine).values(**changes))

    def _found(self, shown: OrderShown) -> dict[str, Any]:
        return {
            "read_at": shown.read_at,
            "invoiced_at": shown.invoiced_at,
            "incomplete": shown.incomplete,
            "tries": 0,
            "failing_since": None,
        }

    def _remember(self, connection: Connection, shown: OrderShown) -> None:
        """Keep what an unasked read found; whoever told of the order meanwhile is still owed a read of its own."""
        values = self._found(shown)
        fresh = dialect.insert(connection, orders).values(
            account=self.account,
            order_id=self.order_id,
            source="lookup",
            told_at=self.now,
            due_at=self.again_at,
            urgent=False,
            **values,
        )
        kept = {name: getattr(fresh.excluded, name) for name in ("read_at", "invoiced_at", "incomplete")}
        idle = orders.c.due_at.is_(None)
        connection.execute(
            fresh.on_conflict_do_update(
                index_elements=["account", "order_id"],
                set_=kept | {"due_at": fresh.excluded.due_at, "reason": None},
                where=idle,
            )
        )

    def _count_as_first_read(self, connection: Connection, shown: OrderShown) -> None:
        """Spare a shipment that is to be written at once the read before its first write: this was it."""
        order_ids = {shipment.order_id for shipment in shown.add.shipments}
        pending = select(rows.c.shipment_id).where(rows.c.state == dialect.literally("pending"))
        unread = connection.execute(
            select(shipments.c.id)
            .where(
                shipments.c.account == self.account,
                shipments.c.order_id.in_(order_ids),
                shipments.c.id.in_(pending),
                shipments.c.lease.is_(None),
                shipments.c.read_at.is_(None),
                shipments.c.read_after.is_(None),
                shipments.c.dead_reason.is_(None),
                shipments.c.accepted_puts == 0,
                shipments.c.attempts == 0,
            )
            .with_for_update(skip_locked=True)
        ).scalars()
        for shipment_id in unread.all():
            work = load_work(connection, shipment_id)
            if (seen := shown.first_read(work)) is not None:
                read = self._journal(connection, shipment_id, shown)
                accept(connection, work, seen, lease=None, read=read, now=self.now)

    def _journal(self, connection: Connection, shipment_id: int, shown: OrderShown) -> int:
        id_ = shown.add.ids.next()
        connection.execute(
            insert(attempts).values(
                id=id_,
                shipment_id=shipment_id,
                account=self.account,
                call="get",
                lease=self.claimed.lease if self.claimed else "",
                started_at=shown.read_at,
                ended_at=self.now,
                outcome="read",
            )
        )
        return id_


def next_order(connection: Connection, accounts: Sequence[str]) -> datetime | None:
    """Return when the next order of these accounts may be claimed, None when none waits."""
    times = [_next_order(connection, name, state) for name, state in account_states(connection, accounts).items()]
    return min((at for at in times if at is not None), default=None)


def _next_order(connection: Connection, account: str, state: AccountState) -> datetime | None:
    if state.state == "stopped":
        return None
    waiting = (
        connection.execute(
            select(orders.c.due_at)
            .where(orders.c.account == account, orders.c.urgent.is_(urgent), orders.c.due_at.is_not(None))
            .order_by(orders.c.due_at)
            .limit(1)
        ).scalar()
        for urgent in (True, False)
    )
    due = min((at for at in waiting if at is not None), default=None)
    return due if due is None or state.until is None else max(due, state.until)
