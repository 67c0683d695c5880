"""Statements that run with every webhook or call: compiled once, and given to the engine's driver as they are.

SQLAlchemy takes four times as long around such a statement as SQLite takes for it, and three times as long as
PostgreSQL's driver and the way to a server on the same machine. They go the ordinary way while anybody listens to them.
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import BindParameter, Connection, CursorResult, Dialect, Executable, Numeric, Table
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.sql.visitors import iterate
from sqlalchemy.types import TypeEngine

from app.store.dialect import Insert, PerEngine, converter_of, insert, positional
from app.store.driver import asked_of_driver

__all__ = ["Prepared"]

_NOTHING: Final[Mapping[str, Any]] = {}
_LISTED: Final = 8
"""A statement is another one for each power of two that a list in it may be long; with longer ones it goes the
ordinary way."""

_Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compiled:
    """A statement in an engine's words.

    Args:
        text: The words.
        constants: What the statement itself gives.
        places: For each mark its name, and the place in a list of that name.
        has_lists: Whether any mark is of a list.
        giving: What is done to which of the values that are given.
        row: Makes a row with names of what the driver returns.
        reading: What is done to which of its values.

    No value is none, of every type that there is here.
    """

    text: str
    constants: Mapping[str, Any]
    places: tuple[tuple[str, int | None], ...]
    has_lists: bool
    giving: tuple[tuple[int, _Convert], ...]
    row: Callable[[Sequence[Any]], Any]
    reading: tuple[tuple[int, _Convert], ...]

    def given(self, values: Mapping[str, Any]) -> list[Any]:
        """Lay values out as the driver takes them."""
        if self.constants:
            values = {**self.constants, **values}
        if self.has_lists:
            laid_out = [values[name] if place is None else values[name][place] for name, place in self.places]
        else:
            laid_out = [values[name] for name, _ in self.places]
        return _converted(laid_out, self.giving)

    def found(self, rows: Sequence[Sequence[Any]]) -> list[Any]:
        """Read what the driver returned."""
        if not self.reading:
            return [self.row(row) for row in rows]
        return [self.row(_converted(list(row), self.reading)) for row in rows]


def _converted(values: list[Any], converting: tuple[tuple[int, _Convert], ...]) -> list[Any]:
    for index, convert in converting:
        if (value := values[index]) is not None:
            values[index] = convert(value)
    return values


class Prepared:
    """A statement, with names for what it is given; an UPDATE or INSERT sets the columns named when it runs."""

    def __init__(
        self,
        statement: Executable | Callable[[Callable[[Table], Insert]], ReturningInsert[Any] | Insert],
        *,
        listed: int = _LISTED,
    ) -> None:
        """Prepare a statement, or what ``statement`` makes of the engine's own ``insert``.

        With lists longer than ``listed`` it goes the ordinary way.
        """
        self._listed = listed
        self._statement = statement if isinstance(statement, Executable) else None
        self._build = None if isinstance(statement, Executable) else statement
        self._per_engine = None if self._build is None else PerEngine(self._build)
        self._lists = _lists_of(self._statement)
        self._compiled: dict[tuple[Any, ...], _Compiled] = {}

    def run(self, connection: Connection, values: Mapping[str, Any] = _NOTHING) -> int:
        """Run it; return how many rows it changed."""
        found = self._direct(connection, values)
        return self._ordinary(connection, values).rowcount if found is None else found[0].rowcount

    def run_all(self, connection: Connection, values: Sequence[Mapping[str, Any]]) -> None:
        """Run it for each of several, all of which name the same."""
        if len(values) == 1:
            self.run(connection, values[0])
        elif self._per_engine is not None:
            self._per_engine.run_all(connection, values)
        else:
            assert self._statement is not None  # noqa: S101 - or it would be built for each engine
            connection.execute(self._statement, values)

    def all(self, connection: Connection, values: Mapping[str, Any] = _NOTHING) -> Sequence[Any]:
        """Return all rows."""
        found = self._direct(connection, values)
        if found is None:
            return self._ordinary(connection, values).all()
        cursor, compiled = found
        return compiled.found(cursor.fetchall())

    def first(self, connection: Connection, values: Mapping[str, Any] = _NOTHING) -> Any:  # noqa: ANN401 - a row
        """Return the first row, None where there is none."""
        rows = self.all(connection, values)
        return rows[0] if rows else None

    def scalar(self, connection: Connection, values: Mapping[str, Any] = _NOTHING) -> Any:  # noqa: ANN401 - a value
        """Return the first value of the first row, None where there is none."""
        rows = self.all(connection, values)
        return rows[0][0] if rows else None

    def scalars(self, connection: Connection, values: Mapping[str, Any] = _NOTHING) -> list[Any]:
        """Return the first value of each row."""
        return [row[0] for row in self.all(connection, values)]

    def _ordinary(self, connection: Connection, values: Mapping[str, Any]) -> CursorResult[Any]:
        if self._per_engine is not None:
            return self._per_engine.run(connection, values)
        assert self._statement is not None  # noqa: S101 - or it would be built for each engine
        return connection.execute(self._statement, values)

    def _direct(self, connection: Connection, values: Mapping[str, Any]) -> tuple[Any, _Compiled] | None:
        """Ask the driver; its cursor, None where the statement is to go the ordinary way."""
        if connection.dispatch.before_cursor_execute:
            return None
        key: tuple[Any, ...] = (connection.dialect.name, *values)
        if self._lists:
            lists = {name: _padded(values[name]) for name in self._lists}
            lengths = [len(each) for each in lists.values()]
            if max(lengths) > self._listed:
                return None
            key += tuple(lengths)
            values = {**values, **lists}
        compiled = self._compiled.get(key)
        if compiled is None:
            compiled = self._compiled[key] = self._compile(connection, values)
        return asked_of_driver(connection, compiled.text, compiled.given(values)), compiled

    def _compile(self, connection: Connection, values: Mapping[str, Any]) -> _Compiled:
        dialect = positional(connection.dialect)
        statement: Any = self._statement
        if self._build is not None:
            statement = self._build(lambda table: insert(connection, table))
        compiled = statement.compile(dialect=dialect, column_keys=list(values))
        assert isinstance(compiled, SQLCompiler)  # noqa: S101 - what a statement is compiled to
        state = compiled.construct_expanded_state(dict(values))
        listed = {
            part: (name, place) for name, parts in state.parameter_expansion.items() for place, part in enumerate(parts)
        }
        places = [listed.get(mark, (mark, None)) for mark in state.positiontup or ()]
        giving = [converter_of(compiled.binds[name].type, dialect) for name, _ in places]
        columns = list(statement.exported_columns)
        reading = [_reader_of(column.type, dialect) for column in columns]
        names = [str(column.key) for column in columns]
        row: Any = namedtuple("Row", names, rename=True)  # type: ignore[misc]  # noqa: PYI024 - they are known now
        return _Compiled(
            text=state.statement,
            constants={name: bound.value for name, bound in compiled.binds.items() if not bound.required},
            places=tuple(places),
            has_lists=any(place is not None for _, place in places),
            giving=tuple((index, convert) for index, convert in enumerate(giving) if convert is not None),
            row=row._make,
            reading=tuple((index, convert) for index, convert in enumerate(reading) if convert is not None),
        )


def _reader_of(type_: TypeEngine[Any], dialect: Dialect) -> _Convert | None:
    """Return what is done to a value that the driver returned, None where nothing is."""
    # For a number SQLAlchemy wants to know how the server calls its type; both drivers give it as Python's own.
    return None if isinstance(type_, Numeric) else type_.dialect_impl(dialect).result_processor(dialect, None)


def _padded(values: Sequence[Any]) -> Sequence[Any]:
    """Repeat the last until they are a power of two: in a list it says nothing new, and fewer statements are made."""
    lacking = (1 << (len(values) - 1).bit_length()) - len(values) if values else 0
    return [*values, *[values[-1]] * lacking] if lacking else values


def _lists_of(statement: Executable | None) -> tuple[str, ...]:
    """Name what a statement is given as lists."""
    if statement is None:
        return ()
    bound = (each for each in iterate(cast("Any", statement)) if isinstance(each, BindParameter))
    return tuple(dict.fromkeys(each.key for each in bound if each.expanding and each.required))
