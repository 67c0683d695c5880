"""What is due, and what should be although nothing made it so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Connection,
    ScalarSelect,
    bindparam,
    literal,
    or_,
    select,
    type_coerce,
    union_all,
    update,
)

from app.store.accounts import AccountState, account_states
from app.store.columns import Instant, instant_of
from app.store.dialect import literally
from app.store.driver import asked_of_driver
from app.store.exclusion import Exclusion, of_accounts
from app.store.order_schema import orders
from app.store.prepared import Prepared
from app.store.schema import rows, shipments

__all__ = ["Refresh", "Requeue", "due_times", "earliest", "next_due", "next_order"]

_CHUNK: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Requeue:
    """Take up work at a start: make due what has open rows and is not queued, since settings may have changed.

    The time in which a failing shipment waited for a process that did not run is no failure of the shipment.

    Args:
        live: The accounts that are written to, with the time from which their shipments are; None for all. What was
            only observed of them until now is to be sent.
        now: The time.

    """

    live: Mapping[str, datetime | None]
    now: datetime

    def run(self, connection: Connection) -> int:
        """Queue the shipments and return how many."""
        for account, since in self.live.items():
            self._go_live(connection, account, since)
        self._forgive(connection)
        with_work = select(rows.c.shipment_id).where(rows.c.state.in_((literally("pending"), literally("sent"))))
        # Whether anybody is preferred any more is a setting, too.
        held = select(rows.c.shipment_id).where(rows.c.state == literally("held"))
        idle = shipments.c.due_at.is_(None) & shipments.c.dead_reason.is_(None)
        return connection.execute(
            update(shipments)
            .where(shipments.c.id.in_(union_all(with_work, held)), idle)
            .values(due_at=self.now, retrying=False)
        ).rowcount

    def _forgive(self, connection: Connection) -> None:
        late = literal(self.now, Instant()) - type_coerce(shipments.c.due_at, BigInteger)
        waited = update(shipments).where(shipments.c.failing_since.is_not(None), shipments.c.due_at < self.now)
        connection.execute(waited.values(failing_since=type_coerce(shipments.c.failing_since, BigInteger) + late))

    def _go_live(self, connection: Connection, account: str, since: datetime | None) -> None:
        """Turn observed rows into pending ones; what others wrote meanwhile is read first."""
        written = [shipments.c.account == account]
        if since is not None:
            written.append(or_(shipments.c.invoiced_at.is_(None), shipments.c.invoiced_at >= since))
        observed = select(rows.c.shipment_id).where(rows.c.state == literally("observed"))
        affected = select(shipments.c.id).where(*written, shipments.c.id.in_(observed))
        ids = connection.execute(affected).scalars().all()
        for start in range(0, len(ids), _CHUNK):
            chunk = ids[start : start + _CHUNK]
            connection.execute(
                update(rows)
                .where(rows.c.shipment_id.in_(chunk), rows.c.state == literally("observed"))
                .values(state="pending", city=None, uf=None, description=None, date=None, sent_at=None, likeness=None)
            )
            connection.execute(
                update(shipments).where(shipments.c.id.in_(chunk)).values(read_at=None, read_after=None, due_at=None)
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """Read the orders of an account's observed shipments now, to compare with what others wrote."""

    account: str
    now: datetime

    @property
    def excludes(self) -> Exclusion:
        """Exclude what else touches its accounts."""
        return of_accounts(self.account)

    def run(self, connection: Connection) -> int:
        """Queue the shipments and return how many."""
        observed = select(rows.c.shipment_id).where(rows.c.state == literally("observed"))
        return connection.execute(
            update(shipments)
            .where(
                shipments.c.account == self.account,
                shipments.c.id.in_(observed),
                shipments.c.lease.is_(None),
                shipments.c.dead_reason.is_(None),
            )
            .values(due_at=self.now, read_after=self.now)
        ).rowcount


def next_due(connection: Connection, accounts: Sequence[str]) -> datetime | None:
    """Return when the next shipment of these accounts may be claimed, None when none waits."""
    return earliest(*due_times(connection, account_states(connection, accounts)))


def due_times(connection: Connection, states: Mapping[str, AccountState]) -> tuple[datetime | None, datetime | None]:
    """Return when the next shipment of accounts may be claimed whose states are known, and the next due by a replay."""
    firsts = _firsts(connection, [name for name, state in states.items() if state.state != "stopped"])
    times = [
        (_not_before(states[name].until, soon), _not_before(states[name].until, later))
        for name, (soon, later) in firsts.items()
    ]
    return earliest(*(soon for soon, _ in times)), earliest(*(later for _, later in times))


def earliest(*times: datetime | None) -> datetime | None:
    """Return the first of some times, None where there is none."""
    return min((at for at in times if at is not None), default=None)


def _first(*, later: bool, retrying: bool) -> ScalarSelect[Any]:
    """Select when the first of a kind is due: by the first entry of its piece of the index."""
    return (
        select(shipments.c.due_at)
        .where(
            shipments.c.account == bindparam("of"),
            shipments.c.later.is_(later),
            shipments.c.retrying.is_(retrying),
            shipments.c.due_at.is_not(None),
        )
        .order_by(shipments.c.due_at)
        .limit(1)
        .scalar_subquery()
    )


_FIRST: Final = Prepared(
    select(
        _first(later=False, retrying=False).label("new"),
        _first(later=False, retrying=True).label("retried"),
        _first(later=True, retrying=False).label("later"),
    )
)


_EARLIEST: Final = "SELECT due_at FROM shipments WHERE account = name AND due_at IS NOT NULL"
_FIRSTS: Final = f"""
    SELECT name,
        ({_EARLIEST} AND later IS false AND retrying IS false ORDER BY due_at LIMIT 1),
        ({_EARLIEST} AND later IS false AND retrying IS true ORDER BY due_at LIMIT 1),
        ({_EARLIEST} AND later IS true AND retrying IS false ORDER BY due_at LIMIT 1)
    FROM unnest(%s::text[]) AS name
"""  # noqa: S608 - ours
"""The same on PostgreSQL for accounts of any number: each statement is a way to the server and back."""


def _firsts(connection: Connection, accounts: list[str]) -> dict[str, tuple[datetime | None, datetime | None]]:
    """Find for each account when its first shipment is due, and its first one by a replay."""
    if not accounts:
        return {}
    if connection.dialect.name == "postgresql":
        asked = asked_of_driver(connection, _FIRSTS, (accounts,))
        found = {name: [instant_of(due) for due in dues] for name, *dues in asked}
    else:
        found = {name: _FIRST.first(connection, {"of": name}) for name in accounts}
    return {name: (earliest(new, retried), later) for name, (new, retried, later) in found.items()}


def _not_before(until: datetime | None, due: datetime | None) -> datetime | None:
    return due if due is None or until is None else max(due, until)


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
