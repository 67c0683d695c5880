"""The open database."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import DBAPIError

from app.errors import ConfigurationError, StoreUnavailable
from app.store.columns import Ids
from app.store.engine import Ownership, database_file, open_reader, open_writer
from app.store.migrate import is_current, migrate
from app.store.schema import metadata
from app.store.upkeep import truncate_log
from app.store.writer import Operation, Ticket, Writer

__all__ = ["Store"]

T = TypeVar("T")
_READERS: Final = 4


class Store:
    """Write through one group-committing thread, read through a few others.

    Open it with `open`; the file is owned until `close`.
    """

    def __init__(self, database_url: str, ownership: Ownership, observe: Callable[[int, float], None]) -> None:
        """Start the threads; use `open`."""
        self._ownership = ownership
        self._file = database_file(database_url).absolute()
        self._writing = open_writer(database_url)
        self.revisions = migrate(self._writing)
        self._inode = _inode(self._file)
        with self._writing.begin() as connection:
            self.ids = Ids(after=greatest_id(connection))
        self._reading = open_reader(database_url)
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="store-reader")
        self._writer = Writer(self._writing, observe=observe)

    @classmethod
    def open(
        cls,
        database_url: str,
        *,
        lock_wait_seconds: float = 10.0,
        observe: Callable[[int, float], None] = lambda _count, _seconds: None,
    ) -> Self:
        """Own the database, bring its schema up to date, and start.

        Raises:
            ConfigurationError: The URL or the file cannot be used.
            StoreBusy: Another process owns the file.

        """
        ownership = Ownership(database_file(database_url), wait_seconds=lock_wait_seconds)
        try:
            return cls(database_url, ownership, observe)
        except DBAPIError as error:
            ownership.release()
            file = database_file(database_url).absolute()
            raise ConfigurationError(f"database_url: {file} cannot be opened and written: {error.orig}") from None
        except BaseException:
            ownership.release()
            raise

    async def write(self, operation: Operation[T], *, size: int = 0) -> T:
        """Commit an operation, together with whatever else waits; return its result once it is synced to disk.

        Raises:
            StoreUnavailable: The database refused; nothing was changed.

        """
        return await self._writer.submit(operation, size=size).outcome

    def submit(self, operation: Operation[T], *, size: int = 0) -> Ticket[T]:
        """Queue an operation; see `Writer.submit`."""
        return self._writer.submit(operation, size=size)

    def withdraw(self, ticket: Ticket[Any]) -> bool:
        """Take an operation back; see `Writer.withdraw`."""
        return self._writer.withdraw(ticket)

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Run a query on a read-only snapshot, off the event loop.

        Raises:
            StoreUnavailable: The database cannot be read.

        """
        try:
            answer = asyncio.get_running_loop().run_in_executor(self._readers, self._query, query)
        except RuntimeError:  # The readers were shut down.
            raise StoreUnavailable("the store is closed") from None
        return await answer

    def _query(self, query: Callable[[Connection], T]) -> T:
        try:
            with self._reading.begin() as connection:
                return query(connection)
        except DBAPIError as error:
            raise StoreUnavailable(f"the database cannot be read: {error.orig}") from None

    def is_in_place(self) -> bool:
        """Tell whether what is written is still the file that the path names.

        One that was deleted or replaced goes on working, and is gone at the next start.
        """
        return self._inode is None or self._inode == _inode(self._file)

    async def check(self) -> None:
        """Prove that the database can be written and has this release's schema.

        Raises:
            StoreUnavailable: It cannot, or has not.

        """
        await self.write(_Touch())
        if not await self.read(is_current):
            raise StoreUnavailable("the database has not this release's schema; run: carrier-relay migrate")

    async def truncate_log(self) -> bool:
        """Empty the write-ahead log, so that no page of before is left in it; tell whether it is empty.

        Readers of an older snapshot, and whoever writes at that moment, go first: it can be tried again.
        """
        return await asyncio.to_thread(truncate_log, self._writing)

    async def close(self) -> None:
        """Commit what is queued and give the file up."""
        await asyncio.to_thread(self._writer.close)
        self._readers.shutdown()
        self._writing.dispose()
        self._reading.dispose()
        self._ownership.release()


def _inode(file: Path) -> tuple[int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


class _Touch:
    """Take the write lock and change nothing that lasts."""

    def run(self, connection: Connection) -> None:
        connection.execute(text("UPDATE alembic_version SET version_num = version_num"))


def greatest_id(connection: Connection) -> int:
    """Return the greatest id that any table holds, 0 when all are empty."""
    tables = (table for table in metadata.sorted_tables if "id" in table.columns)
    return max(connection.execute(select(func.max(table.c.id))).scalar() or 0 for table in tables)
