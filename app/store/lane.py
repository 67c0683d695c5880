"""One connection that commits batches of operations, and what a failure of one means for the others."""

import contextlib
from collections.abc import Sequence
from typing import Any, Final, Protocol, TypeVar, cast

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, ProgrammingError

from app.crowd import Crowd
from app.errors import ConfigurationError, StoreUnavailable
from app.store.checkpoints import Checkpoints
from app.store.exclusion import Exclusion
from app.store.lasting import begin

__all__ = ["Lane", "Operation", "said"]

T_co = TypeVar("T_co", covariant=True)

_UNAVAILABLE: Final = frozenset({"08", "25", "26", "28", "3D", "40", "42", "53", "55", "57", "58", "XX"})
"""Classes of PostgreSQL's errors that say nothing of the operation: it may succeed when the database is well again."""
_CONNECTION: Final = frozenset({"08", "25", "28", "53", "57"})
"""Those that would meet every other operation as well."""
_TIDIED_AFTER: Final = 64
"""Operations between two looks at the log: each look lets go of the interpreter, and waits for it behind the others."""
_LOCK_NOT_AVAILABLE: Final = "55P03"


class Operation(Protocol[T_co]):
    """A unit of change: runs inside a transaction, and may run again.

    What it excludes in other processes it says as ``excludes``; see `app.store.exclusion`. One that says ``is_between``
    runs on the connection of those transactions, between two of them.
    """

    def run(self, connection: Connection) -> T_co:
        """Make the change and return what the caller wants to know."""


class Groupable(Protocol):
    """An operation that can be run for many at the price of one."""

    @classmethod
    def run_all(cls, connection: Connection, operations: Sequence[Any]) -> Sequence[Any]:
        """Run all, and return an outcome for each."""


