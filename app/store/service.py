"""The open database."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from app.crowd import Crowd
from app.errors import ConfigurationError, StoreUnavailable
from app.store.checkpoints import EmptyLog
from app.store.columns import Ids
from app.store.engine import Database, database_of
from app.store.exclusion import FREE, Exclusion
from app.store.greatest import greatest_id
from app.store.lane import said
from app.store.migrate import is_usable, migrate
from app.store.sqlite import Ownership
from app.store.writer import Operation, Ticket, Writer

if TYPE_CHECKING:
    from app.store.membership import Membership

__all__ = ["Store"]

T = TypeVar("T")

_LOG_TRIES: Final = 10


def utc_now() -> datetime:
    """Return the time of this machine."""
    return datetime.now(UTC)


class Store:
    """Write through group-committing threads, read through a few others.

    Open it with `open`; a file is owned, and a place among the processes that share a server is kept, until `close`.
    """

    def __init__(
        self,
        database: Database,
        ownership: Ownership | None,
        *,
        wait_seconds: float,
        observe: Callable[[int, float], None],
        together: Callable[[str], Sequence[str]],
        role: str,
        now: Callable[[], datetime],
    ) -> None:
        """Start the threads; use `open`."""
        self.database = database
        self._ownership = ownership
        self._writing = database.open_writer()
        self.revisions = migrate(self._writing, wait_seconds=wait_seconds)
        self._file = database.file.absolute() if database.file else None
        self._inode = _inode(self._file)
        self._membership = self._join(now, role) if database.is_shared else None
        self.now: Callable[[], datetime] = self._membership.clock if self._membership else now
        self.ids = self._membership.ids if self._membership else Ids(after=self._greatest_id())
        self._reading = database.open_reader()
        self._readers = ThreadPoolExecutor(database.readers, thread_name_prefix="store-reader")
        self._writer = Writer(self._writing, lanes=database.lanes, together=together, observe=observe)
        self._untold: set[str] = set()

    @classmethod
    def open(
        cls,
        database_url: str,
        *,
        lock_wait_seconds: float = 10.0,
        pooled: bool = False,
        observe: Callable[[int, float], None] = lambda _count, _seconds: None,
        together: Callable[[str], Sequence[str]] = lambda account: (account,),
        role: str = "all",
        now: Callable[[], datetime] = utc_now,
    ) -> Self:
        """Own the database or join those who share it, bring its schema up to date, and start.

        Args:
            database_url: Which one.
            lock_wait_seconds: How long to wait for its owner, or for another process that migrates it.
            pooled: Whether each transaction may get another session of the server.
            observe: Is told each batch's size and duration.
            together: The accounts among which shipments are sought together with one.
            role: What this process does, for people.
            now: This machine's clock.

        Raises:
            ConfigurationError: The URL or the database cannot be used.
            StoreBusy: Another process owns the file, or migrates the database.
            StoreUnavailable: The server cannot be reached.

        """
        database = database_of(database_url, pooled=pooled)
        ownership = Ownership(database.file, wait_seconds=lock_wait_seconds) if database.file else None
        try:
            return cls(
                database,
                ownership,
                wait_seconds=lock_wait_seconds,
                observe=observe,
                together=together,
                role=role,
                now=now,
            )
        except BaseException as error:
            if ownership is not None:
                ownership.release()
            if isinstance(error, DBAPIError):
                raise _refusal(database, error) from None
            raise

    def _join(self, now: Callable[[], datetime], role: str) -> "Membership":
        from app.store.membership import Membership, ServerClock  # noqa: PLC0415 - a file needs none of the driver

        clock = ServerClock(now)
        return Membership(self.database, self._writing, clock=clock, role=role, greatest_id=self._greatest_id)

    def give_way(self, crowd: Crowd) -> None:
        """Have what gives way do so to whoever is in a crowd."""
        self._writer.give_way(crowd)

    async def write(
        self, operation: Operation[T], *, size: int = 0, lasting: bool = True, gives_way: bool = False
    ) -> T:
        """Commit an operation, together with whatever else waits; return its result once it is synced to disk.

        What is not ``lasting`` can be done again from what is on disk: it is synced with the next commit that is. What
        ``gives_way`` waits for a moment while webhooks are on their way.

        Raises:
            StoreUnavailable: The database refused; nothing was changed.

        """
        return await self._writer.submit(operation, size=size, lasting=lasting, gives_way=gives_way).outcome

    def submit(
        self,
        operation: Operation[T],
        *,
        size: int = 0,
        lasting: bool = True,
        gather: bool = False,
        gives_way: bool = False,
    ) -> Ticket[T]:
        """Queue an operation; see `Writer.submit`."""
        return self._writer.submit(operation, size=size, lasting=lasting, gather=gather, gives_way=gives_way)

    def resubmit(self, ticket: Ticket[T], operation: Operation[T]) -> bool:
        """Have another operation in the place of one; see `Writer.resubmit`."""
        return self._writer.resubmit(ticket, operation)

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
            raise StoreUnavailable(f"the database cannot be read: {said(error)}") from None

    def is_in_place(self) -> bool:
        """Tell whether what is written is still the file that the path names.

        One that was deleted or replaced goes on working, and is gone at the next start.
        """
        return self._inode is None or self._inode == _inode(self._file)

    async def check(self) -> None:
        """Prove that the database can be written and has this release's schema, or one on which it works.

        Raises:
            StoreUnavailable: It cannot, or has not.

        """
        await self.write(_Touch())
        if not await self.read(is_usable):
            raise StoreUnavailable(
                "the database has not this release's schema: run carrier-relay migrate if it is an older one; if it is "
                "a newer one, this release does not work on it"
            )

    @property
    def is_shared(self) -> bool:
        """Tell whether other processes may share the database."""
        return self._membership is not None

    def hear(self, topic: str, told: Callable[[], None]) -> None:
        """Call ``told`` on this event loop whenever another process tells of ``topic``."""
        if self._membership is None:
            return
        loop = asyncio.get_running_loop()

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # The loop was closed: nobody waits any more.
                loop.call_soon_threadsafe(told)

        self._membership.hear(topic, wake)

    def tell(self, topic: str) -> None:
        """Tell the processes that share the database of ``topic``; who does not hear it finds out by looking."""
        if self._membership is None or self.database.pooled or topic in self._untold:
            return
        self._untold.add(topic)
        with contextlib.suppress(StoreUnavailable):
            ticket = self._writer.submit(self._membership.telling(topic))
            ticket.outcome.add_done_callback(lambda done: self._told(topic, done))

    def _told(self, topic: str, done: "asyncio.Future[None]") -> None:
        self._untold.discard(topic)
        if not done.cancelled():
            done.exception()  # It was not told, and is found out by looking.

    async def truncate_log(self) -> bool:
        """Empty the write-ahead log, so that no page of before is left in it; tell whether it is empty.

        Readers of an older snapshot go first: it can be tried again.

        Raises:
            StoreUnavailable: The database refused.

        """
        if self.database.file is None:
            return True
        for _ in range(_LOG_TRIES):
            if await self.write(EmptyLog()):
                return True
        return False

    async def close(self) -> None:
        """Commit what is queued, and give up the file or the place among those who share the server."""
        await asyncio.to_thread(self._close)
        if self._ownership is not None:
            self._ownership.release()

    def _close(self) -> None:
        self._writer.close()
        self._readers.shutdown()
        if self._membership is not None:
            self._membership.leave()
        self._writing.dispose()
        self._reading.dispose()

    def _greatest_id(self) -> int:
        with self._writing.begin() as connection:
            return greatest_id(connection)


def _refusal(database: Database, error: DBAPIError) -> Exception:
    """Say why a database could not be opened."""
    if database.file is not None:
        file = database.file.absolute()
        return ConfigurationError(f"database_url: {file} cannot be opened and written: {said(error)}")
    state = str(getattr(error.orig, "sqlstate", None) or "")
    if state[:2] in {"28", "3D", "42", "0A"}:
        return ConfigurationError(f"database_url: {database.place} cannot be used: {said(error)}")
    return StoreUnavailable(f"{database.place} cannot be reached: {said(error)}")


def _inode(file: Path | None) -> tuple[int, int] | None:
    try:
        found = file.stat() if file else None
    except OSError:
        return None
    return (found.st_dev, found.st_ino) if found else None


class _Touch:
    """Take the write lock and change nothing that lasts."""

    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> None:
        connection.execute(text("UPDATE alembic_version SET version_num = version_num"))
