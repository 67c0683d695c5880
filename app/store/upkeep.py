"""Upkeep of an SQLite file: give deleted pages back to the disk. Other engines do so themselves."""

from dataclasses import dataclass
from typing import ClassVar

from sqlalchemy import Connection, text

from app.store.exclusion import FREE, Exclusion

__all__ = ["GiveBack", "free_pages"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveBack:
    """Give some free pages of the file back to the disk."""

    pages: int
    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> int:
        """Return how many are free then."""
        if connection.dialect.name != "sqlite":
            return 0
        connection.exec_driver_sql(f"PRAGMA incremental_vacuum({self.pages:d})").close()
        return free_pages(connection)


def free_pages(connection: Connection) -> int:
    """Count the pages that hold nothing and could be given back."""
    if connection.dialect.name != "sqlite":
        return 0
    if connection.execute(text("PRAGMA auto_vacuum")).scalar() != 2:  # noqa: PLR2004 - incremental
        return 0
    return int(connection.execute(text("PRAGMA freelist_count")).scalar() or 0)