class Lane:
    """Commit batches through one connection, one after the other."""

    def __init__(self, engine: Engine) -> None:
        """Connect when there is something to do."""
        self._engine = engine
        self._connection: Connection | None = None
        self._lasting = True
        self._lasted = True
        self._checkpoints = Checkpoints(engine)
        self._untidied = 0

    def attempt(self, excludes: Exclusion, batch: Sequence[Operation[Any]], *, lasting: bool = True) -> list[Any]:
        """Run a batch in one transaction; return an outcome for each, which may be an exception.

        Its commit waits for the disk unless it need not be ``lasting``; see `app.store.lasting`.
        """
        self._lasting = lasting
        between = [getattr(operation, "is_between", False) for operation in batch]
        if not any(between):
            return self._attempt(excludes, batch)
        inside = [operation for operation, is_between in zip(batch, between, strict=True) if not is_between]
        outcomes = iter(self._attempt(excludes, inside) if inside else ())
        return [
            self._between(operation) if is_between else next(outcomes)
            for operation, is_between in zip(batch, between, strict=True)
        ]

    def _attempt(self, excludes: Exclusion, batch: Sequence[Operation[Any]]) -> list[Any]:
        try:
            return self._transaction(excludes, batch)
        except _Unsettled:
            # Run again, each operation finds what it left behind if it was committed.
            return self._once_more(excludes, batch)
        except Exception as error:  # noqa: BLE001 - whatever broke the batch belongs to one of its operations
            if _concerns_all(error):
                return self._once_more(excludes, batch)
            if len(batch) == 1:
                return [_translate(error)]
        return [self._alone(excludes, operation) for operation in batch]

    def _between(self, operation: Operation[Any]) -> Any:  # noqa: ANN401 - what the operation returns
        """Run what cannot be run within a transaction, on the connection of those."""
        try:
            return operation.run(self._connect())
        except Exception as error:  # noqa: BLE001 - reported to whoever waits for it
            return _translate(error)

    @property
    def is_untidy(self) -> bool:
        """Tell whether anything was attempted since it was tidied."""
        return self._untidied > 0

    def tidy(self, count: int, crowd: Crowd) -> None:
        """Do what need not be done before those who wait are told; ``count`` operations were attempted since.

        It is put off for a while where few are there, who are about to be gone, and looked for when they have gone.
        """
        self._untidied += count
        if crowd.is_between or self._untidied >= _TIDIED_AFTER:
            self._tidy(patient=crowd.is_few)

    def rest(self) -> None:
        """Do the same where nothing was to be attempted for a while."""
        self._tidy(patient=False)

    def _tidy(self, *, patient: bool) -> None:
        self._untidied = 0
        self._checkpoints.make(self._connection, patient=patient)

    def close(self) -> None:
        """Give the connection up."""
        self._disconnect()

    def _once_more(self, excludes: Exclusion, batch: Sequence[Operation[Any]]) -> list[Any]:
        """Try a new connection; one by one, operations would wait for a database that is not there, one by one."""
        try:
            return self._transaction(excludes, batch)
        except Exception as error:  # noqa: BLE001 - reported to whoever waits
            if len(batch) > 1 and not _concerns_all(error):
                return [self._alone(excludes, operation) for operation in batch]
            return [_translate(error)] * len(batch)

    def _alone(self, excludes: Exclusion, operation: Operation[Any]) -> Any:  # noqa: ANN401 - what the operation returns
        try:
            return self._transaction(excludes, [operation])[0]
        except Exception as error:  # noqa: BLE001 - reported to whoever waits for it
            return _translate(error)

    def _transaction(self, excludes: Exclusion, batch: Sequence[Operation[Any]]) -> list[Any]:
        try:
            connection = self._connect()
            # Should this fail half way, the next one that is to last makes sure of it.
            before, self._lasted = self._lasted, False
            transaction = begin(connection, excludes, lasting=self._lasting, before=before)
            self._lasted = self._lasting
            try:
                outcomes = _run_grouped(connection, batch)
            except BaseException:
                transaction.rollback()
                raise
            try:
                transaction.commit()
            except DBAPIError as error:
                raise _Unsettled(f"it is not known whether a transaction was committed: {said(error)}") from error
        except (DBAPIError, _Unsettled):
            # A connection that failed may have lost its session, its locks or its mind.
            self._disconnect()
            raise
        return outcomes

    def _connect(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
            self._lasted = True
        return self._connection

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(DBAPIError):
                connection.close()


def _run_grouped(connection: Connection, operations: Sequence[Operation[Any]]) -> list[Any]:
    """Run operations in order, those of a kind that knows how together."""
    outcomes: list[Any] = [None] * len(operations)
    together: dict[type[Groupable], list[int]] = {}
    for index, operation in enumerate(operations):
        if hasattr(operation, "run_all"):
            together.setdefault(cast(type[Groupable], type(operation)), []).append(index)
    for kind, indexes in together.items():
        results = kind.run_all(connection, [operations[index] for index in indexes])
        for index, result in zip(indexes, results, strict=True):
            outcomes[index] = result
    for index, operation in enumerate(operations):
        if not hasattr(operation, "run_all"):
            outcomes[index] = operation.run(connection)
    return outcomes


class _Unsettled(StoreUnavailable):
    """A COMMIT ended without an answer."""


def _translate(error: Exception) -> Exception:
    """Report trouble with the database as such; what is wrong with an operation itself stays what it is."""
    if isinstance(error, ConfigurationError):
        return StoreUnavailable(str(error))
    if not isinstance(error, DBAPIError) or isinstance(error, DataError | IntegrityError):
        return error
    state = _state(error)
    is_ours = state[:2] in _UNAVAILABLE if state else not isinstance(error, ProgrammingError)
    return StoreUnavailable(f"the database refused the transaction: {said(error)}") if is_ours else error


def _concerns_all(error: Exception) -> bool:
    """Tell whether an error would meet every operation of a batch: the database is not there, or does not answer."""
    if isinstance(error, _Unsettled | ConfigurationError):
        return True  # A connection is made, and found wanting, before the first operation runs.
    if not isinstance(error, DBAPIError):
        return False
    state = _state(error)
    is_unreachable = hasattr(error.orig, "sqlstate") and not state and isinstance(error, OperationalError)
    return is_unreachable or error.connection_invalidated or state[:2] in _CONNECTION or state == _LOCK_NOT_AVAILABLE


def _state(error: DBAPIError) -> str:
    """Return PostgreSQL's code of an error, empty where the engine has none, or the server said nothing."""
    return str(getattr(error.orig, "sqlstate", None) or "")


def said(error: DBAPIError) -> str:
    """Return what the database says of an error, without its details: they may quote what was to be stored."""
    return next(iter(str(error.orig).splitlines()), type(error.orig).__name__)
