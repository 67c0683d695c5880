"""Upkeep of an SQLite file: give deleted pages back to the disk, and empty the log. Other engines do so themselves."""

from dataclasses import dataclass
from typing import ClassVar, Final

from sqlalchemy import Connection, Engine, text

from app.store.exclusion import FREE, Exclusion

__all__ = ["GiveBack", "free_pages", "truncate_log"]

_PATIENCE_MILLISECONDS: Final = 200
"""The log's end holds up the writer while it waits for readers."""
_TRIES: Final = 10


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


def truncate_log(engine: Engine) -> bool:
    """Bring the write-ahead log into the file and cut it to nothing; tell whether that was done."""
    if engine.dialect.name != "sqlite":
        return True
    connection = engine.raw_connection()
    cursor = connection.cursor()
    try:
        cursor.execute(f"PRAGMA busy_timeout={_PATIENCE_MILLISECONDS}")
        for _ in range(_TRIES):
            is_busy, _written, _moved = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not is_busy:
                return True
    except engine.dialect.loaded_dbapi.OperationalError:  # Somebody wrote all the time.
        return False
    finally:
        connection.close()
    return False
