"""Accounts as operators see them: whether they are called, what waits for them, and what their PUT was seen to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, Connection, Subquery, case, func, literal, or_, select

from app.store.accounts import AccountState, Learnt, account_states, learnt
from app.store.schema import attempts, rows, shipments

__all__ = ["COUNTED", "AccountOverview", "account_overviews"]

COUNTED: Final = 1_000
"""How many of a kind are counted for one look at the accounts."""


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
        is_more: Whether there is more than was counted: of each kind so many are counted, of all accounts together.

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
    is_more: bool


_KINDS: Final = (
    "due",
    "in_flight",
    "waiting",
    "dead_shipments",
    "pending_rows",
    "observed_rows",
    "dead_rows",
)


def account_overviews(connection: Connection, names: Sequence[str], now: datetime) -> tuple[AccountOverview, ...]:
    """Look at accounts, in the order in which they are named."""
    states = account_states(connection, names)
    turn = case((shipments.c.due_at <= now, "due"), (shipments.c.lease.is_not(None), "in_flight"), else_="waiting")
    queued = _shipments(connection, names, shipments.c.due_at.is_not(None), turn, "ix_shipments_due")
    dead = shipments.c.dead_reason.is_not(None)
    counts = [
        queued,
        _shipments(connection, names, dead, literal("dead_shipments"), "ix_shipments_dead"),
        _rows(connection, "pending_rows", or_(_in_state("pending"), _in_state("sent"))),
        _rows(connection, "observed_rows", _in_state("observed")),
        _rows(connection, "dead_rows", _in_state("dead")),
    ]
    found = {key: count for each in counts for key, count in each.items()}
    is_more = any(sum(each.values()) >= COUNTED for each in counts)
    return tuple(
        AccountOverview(
            account=name,
            state=_as_of(states[name], now),
            learnt=learnt(connection, name),
            oldest_due_at=_oldest(connection, name, now),
            last_success_at=_last_success(connection, name),
            is_more=is_more,
            **{kind: found.get((name, kind), 0) for kind in _KINDS},
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


def _shipments(
    connection: Connection, names: Sequence[str], condition: ColumnElement[bool], kind: ColumnElement[str], index: str
) -> dict[tuple[str, str], int]:
    """Count shipments by account and kind, so many of them at most."""
    some = select(shipments.c.account, kind.label("kind")).where(shipments.c.account.in_(names), condition)
    some = some.with_hint(shipments, f"INDEXED BY {index}", "sqlite")
    return _counted(connection, some.limit(COUNTED).subquery())


def _rows(connection: Connection, kind: str, condition: ColumnElement[bool]) -> dict[tuple[str, str], int]:
    """Count rows by account, so many of them at most, whoever they belong to."""
    some = select(rows.c.shipment_id).where(condition).limit(COUNTED).subquery()
    # Not a join: an engine may begin that with all shipments of the accounts.
    theirs = select(shipments.c.account).where(shipments.c.id == some.c.shipment_id).correlate(some).scalar_subquery()
    return _counted(
        connection, select(theirs.label("account"), literal(kind).label("kind")).select_from(some).subquery()
    )


def _counted(connection: Connection, some: Subquery) -> dict[tuple[str, str], int]:
    query = select(some.c.account, some.c.kind, func.count()).group_by(some.c.account, some.c.kind)
    return {(row[0], row[1]): row[2] for row in connection.execute(query)}


def _oldest(connection: Connection, name: str, now: datetime) -> datetime | None:
    """Find since when the shipment is due that waits longest: in each part of the queue the first one."""
    times = []
    for later in (False, True):
        for retrying in (False, True):
            first = select(shipments.c.due_at).where(
                shipments.c.account == name,
                shipments.c.later.is_(later),
                shipments.c.retrying.is_(retrying),
                shipments.c.due_at <= now,
            )
            times.append(connection.execute(first.order_by(shipments.c.due_at).limit(1)).scalar())
    return min((time for time in times if time is not None), default=None)


def _last_success(connection: Connection, name: str) -> datetime | None:
    """Find the latest accepted write; ids grow with time, and an index holds accepted writes only."""
    accepted = (attempts.c.outcome == literal("applied", literal_execute=True)) & (attempts.c.account == name)
    return connection.execute(
        select(attempts.c.ended_at).where(accepted).order_by(attempts.c.id.desc()).limit(1)
    ).scalar()
