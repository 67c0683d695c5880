"""When an SQLite file takes in its write-ahead log: after whoever waited for a commit was told, and not too often.

SQLite would do it within the commit that makes the log too long, and those who wait for that commit would wait for two
more flushes. So the writing connection does it by itself once the batch was told, as soon as the log holds so many more
pages. One that could not take in everything, or after which a reader kept the log from starting anew, is tried again
when the log has grown by as many pages once more, as SQLite itself would.

Only the connection that writes may do this: until release 3.51.3 two that write and take in at once could lose pages.
"""

import sqlite3
import struct
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine

__all__ = ["LAST_RESORT_PAGES", "Checkpoints"]

_PAGES: Final = 1000
"""A log of 4 MB. A checkpoint costs two flushes however much it takes in; but what comes meanwhile waits for it."""
LAST_RESORT_PAGES: Final = 4 * _PAGES
"""What a connection takes in by itself, where nobody does it afterwards, or one transaction is that large."""

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
        self._longest = _PAGES

    def make(self, connection: Connection | None) -> bool:
        """Take the log in if it has become long, between two transactions; tell whether that was tried."""
        if self._log is None or connection is None or not self._is_long(self._log):
            return False
        driver = connection.connection.driver_connection
        assert driver is not None  # noqa: S101 - the connection is open
        try:
            _, pages, _ = driver.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error:
            # Nothing is lost, and the next transaction meets whatever it was.
            pages = self._longest
        self._longest = max(pages, self._longest) + _PAGES
        return True

    def _is_long(self, log: Path) -> bool:
        """Tell whether the log has a page at the place from which on it is long, of those written since its start."""
        try:
            with log.open("rb", buffering=0) as file:
                head = file.read(_HEAD.size)
                if len(head) < _HEAD.size:
                    return False
                page_bytes, salts = _HEAD.unpack(head)
                if salts != self._salts:
                    self._salts, self._longest = salts, _PAGES
                file.seek(_HEAD.size + (self._longest - 1) * (_FRAME.size + page_bytes))
                frame = file.read(_FRAME.size)
        except OSError:
            return False
        return len(frame) == _FRAME.size and _FRAME.unpack(frame)[0] == salts
