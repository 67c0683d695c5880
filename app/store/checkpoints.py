"""When an SQLite file takes in its write-ahead log: after whoever waited for a commit was told, and not too often.

SQLite would do it within the commit that makes the log too long, and those who wait for that commit would wait for two
more flushes. So the writing connection does it by itself once the batch was told, as soon as the log holds so many more
pages. One that could not take in everything, or after which a reader kept the log from starting anew, is tried again
when the log has grown by as many pages once more, as SQLite itself would.

Only the connection that writes may do this: until release 3.51.3 two that write and take in at once could lose pages.
"""

import os
import sqlite3
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

from sqlalchemy import Connection, Engine

from app.store.exclusion import FREE, Exclusion

__all__ = ["LAST_RESORT_PAGES", "Checkpoints", "EmptyLog"]

_PAGES: Final = 1000
"""A log of 4 MB. A checkpoint costs two flushes however much it takes in; but what comes meanwhile waits for it."""
_PATIENT_PAGES: Final = 2 * _PAGES
"""While it would hold up somebody who is about to be gone. Of twice as many pages, more are the same page again."""
LAST_RESORT_PAGES: Final = 4 * _PAGES
"""What a connection takes in by itself, where nobody does it afterwards, or one transaction is that large."""

_PATIENCE_MILLISECONDS: Final = 200
"""How long emptying the log waits for readers of older snapshots, and what wants to be written for it."""

# https://sqlite.org/fileformat2.html#the_write_ahead_log: the head ends with salts that differ whenever the log starts
# anew, and each frame, a page with a head of its own, repeats those with which it was written.
_HEAD: Final = struct.Struct(">8xI4x8s8x")
_FRAME: Final = struct.Struct(">8x8s8x")


class Checkpoints:
    """Watch the log of one writing connection."""

    def __init__(self, engine: Engine) -> None:
        """Watch what ``engine`` writes to, if it has such a log."""
        is_file = engine.dialect.name == "sqlite" and engine.url.database
        self._log = Path(f"{engine.url.database}-wal") if is_file else None
        self._salts = b""
        self._tried = 0

    def make(self, connection: Connection | None, *, patient: bool = False) -> bool:
        """Take the log in if it has become long, between two transactions; tell whether that was tried.

        Whoever is ``patient`` lets it become twice as long.
        """
        more = _PATIENT_PAGES if patient else _PAGES
        if self._log is None or connection is None or not self._is_long(self._log, more):
            return False
        try:
            _, pages, _ = _driver(connection).execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error:
            # Nothing is lost, and the next transaction meets whatever it was.
            pages = 0
        self._tried = max(pages, self._tried + more)
        return True

    def _is_long(self, log: Path, more: int) -> bool:
        """Tell whether the log, of what was written since its start, is so many pages longer than when last tried."""
        try:
            file = os.open(log, os.O_RDONLY | os.O_CLOEXEC)
            try:
                head = os.pread(file, _HEAD.size, 0)
                if len(head) < _HEAD.size:
                    return False
                page_bytes, salts = _HEAD.unpack(head)
                if salts != self._salts:
                    self._salts, self._tried = salts, 0
                place = _HEAD.size + (self._tried + more - 1) * (_FRAME.size + page_bytes)
                frame = os.pread(file, _FRAME.size, place)
            finally:
                os.close(file)
        except OSError:
            return False
        return len(frame) == _FRAME.size and _FRAME.unpack(frame)[0] == salts


@dataclass(frozen=True, slots=True, kw_only=True)
class EmptyLog:
    """Take the log in and cut it to nothing, so that no page of before is left in it."""

    excludes: ClassVar[Exclusion] = FREE
    is_between: ClassVar[bool] = True
    """It runs between two transactions of the connection that writes."""

    def run(self, connection: Connection) -> bool:
        """Tell whether that was done; readers of older snapshots go first."""
        driver = _driver(connection)
        (usual,) = driver.execute("PRAGMA busy_timeout").fetchone()
        driver.execute(f"PRAGMA busy_timeout={_PATIENCE_MILLISECONDS}")
        try:
            is_busy, _, _ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error:
            is_busy = True  # Nothing is lost, and the next transaction meets whatever it was.
        finally:
            driver.execute(f"PRAGMA busy_timeout={usual:d}")
        return not is_busy


def _driver(connection: Connection) -> Any:  # noqa: ANN401 - the driver's own connection
    """Return what runs a statement without a transaction around it."""
    return connection.connection.driver_connection
