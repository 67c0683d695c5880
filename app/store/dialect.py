"""The one statement that SQLAlchemy spells per engine although engines agree on it: insert unless it is there."""

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

__all__ = ["Insert", "insert"]

Insert = postgresql.Insert | sqlite.Insert


def insert(connection: Connection, table: Table) -> Insert:
    """Start an INSERT that may say ``on_conflict_do_nothing()`` or ``on_conflict_do_update(…)``."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
