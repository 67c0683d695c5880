"""VTEX's orders that are to be read: who told of them, and which tellings are news.

One durable queue for every way in which the relay hears of an order: VTEX's hook, its feed, looking back, and people. A
telling is cheap and harmless: twice, late or in any order it leads to the same reads, and none is lost.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, case, false, func, or_, select, true, update

from app.store.dialect import insert
from app.store.exclusion import Exclusion, of_accounts
from app.store.order_schema import orders
from app.store.schema import attempts, shipments

__all__ = ["URGENT", "TellOrders", "Telling", "ToldOrder"]

URGENT: Final = frozenset({"hook", "feed", "person"})
"""Who tells of what happens now; everybody else looks back."""

_HEARS_ECHOES: Final = frozenset({"hook", "feed"})
_CHUNK: Final = 500
_RECEIPT_SLACK: Final = timedelta(seconds=2)
"""How far the date of a receipt and that of the change which it confirms may lie apart: both are VTEX's own."""
_CLOCK_SLACK: Final = timedelta(seconds=5)
"""How far VTEX's clock and ours may lie apart, where a call's receipt has no date."""
_LONGEST_CALL: Final = timedelta(seconds=60)
"""How long a call of which no end is known counts as being in flight."""
ECHO_READ: Final = timedelta(hours=24)
"""When an order is read although it only echoed: somebody else may have changed it at the same moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldOrder:
    """What somebody said of an order.

    Args:
        order_id: Its id, or one that VTEX takes for it.
        changed_at: When it changed, by VTEX's clock; None where that was not said.
        state: The state that it is in, in VTEX's word.

    """

    order_id: str
    changed_at: datetime | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What became of a telling: how many orders it made due, how many it only echoed, how many were known."""

    due: int
    echoes: int
    known: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TellOrders:
    """Enter orders into the queue, thousands at a time.

    An order becomes due when it is new, when it changed later than every change that was told before, and when it is
    told again while something about it is open: a read that failed for good, or a package without its number.

    Args:
        account: Whose orders they are.
        told: What was said of them.
        source: Who said it: ``hook``, ``feed``, ``person``, ``backfill``, ``sweep``. People are always believed; what
            only the hook and the feed tell can be an echo of a call that the relay made itself.
        now: The time.
        read_before: Where no time of change was said, orders that were last read before this are read again; None
            for none.

    """

    account: str
    told: tuple[ToldOrder, ...]
    source: str
    now: datetime
    read_before: datetime | None = None

    @property
    def excludes(self) -> Exclusion:
        """Exclude what else touches its accounts."""
        return of_accounts(self.account)

    def run(self, connection: Connection) -> Telling:
        """Enter them."""
        return self.run_all(connection, [self])[0]

    @classmethod
    def run_all(cls, connection: Connection, operations: Sequence["TellOrders"]) -> list[Telling]:
        """Enter the orders of several tellings, those of one kind together."""
        alike: dict[tuple[str, str, datetime | None], list[TellOrders]] = {}
        for operation in operations:
            alike.setdefault((operation.account, operation.source, operation.read_before), []).append(operation)
        outcomes: dict[int, Telling] = {}
        for together in alike.values():
            told = tuple(order for operation in together for order in operation.told)
            due, echoes = replace(together[0], told=told, now=max(each.now for each in together)).enter(connection)
            for operation in together:
                named = {order.order_id for order in operation.told}
                outcomes[id(operation)] = Telling(
                    due=len(named & due), echoes=len(named & echoes), known=len(named - due - echoes)
                )
        return [outcomes[id(operation)] for operation in operations]

    def enter(self, connection: Connection) -> tuple[set[str], set[str]]:
        """Enter orders; return those that are due, and those that only echoed."""
        due: set[str] = set()
        echoes: set[str] = set()
        # In an order that is the same in every process, so that none waits for another's rows.
        told = sorted(self.told, key=lambda order: order.order_id)
        for start in range(0, len(told), _CHUNK):
            chunk = told[start : start + _CHUNK]
            calls = self._calls(connection, chunk) if self.source in _HEARS_ECHOES else {}
            news = _latest(order for order in chunk if not _is_echo(order, calls.get(order.order_id, ())))
            echoed = {order.order_id for order in chunk} - news.keys()
            self._record_echoes(connection, echoed)
            echoes |= echoed
            if news:
                due |= set(connection.execute(self._upsert(connection, list(news.values()))).scalars())
        return due, echoes - due

    def _upsert(self, connection: Connection, told: Sequence[ToldOrder]) -> Any:  # noqa: ANN401 - a statement
        fresh = insert(connection, orders).values(
            [
                {
                    "account": self.account,
                    "order_id": order.order_id,
                    "source": self.source,
                    "told_at": self.now,
                    # A clock that is ahead must not make what comes later look old.
                    "changed_at": order.changed_at and min(order.changed_at, self.now),
                    "state": order.state,
                    "due_at": self.now,
                    "urgent": self.source in URGENT,
                }
                for order in told
            ]
        )
        given = fresh.excluded
        waits = orders.c.due_at.is_not(None)
        is_held = orders.c.lease.is_not(None) | (orders.c.due_at <= given.due_at)
        return fresh.on_conflict_do_update(
            index_elements=["account", "order_id"],
            set_={
                "source": given.source,
                "told_at": given.told_at,
                "changed_at": _later(orders.c.changed_at, given.changed_at),
                "state": func.coalesce(given.state, orders.c.state),
                "due_at": case((waits & is_held, orders.c.due_at), else_=given.due_at),
                "urgent": given.urgent | (orders.c.urgent & waits),
                "tellings": orders.c.tellings + 1,
                "tries": 0,
                "failing_since": None,
            },
            where=None if self.source == "person" else self._is_news(given),
        ).returning(orders.c.order_id)

    def _is_news(self, given: Any) -> ColumnElement[bool]:  # noqa: ANN401 - the columns of the proposed row
        unread = orders.c.due_at.is_(None) & orders.c.read_at.is_(None)
        is_later = orders.c.changed_at.is_(None) | (given.changed_at > orders.c.changed_at)
        is_open = orders.c.incomplete | orders.c.reason.is_not(None)
        if self.source in URGENT:
            untimed: ColumnElement[bool] = true()
        elif self.read_before is not None:
            untimed = orders.c.read_at < self.read_before
        else:
            untimed = false()
        is_timed = given.changed_at.is_not(None)
        return or_(unread, and_(is_timed, or_(is_later, is_open)), and_(~is_timed, untimed))

    def _calls(self, connection: Connection, told: Sequence[ToldOrder]) -> dict[str, list[Row[Any]]]:
        """Find the writes of the relay to those of the orders of which nothing else is open."""
        timed = [order.order_id for order in told if order.changed_at is not None]
        found = connection.execute(
            select(orders.c.order_id, attempts.c.started_at, attempts.c.ended_at, attempts.c.receipted_at)
            .join(shipments, (shipments.c.account == orders.c.account) & (shipments.c.order_id == orders.c.order_id))
            .join(attempts, attempts.c.shipment_id == shipments.c.id)
            .where(
                orders.c.account == self.account,
                orders.c.order_id.in_(timed),
                orders.c.read_at.is_not(None),
                orders.c.incomplete.is_(False),
                orders.c.reason.is_(None),
                attempts.c.call == "put",
                attempts.c.outcome.is_(None) | (attempts.c.outcome == "applied"),
            )
            .with_for_update(of=orders)
        )
        calls: dict[str, list[Row[Any]]] = {}
        for call in found:
            calls.setdefault(call.order_id, []).append(call)
        return calls

    def _record_echoes(self, connection: Connection, echoed: set[str]) -> None:
        """Count them, and read each order once a day at most.

        The time of the change is not kept: an earlier one, of somebody else, may still be told.
        """
        if not echoed:
            return
        connection.execute(
            update(orders)
            .where(orders.c.account == self.account, orders.c.order_id.in_(echoed))
            .values(echoes=orders.c.echoes + 1)
        )
        connection.execute(
            update(orders)
            .where(orders.c.account == self.account, orders.c.order_id.in_(echoed), orders.c.due_at.is_(None))
            .values(due_at=self.now + ECHO_READ, urgent=False)
        )


def _later(known: ColumnElement[Any], given: ColumnElement[Any]) -> ColumnElement[Any]:
    """Return the later of two times, of which either may be missing."""
    return case((or_(known.is_(None), given > known), given), else_=known)


def _is_echo(order: ToldOrder, calls: Sequence[Row[Any]]) -> bool:
    """Tell whether the change can be what a call of the relay did."""
    changed_at = order.changed_at
    if changed_at is None:
        return False
    for call in calls:
        if call.receipted_at is not None:
            found = abs(changed_at - call.receipted_at) <= _RECEIPT_SLACK
        else:
            ended_at = call.ended_at or call.started_at + _LONGEST_CALL
            found = call.started_at - _CLOCK_SLACK <= changed_at <= ended_at + _CLOCK_SLACK
        if found:
            return True
    return False


def _latest(told: Iterable[ToldOrder]) -> dict[str, ToldOrder]:
    """Name each order once, with its latest change."""
    latest: dict[str, ToldOrder] = {}
    for order in told:
        known = latest.setdefault(order.order_id, order)
        if order.changed_at is not None and (known.changed_at is None or order.changed_at > known.changed_at):
            latest[order.order_id] = order
    return latest
