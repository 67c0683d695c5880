"""One writer thread with group commit: what queued while the last commit was in flight is the next transaction.

Nothing lingers: with one caller each operation is its own transaction, with many the cost of a flush is shared. A
batch that fails is run again one operation at a time, so that a bad one fails alone. An operation must therefore be
safe to run again after its transaction was rolled back, or after a commit whose outcome is unknown.
"""

import asyncio
import contextlib
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Protocol, TypeVar, runtime_checkable

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError

from app.errors import StoreUnavailable

__all__ = ["Operation", "Ticket", "Writer"]

T_co = TypeVar("T_co", covariant=True)
T = TypeVar("T")

MAX_BATCH: Final = 256
MAX_BATCH_BYTES: Final = 32 * 1024 * 1024


class Operation(Protocol[T_co]):
    """A unit of change: runs inside a transaction, and may run again."""

    def run(self, connection: Connection) -> T_co:
        """Make the change and return what the caller wants to know."""


@runtime_checkable
class Groupable(Protocol):
    """An operation that can be run for many at the price of one."""

    @classmethod
    def run_all(cls, connection: Connection, operations: Sequence[Any]) -> Sequence[Any]:
        """Run all, and return an outcome for each."""


@dataclass(slots=True, eq=False)
class Ticket(Generic[T]):
    """An operation on its way; await ``outcome``."""

    operation: Operation[T]
    outcome: asyncio.Future[T]
    size: int = 0
    taken: bool = field(default=False)


class Writer:
    """Commit operations, several to a transaction."""

    def __init__(
        self, engine: Engine, *, observe: Callable[[int, float], None] = lambda _count, _seconds: None
    ) -> None:
        """Write through one connection of ``engine``; ``observe`` is told each batch's size and duration."""
        self._engine = engine
        self._observe = observe
        self._queue: deque[Ticket[Any]] = deque()
        self._ready = threading.Condition()
        self._closing = False
        self._connection: Connection | None = None
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, operation: Operation[T], *, size: int = 0) -> Ticket[T]:
        """Queue an operation from the event loop; ``size`` is what it holds in memory, in bytes."""
        ticket = Ticket(operation, asyncio.get_running_loop().create_future(), size)
        with self._ready:
            if self._closing:
                raise StoreUnavailable("the store is closed")
            self._queue.append(ticket)
            self._ready.notify()
        return ticket

    def withdraw(self, ticket: Ticket[Any]) -> bool:
        """Take an operation back unless a transaction already holds it; then its outcome must be awaited."""
        with self._ready:
            if ticket.taken:
                return False
            self._queue.remove(ticket)
            return True

    def close(self) -> None:
        """Commit what is queued, then stop."""
        with self._ready:
            self._closing = True
            self._ready.notify()
        self._thread.join()

    def _take(self) -> list[Ticket[Any]]:
        with self._ready:
            while not self._queue and not self._closing:
                self._ready.wait()
            batch: list[Ticket[Any]] = []
            size = 0
            while self._queue and len(batch) < MAX_BATCH and size < MAX_BATCH_BYTES:
                ticket = self._queue.popleft()
                ticket.taken = True
                size += ticket.size
                batch.append(ticket)
            return batch

    def _run(self) -> None:
        while batch := self._take():
            started = time.perf_counter()
            outcomes = self._attempt(batch)
            self._observe(len(batch), time.perf_counter() - started)
            _resolve(batch, outcomes)
        self._disconnect()

    def _attempt(self, batch: Sequence[Ticket[Any]]) -> list[Any]:
        try:
            return self._transaction(batch)
        except _Unsettled:
            pass  # Run again, each operation finds what it left behind if it was committed.
        except Exception as error:  # noqa: BLE001 - whatever broke the batch belongs to one of its operations
            if len(batch) == 1:
                return [_translate(error)]
        return [self._alone(ticket) for ticket in batch]

    def _alone(self, ticket: Ticket[Any]) -> Any:  # noqa: ANN401 - what the operation returns
        try:
            return self._transaction([ticket])[0]
        except Exception as error:  # noqa: BLE001 - reported to whoever waits for it
            return _translate(error)

    def _transaction(self, batch: Sequence[Ticket[Any]]) -> list[Any]:
        try:
            connection = self._connect()
            transaction = connection.begin()
            try:
                outcomes = _run_grouped(connection, [ticket.operation for ticket in batch])
            except BaseException:
                transaction.rollback()
                raise
            try:
                transaction.commit()
            except DBAPIError as error:
                raise _Unsettled(f"it is not known whether a transaction was committed: {error.orig}") from error
        except (DBAPIError, _Unsettled):
            # A connection that failed may have lost its session, its locks or its mind.
            self._disconnect()
            raise
        return outcomes

    def _connect(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(DBAPIError):
                connection.close()


def _run_grouped(connection: Connection, operations: Sequence[Operation[Any]]) -> list[Any]:
    """Run operations in order, those of a kind that knows how together."""
    outcomes: list[Any] = [None] * len(operations)
    together: dict[type, list[int]] = {}
    for index, operation in enumerate(operations):
        if isinstance(operation, Groupable):
            together.setdefault(type(operation), []).append(index)
    for kind, indexes in together.items():
        results = kind.run_all(connection, [operations[index] for index in indexes])  # type: ignore[attr-defined]
        for index, result in zip(indexes, results, strict=True):
            outcomes[index] = result
    for index, operation in enumerate(operations):
        if not isinstance(operation, Groupable):
            outcomes[index] = operation.run(connection)
    return outcomes


class _Unsettled(StoreUnavailable):
    """A COMMIT ended without an answer."""


def _translate(error: Exception) -> Exception:
    """Report trouble with the database as such; what is wrong with an operation itself stays what it is."""
    if isinstance(error, DBAPIError) and not isinstance(error, DataError | IntegrityError | ProgrammingError):
        return StoreUnavailable(f"the database refused the transaction: {error.orig}")
    return error


def _resolve(batch: Sequence[Ticket[Any]], outcomes: Sequence[Any]) -> None:
    """Tell the waiters of a batch, waking each event loop once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = {}
    for ticket, outcome in zip(batch, outcomes, strict=True):
        by_loop.setdefault(ticket.outcome.get_loop(), []).append((ticket.outcome, outcome))
    for loop, settled in by_loop.items():
        with contextlib.suppress(RuntimeError):  # The loop was closed: nobody waits any more.
            loop.call_soon_threadsafe(_settle, settled)


def _settle(settled: Sequence[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, outcome in settled:
        if future.done():
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
