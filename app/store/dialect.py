"""What SQLAlchemy spells per engine although engines agree on it, and what one engine must be told literally."""

from collections.abc import Callable
from typing import Generic, TypeVar

from sqlalchemy import BindParameter, Connection, Table, literal
from sqlalchemy.dialects import postgresql, sqlite

__all__ = ["Insert", "PerEngine", "insert", "literally"]

Insert = postgresql.Insert | sqlite.Insert
S = TypeVar("S")


class PerEngine(Generic[S]):
    """An INSERT that engines spell differently, built once for each: building one costs more than running it."""

    def __init__(self, build: Callable[[Callable[[Table], Insert]], S]) -> None:
        """Have ``build`` make the statement from the engine's own ``insert``."""
        self._build = build
        self._built: dict[str, S] = {}

    def on(self, connection: Connection) -> S:
        """Return the statement as this connection's engine spells it."""
        name = connection.dialect.name
        if name not in self._built:
            self._built[name] = self._build(lambda table: insert(connection, table))
        return self._built[name]


def literally(value: str) -> BindParameter[str]:
    """Write a value into the statement itself: SQLite uses a partial index only where it can see that it applies."""
    return literal(value, literal_execute=True)


def insert(connection: Connection, table: Table) -> Insert:
    """Start an INSERT that may say ``on_conflict_do_nothing()`` or ``on_conflict_do_update(…)``."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
