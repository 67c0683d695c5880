"""Accounts as operators see them: whether they are called, what waits for them, and what their PUT was seen to do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, func, literal, or_, select

from app.store.accounts import AccountState, Learnt, account_states, learnt
from app.store.schema import attempts, rows, shipments

__all__ = ["AccountOverview", "account_overviews"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOverview:
    """One account.

    Args:
        account: Its name.
        state: Whether it may be called; a pause that has passed is none any more.
        learnt: What its PUT does, and the reads that told so.
        due: Shipments whose turn it is.
        in_flight: Shipments that a forwarder holds.
        waiting: Shipments whose turn comes later: a retry, or a look at the order.
        oldest_due_at: Since when the longest waiting of the due ones is due.
        pending_rows: Rows that are to reach VTEX and are not known to be there.
        observed_rows: Rows that are only compared with what others write.
        dead_shipments: Shipments for which nothing will be tried without a person.
        dead_rows: Rows that VTEX refused for good.
        last_success_at: When VTEX last accepted a write.

    """

    account: str
    state: AccountState
    learnt: Learnt
    due: int
    in_flight: int
    waiting: int
    oldest_due_at: datetime | None
    pending_rows: int
    observed_rows: int
    dead_shipments: int
    dead_rows: int
    last_success_at: datetime | None


def account_overviews(connection: Connection, names: Sequence[str], now: datetime) -> tuple[AccountOverview, ...]:
    """Look at accounts, in the order in which they are named."""
    states = account_states(connection, names)
    queued = shipments.c.due_at.is_not(None)
    held = and_(queued, shipments.c.lease.is_not(None), shipments.c.due_at > now)
    due = and_(queued, shipments.c.due_at <= now)
    counts = {
        "due": _shipments(connection, names, due),
        "in_flight": _shipments(connection, names, held),
        "waiting": _shipments(connection, names, queued, shipments.c.lease.is_(None), shipments.c.due_at > now),
        "dead_shipments": _shipments(connection, names, shipments.c.dead_reason.is_not(None)),
        "pending_rows": _rows(connection, names, or_(_in_state("pending"), _in_state("sent"))),
        "observed_rows": _rows(connection, names, _in_state("observed")),
        "dead_rows": _rows(connection, names, _in_state("dead")),
    }
    oldest = _per_account(connection, names, shipments, func.min(shipments.c.due_at), [due])
    return tuple(
        AccountOverview(
            account=name,
            state=_as_of(states[name], now),
            learnt=learnt(connection, name),
            oldest_due_at=oldest.get(name),
            last_success_at=_last_success(connection, name),
            **{kind: found.get(name, 0) for kind, found in counts.items()},
        )
        for name in names
    )


def _as_of(state: AccountState, now: datetime) -> AccountState:
    """Take a pause that has passed for what it is; nothing writes down that it did."""
    if state.state == "paused" and state.until is not None and state.until <= now:
        return AccountState(changed_at=state.until)
    return state


def _in_state(state: str) -> ColumnElement[bool]:
    """Name a state so that the engines see that the partial index of such rows serves."""
    return rows.c.state == literal(state, literal_execute=True)


def _shipments(connection: Connection, names: Sequence[str], *conditions: ColumnElement[bool]) -> dict[str, int]:
    return _per_account(connection, names, shipments, func.count(), conditions)


def _rows(connection: Connection, names: Sequence[str], condition: ColumnElement[bool]) -> dict[str, int]:
    found = connection.execute(
        select(shipments.c.account, func.count())
        .select_from(rows)
        .join(shipments, shipments.c.id == rows.c.shipment_id)
        .where(condition, shipments.c.account.in_(names))
        .group_by(shipments.c.account)
    )
    return {row[0]: row[1] for row in found}


def _per_account(
    connection: Connection,
    names: Sequence[str],
    table: Table,
    value: ColumnElement[Any],
    conditions: Iterable[ColumnElement[bool]],
) -> dict[str, Any]:
    found = connection.execute(
        select(table.c.account, value).where(table.c.account.in_(names), *conditions).group_by(table.c.account)
    )
    return {row[0]: row[1] for row in found}


def _last_success(connection: Connection, name: str) -> datetime | None:
    """Find the latest accepted write; ids grow with time, and an index holds accepted writes only."""
    accepted = (attempts.c.outcome == literal("applied", literal_execute=True)) & (attempts.c.account == name)
    return connection.execute(
        select(attempts.c.ended_at).where(accepted).order_by(attempts.c.id.desc()).limit(1)
    ).scalar()
