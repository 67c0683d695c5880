"""What reads of orders found out: packages for the index, and when an order is to be read again.

What is told during a read is read again after it; what only echoed then, as late as any echo.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, case, insert, literal, select, update

from app.store import dialect
from app.store.accepting import accept
from app.store.accounts import AccountChange, change_account
from app.store.columns import Instant
from app.store.exclusion import Exclusion, of_accounts
from app.store.index import AddOrder
from app.store.load import load_work
from app.store.order_claims import ClaimedOrder
from app.store.order_schema import orders
from app.store.orders import ECHO_READ
from app.store.schema import attempts, rows, shipments
from app.store.tombstones import is_order_erased
from app.store.work import Seen, Work

__all__ = ["OrderShown", "SettleOrder", "SettleOrders"]


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
        again_urgent: Whether the next read is about what was told now, so that it goes before what can wait.
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
    again_urgent: bool = False
    change: AccountChange | None = None

    @property
    def excludes(self) -> Exclusion:
        """Exclude what else touches its accounts."""
        return of_accounts(self.account)

    def run(self, connection: Connection) -> int:
        """Return how many parked subjects found their shipment."""
        woken = self.shown.add.run(connection) if self.shown is not None else 0
        self.conclude(connection)
        return woken

    def conclude(self, connection: Connection) -> None:
        """Do what is left once the packages are in the index."""
        if self.change is not None:
            change_account(connection, self.account, self.change, self.now)
        if self.shown is not None:
            self._count_as_first_read(connection, self.shown)
        if self.claimed is not None:
            self._settle(connection, self.claimed)
        elif self.shown is not None:
            self._remember(connection, self.shown)

    def _settle(self, connection: Connection, claimed: ClaimedOrder) -> None:
        """Release the order; what was told during the read is to be read again now."""
        told_again = orders.c.tellings != claimed.tellings
        echo_at = self.now + ECHO_READ
        if self.again_at is not None:
            echo_at = min(self.again_at, echo_at)
        changes: dict[str, Any] = {
            "lease": None,
            "due_at": case(
                (told_again, literal(self.now, Instant())),
                (orders.c.echoes != claimed.echoes, literal(echo_at, Instant())),
                else_=literal(self.again_at, Instant()),
            ),
            "reason": self.reason,
        }
        if self.shown is not None:
            stays_urgent = orders.c.urgent if self.again_urgent else orders.c.urgent & told_again
            changes |= self._found(self.shown) | {"urgent": stays_urgent}
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
        if is_order_erased(connection, self.account, self.order_id, self.now):
            return
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


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleOrders:
    """Settle what several accounts showed at once: all of it must be known before anything that waits is placed."""

    orders: Sequence[SettleOrder]

    @property
    def excludes(self) -> Exclusion:
        """Exclude what else touches its accounts."""
        return of_accounts(*(order.account for order in self.orders))

    def run(self, connection: Connection) -> int:
        """Return how many parked subjects found their shipment."""
        adds = [order.shown.add for order in self.orders if order.shown is not None]
        woken = 0
        if adds:
            woken = replace(adds[0], shipments=tuple(each for add in adds for each in add.shipments)).run(connection)
        for order in self.orders:
            order.conclude(connection)
        return woken
