"""Pages of rows by id, newest first: rows that arrive meanwhile are before the first page and move nothing.

A page reads a bounded number of rows, however few fit what is asked for: then it is short or empty, and still says
where the next one begins. So no search waits for a scan of everything.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import Column, ColumnElement, Connection, Row, Select, Table, func, select

__all__ = ["LOOKED_THROUGH", "Page", "Through", "between", "page"]

T = TypeVar("T")

LOOKED_THROUGH: Final = 10_000
"""How many rows a page looks through at most."""
_MILLISECOND: Final = 1 << 22
_SLACK: Final = 15 * 60_000 * _MILLISECOND
"""Ids grow with time, but processes' clocks differ, and rows wait to be written: a quarter of an hour covers that."""
_NEAR: Final = 1000 * _MILLISECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """Some rows, and the id before which the next page begins; None when there is none."""

    items: tuple[T, ...]
    before: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Through:
    """Rows of a table by one of its indexes.

    Args:
        table: The table.
        index: One that ends in the id; None for the order of the ids themselves.
        conditions: Those of what is wanted that the index answers.

    """

    table: Table
    index: str | None = None
    conditions: Sequence[ColumnElement[bool]] = ()

    def hinted(self, query: Select[Any]) -> Select[Any]:
        """Tell the engine that counts no rows beforehand which index it is."""
        hint = "NOT INDEXED" if self.index is None else f"INDEXED BY {self.index}"
        return query.with_hint(self.table, hint, "sqlite")

    def floor(self, connection: Connection, earlier: Sequence[ColumnElement[bool]] = ()) -> int | None:
        """Return the id of the last row that one page looks at; None when it looks at all that there are."""
        id_: Column[int] = self.table.c.id
        nth = self.hinted(select(id_).where(*self.conditions, *earlier).order_by(id_.desc()))
        return connection.execute(nth.offset(LOOKED_THROUGH - 1).limit(1)).scalar()


def page(
    connection: Connection,
    query: Select[Any],
    id_column: Column[int],
    read: Callable[[Row[Any]], T],
    *,
    before: int | None,
    limit: int,
    through: Through | None = None,
) -> Page[T]:
    """Run a query for one page of rows whose id is smaller than ``before``.

    Args:
        connection: Of the reading.
        query: What is wanted, in whatever order.
        id_column: The ids of its rows.
        read: Makes an item of a row.
        before: Where the page before ended; None for the first.
        limit: How many items at most.
        through: Which rows are looked through, so many of them at most; None when an index finds what is wanted.

    """
    earlier = [] if before is None else [id_column < before]
    query, floor = query.where(*earlier), None
    if through is not None:
        floor = through.floor(connection, earlier)
        query = through.hinted(query)
    if floor is not None:
        query = query.where(id_column >= floor)
    found = connection.execute(query.order_by(id_column.desc()).limit(limit + 1)).all()
    shown = found[:limit]
    more = len(found) > limit
    return Page(items=tuple(read(row) for row in shown), before=shown[-1].id if more else floor)


def between(
    connection: Connection, table: Table, time: Column[datetime], since: datetime | None, until: datetime | None
) -> list[ColumnElement[bool]]:
    """List the conditions that hold rows between two times: on the ids, which are in order, as well as on the time."""
    conditions: list[ColumnElement[bool]] = []
    if since is not None:
        conditions.append(time >= since)
        first = _first_at(connection, table, time, since)
        if first is not None:
            conditions.append(table.c.id >= first - _SLACK)
    if until is not None:
        conditions.append(time < until)
        first = _first_at(connection, table, time, until)
        if first is not None:
            conditions.append(table.c.id <= first + _SLACK)
    return conditions


def _first_at(connection: Connection, table: Table, time: Column[datetime], at: datetime) -> int | None:
    """Find about where the rows of a time begin, by halving; None when all are earlier, or there are none."""
    low = connection.execute(select(func.min(table.c.id))).scalar()
    high = connection.execute(select(func.max(table.c.id))).scalar()
    if low is None or high is None:
        return None
    newest = connection.execute(select(time).where(table.c.id == high)).scalar()
    if newest is None or newest < at:
        return None
    while high - low > _NEAR:
        middle = (low + high) // 2
        row = connection.execute(
            select(table.c.id, time.label("time")).where(table.c.id >= middle).order_by(table.c.id).limit(1)
        ).one()
        if row.time < at:
            low = row.id + 1
        else:
            high = middle
    return int(high)
