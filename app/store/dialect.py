"""What SQLAlchemy spells per engine although engines agree on it, and what one engine must be told literally."""

from sqlalchemy import BindParameter, Connection, Table, literal
from sqlalchemy.dialects import postgresql, sqlite

__all__ = ["Insert", "insert", "literally"]

Insert = postgresql.Insert | sqlite.Insert


def literally(value: str) -> BindParameter[str]:
    """Write a value into the statement itself: SQLite uses a partial index only where it can see that it applies."""
    return literal(value, literal_execute=True)


def insert(connection: Connection, table: Table) -> Insert:
    """Start an INSERT that may say ``on_conflict_do_nothing()`` or ``on_conflict_do_update(…)``."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
