"""SQLite: a file that one process owns, opened durably, written through one connection."""

import fcntl
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Final

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool, QueuePool

from app.errors import ConfigurationError, StoreBusy
from app.store.checkpoints import LAST_RESORT_PAGES
from app.store.driver import asked_of_driver

__all__ = ["READERS", "Ownership", "file_of", "open_reader", "open_writer", "refuse_network_file_system"]

_NETWORK_FILE_SYSTEMS: Final = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ceph", "fuse.sshfs", "9p"})
_CACHE_KIBIBYTES: Final = 8_192
"""What the writer's pages take once it has been busy for some minutes, for good.

It holds the upper levels of every index, and the pages of the largest transaction, which would otherwise be written
before its end. Eight times as much saves one read in three, of pages that the system holds anyway, and no time; and it
fills so slowly on a quiet relay that memory seems to grow for hours."""
_READER_CACHE_KIBIBYTES: Final = 512
"""What each reader's pages take: enough for the upper levels of what a question goes by.

More would fill up over hours, once for each reader, with pages that the system holds anyway."""
_READER_STATEMENTS: Final = 32
"""How many statements each reader keeps ready, some 9 KiB each: there are many questions, and few are asked often."""
READERS: Final = 4


def file_of(database_url: str) -> Path:
    """Return the file that an SQLite URL names; raises `ConfigurationError`."""
    return Path(_parsed(database_url).database or "")


def _parsed(database_url: str) -> URL:
    try:
        url = make_url(database_url)
    except ArgumentError:
        raise ConfigurationError("database_url is not a URL; write sqlite:///data/relay.db") from None
    if url.get_backend_name() != "sqlite":
        raise ConfigurationError(f"database_url names {url.get_backend_name()!r}; write sqlite:///… or postgresql://…")
    if not url.database or url.database == ":memory:":
        raise ConfigurationError("database_url names no file; what is answered 2xx must survive the process")
    return url


class Ownership:
    """Be the only process that owns an SQLite file, from construction to `release`."""

    def __init__(self, file: Path, *, wait_seconds: float, sleep: Callable[[float], None] = time.sleep) -> None:
        """Take the lock, waiting for a predecessor that is still draining.

        Raises:
            StoreBusy: Another process holds it longer than ``wait_seconds``.
            ConfigurationError: The file lies where locks and syncs cannot be trusted, or cannot be written.

        """
        file = file.absolute()
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            self._lock: IO[str] = file.with_name(file.name + ".lock").open("a+")
        except OSError as error:
            raise ConfigurationError(f"database_url: {file} cannot be written: {error.strerror}") from None
        refuse_network_file_system(file)
        deadline = time.monotonic() + wait_seconds
        while not self._taken():
            if time.monotonic() >= deadline:
                self._lock.seek(0)
                holder = self._lock.read().strip() or "unknown"
                self._lock.close()
                raise StoreBusy(
                    f"{file} is owned by another process (pid {holder}); one process owns an SQLite file. "
                    f"Stop that one, or point database_url elsewhere (waited {wait_seconds:g} s, lock_wait_seconds)"
                )
            sleep(0.05)
        self._lock.truncate(0)
        self._lock.write(f"{os.getpid()}\n")
        self._lock.flush()

    def _taken(self) -> bool:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Give the file up."""
        self._lock.close()


def refuse_network_file_system(file: Path, mounts: Path = Path("/proc/self/mounts")) -> None:
    """Refuse a file on a network file system, where SQLite's locks and syncs do not hold."""
    try:
        entries = [line.split()[:3] for line in mounts.read_text().splitlines()]
    except OSError:
        return  # Not Linux: nothing tells.
    best = max(
        ((Path(point), kind) for _, point, kind in entries if file.is_relative_to(point)),
        key=lambda entry: len(entry[0].parts),
        default=None,
    )
    if best is not None and best[1] in _NETWORK_FILE_SYSTEMS:
        raise ConfigurationError(
            f"database_url: {file} lies on a {best[1]} file system, where SQLite can lose data; use a local disk"
        )


class _Hinting(SQLiteCompiler):
    """Write hints, which SQLite knows as INDEXED BY and SQLAlchemy only for other engines."""

    def get_from_hint_text(self, _table: object, text: str | None) -> str | None:
        return text


def _from_json(text: str) -> Any:  # noqa: ANN401 - JSON may be anything
    """Read a column of JSON; what most of them hold is nothing."""
    return [] if text == "[]" else {} if text == "{}" else json.loads(text)


def open_writer(database_url: str) -> Engine:
    """Make the engine of the one writing connection: WAL, synchronous FULL, immediate transactions."""
    engine = create_engine(
        _parsed(database_url),
        poolclass=NullPool,
        connect_args={"check_same_thread": False, "timeout": 30, "isolation_level": None},
        # What a statement was given may be somebody's name, and errors are logged.
        hide_parameters=True,
        json_deserializer=_from_json,
    )

    def prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
        # Before the first page is written, or never: a file without it gives no space back.
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")
        # What is deleted is overwritten: the file's bytes must not go on telling it.
        connection.execute("PRAGMA secure_delete=ON")
        mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        connection.execute("PRAGMA synchronous=FULL")
        level = connection.execute("PRAGMA synchronous").fetchone()[0]
        if (mode, level) != ("wal", 2):
            raise ConfigurationError(f"database_url: SQLite gave journal_mode={mode}, synchronous={level}, not wal, 2")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(f"PRAGMA wal_autocheckpoint={LAST_RESORT_PAGES}")
        connection.execute(f"PRAGMA cache_size=-{_CACHE_KIBIBYTES}")

    engine.dialect.statement_compiler = _Hinting
    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", lambda connection: asked_of_driver(connection, "BEGIN IMMEDIATE"))
    return engine


def open_reader(database_url: str) -> Engine:
    """Make the engine of the reading connections, which cannot write and never checkpoint."""
    engine = create_engine(
        _parsed(database_url),
        poolclass=QueuePool,
        pool_size=READERS,
        max_overflow=0,
        # Who read last reads next: the others need not hold the same pages and statements.
        pool_use_lifo=True,
        connect_args={
            "check_same_thread": False,
            "timeout": 30,
            "isolation_level": None,
            "cached_statements": _READER_STATEMENTS,
        },
        # What a statement was given may be somebody's name, and errors are logged.
        hide_parameters=True,
        json_deserializer=_from_json,
    )

    def prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
        connection.execute("PRAGMA query_only=ON")
        connection.execute("PRAGMA wal_autocheckpoint=0")
        connection.execute(f"PRAGMA cache_size=-{_READER_CACHE_KIBIBYTES}")

    engine.dialect.statement_compiler = _Hinting
    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", lambda connection: asked_of_driver(connection, "BEGIN"))
    return engine
