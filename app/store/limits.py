"""How many calls an account may get from all processes together: places that are taken, and a budget that fills up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, update

from app.store.cluster_schema import budgets
from app.store.dialect import insert
from app.store.order_schema import orders
from app.store.schema import shipments

__all__ = ["Limit", "overdraw", "spend", "within"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How many calls of an account may be in flight, and how many may start per second."""

    concurrency: int
    rate: float


def within(
    connection: Connection, limits: Mapping[str, Limit], free: Mapping[str, int], now: datetime
) -> dict[str, int]:
    """Cut what a process counts as free down to what others left of it; the accounts must be excluded."""
    return {
        name: count if (limit := limits.get(name)) is None else min(count, _left(connection, name, limit, now))
        for name, count in free.items()
    }


def spend(connection: Connection, name: str, limit: Limit, count: int, now: datetime) -> None:
    """Count calls that are about to start."""
    values = {"tokens": _tokens(connection, name, limit, now) - count, "filled_at": now}
    statement = insert(connection, budgets).values(account=name, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["account"], set_=values))


def overdraw(connection: Connection, name: str) -> None:
    """Count a second call of one claim: the next claims wait for it."""
    connection.execute(update(budgets).where(budgets.c.account == name).values(tokens=budgets.c.tokens - 1))


def _left(connection: Connection, name: str, limit: Limit, now: datetime) -> int:
    taken = 0
    for table in (shipments, orders):
        held = (table.c.account == name) & table.c.lease.is_not(None) & (table.c.due_at > now)
        taken += connection.execute(select(func.count()).select_from(table).where(held)).scalar_one()
    return max(0, min(limit.concurrency - taken, int(_tokens(connection, name, limit, now))))


def _tokens(connection: Connection, name: str, limit: Limit, now: datetime) -> float:
    most = max(limit.rate, 1.0)
    row = connection.execute(select(budgets).where(budgets.c.account == name)).one_or_none()
    if row is None:
        return most
    seconds: float = max(0.0, (now - row.filled_at).total_seconds())
    tokens: float = row.tokens
    return min(most, tokens + seconds * limit.rate)
