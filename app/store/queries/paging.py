"""Pages of rows by id, newest first: rows that arrive meanwhile are before the first page and move nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Column, Connection, Row, Select

__all__ = ["Page", "page"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """Some rows, and the id before which the next page begins; None when there is none."""

    items: tuple[T, ...]
    before: int | None


def page(
    connection: Connection,
    query: Select[Any],
    id_column: Column[int],
    read: Callable[[Row[Any]], T],
    *,
    before: int | None,
    limit: int,
) -> Page[T]:
    """Run a query for one page of rows whose id is smaller than ``before``."""
    if before is not None:
        query = query.where(id_column < before)
    found = connection.execute(query.order_by(id_column.desc()).limit(limit + 1)).all()
    shown = found[:limit]
    more = len(found) > limit
    return Page(items=tuple(read(row) for row in shown), before=shown[-1].id if more else None)
