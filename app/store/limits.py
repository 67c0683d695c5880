"""How many calls an account may get from all processes together: places that are taken, and a budget that fills up."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, ScalarSelect, Table, bindparam, func, select, update

from app.store.cluster_schema import budgets
from app.store.order_schema import orders
from app.store.prepared import Prepared
from app.store.schema import shipments

__all__ = ["Budgets", "Limit", "overdraw"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How many calls of an account may be in flight, and how many may start per second."""

    concurrency: int
    rate: float


class Budgets:
    """What accounts may still get, of a claim that excludes them: each is read once, then spent from."""

    def __init__(self, connection: Connection, limits: Mapping[str, Limit], now: datetime) -> None:
        """Read nothing yet; accounts without a limit may get what their process counts as free."""
        self._connection = connection
        self._limits = limits
        self._now = now
        self._tokens: dict[str, float] = {}

    def within(self, free: Mapping[str, int]) -> dict[str, int]:
        """Cut what a process counts as free down to what others left of it."""
        return {
            name: count if (limit := self._limits.get(name)) is None else min(count, self._left(name, limit))
            for name, count in free.items()
        }

    def spend(self, name: str, count: int) -> None:
        """Count calls that are about to start, of an account that was looked at."""
        if name in self._tokens:
            values = {"account": name, "tokens": self._tokens[name] - count, "filled_at": self._now}
            _FILL.run(self._connection, values)

    def _left(self, name: str, limit: Limit) -> int:
        found = _KEPT.all(self._connection, {"whose": name, "now": self._now})[0]
        tokens = max(limit.rate, 1.0)
        if found.tokens is not None:
            seconds = max(0.0, (self._now - found.filled_at).total_seconds())
            tokens = min(tokens, found.tokens + seconds * limit.rate)
        self._tokens[name] = tokens
        return max(0, min(limit.concurrency - int(found.shipments + found.orders), int(tokens)))


def overdraw(connection: Connection, name: str) -> None:
    """Count a second call of one claim: the next claims wait for it."""
    _OVERDRAW.run(connection, {"whose": name})


def _taken(table: Table) -> ScalarSelect[int]:
    """Count what processes work on."""
    held = (table.c.account == bindparam("whose")) & table.c.lease.is_not(None) & (table.c.due_at > bindparam("now"))
    return select(func.count()).select_from(table).where(held).scalar_subquery()


_BUDGET: Final = budgets.c.account == bindparam("whose")
_KEPT: Final = Prepared(
    select(
        _taken(shipments).label("shipments"),
        _taken(orders).label("orders"),
        select(budgets.c.tokens).where(_BUDGET).scalar_subquery().label("tokens"),
        select(budgets.c.filled_at).where(_BUDGET).scalar_subquery().label("filled_at"),
    )
)
_FILL: Final = Prepared(
    lambda insert: (start := insert(budgets)).on_conflict_do_update(
        index_elements=["account"], set_={"tokens": start.excluded.tokens, "filled_at": start.excluded.filled_at}
    )
)
_OVERDRAW: Final = Prepared(update(budgets).where(_BUDGET).values(tokens=budgets.c.tokens - 1))
