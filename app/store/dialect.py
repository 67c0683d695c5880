"""What SQLAlchemy spells per engine although engines agree on it, and what one engine must be told literally."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

from sqlalchemy import BindParameter, Connection, CursorResult, Dialect, LargeBinary, Table, literal
from sqlalchemy.dialects import sqlite
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.types import TypeEngine

from app.store.driver import array_of, asked_of_driver

__all__ = ["Insert", "PerEngine", "converter_of", "insert", "literally", "positional"]

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

    Insert = postgresql.Insert | sqlite.Insert
else:
    # PostgreSQL's dialect is as large as the rest of SQLAlchemy's statements; a file needs none of it.
    Insert = sqlite.Insert

_VALUES: Final = re.compile(
    r"INSERT INTO (?P<table>\S+) \(.+?\) VALUES \(.+?\)(?P<otherwise> ON CONFLICT .+)?", re.DOTALL
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compiled:
    """An INSERT of certain columns in the words of one engine; ``plan`` names them and says what is done to values."""

    statement: SQLCompiler
    plan: tuple[tuple[str, Callable[[Any], Any] | None], ...]
    of_arrays: tuple[str, tuple[str, ...]] | None
    """The same INSERT of many rows that come as one array for each column, and their types, where there are arrays."""

    def rows(self, values: Iterable[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
        """Lay rows out as the driver takes them."""
        plan = self.plan
        return [
            tuple([each[name] if convert is None else convert(each[name]) for name, convert in plan]) for each in values
        ]


class PerEngine:
    """An INSERT that engines spell differently, compiled once for each.

    SQLAlchemy compiles one that says ON CONFLICT anew each time that it runs, which costs ten times what running costs,
    and looks at every value of every row. So many rows are handed to the driver: to SQLite's as they are, and to
    PostgreSQL's as one array for each column.
    """

    def __init__(self, build: Callable[[Callable[[Table], Insert]], ReturningInsert[Any] | Insert]) -> None:
        """Have ``build`` make the statement from the engine's own ``insert``."""
        self._build = build
        self._compiled: dict[tuple[str, bool, tuple[str, ...]], _Compiled] = {}

    def run(self, connection: Connection, values: Mapping[str, Any]) -> CursorResult[Any]:
        """Insert one row."""
        return connection.execute(self._for(connection, tuple(values), is_many=False).statement, values)  # type: ignore[call-overload, no-any-return]

    def run_all(self, connection: Connection, values: Sequence[Mapping[str, Any]]) -> int:
        """Insert several rows, each with the same columns; return how many were."""
        compiled = self._for(connection, tuple(values[0]), is_many=True)
        if compiled.of_arrays is None:
            return connection.exec_driver_sql(compiled.statement.string, compiled.rows(values)).rowcount
        text, kinds = compiled.of_arrays
        columns = zip(*compiled.rows(values), strict=True)
        arrays = tuple([array_of(column, kind) for column, kind in zip(columns, kinds, strict=True)])
        if connection.dispatch.before_cursor_execute:
            return connection.exec_driver_sql(text, arrays).rowcount
        return int(asked_of_driver(connection, text, arrays).rowcount)

    def _for(self, connection: Connection, names: tuple[str, ...], *, is_many: bool) -> _Compiled:
        dialect = connection.dialect
        key = (dialect.name, is_many, names)
        if key not in self._compiled:
            statement = self._build(lambda table: insert(connection, table))
            said_for = positional(dialect) if is_many else dialect
            compiled = statement.compile(dialect=said_for, column_keys=list(names), for_executemany=is_many)
            assert isinstance(compiled, SQLCompiler)  # noqa: S101 - what an INSERT is compiled to
            converting = {name: converter_of(bound.type, dialect) for name, bound in compiled.binds.items()}
            order = compiled.positiontup or names
            self._compiled[key] = _Compiled(
                statement=compiled,
                plan=tuple((name, converting.get(name)) for name in order),
                of_arrays=_of_arrays(compiled, order) if is_many else None,
            )
        return self._compiled[key]


def _of_arrays(compiled: SQLCompiler, names: Sequence[str]) -> tuple[str, tuple[str, ...]] | None:
    """Have an INSERT take arrays: PostgreSQL's driver sends rows one by one, each of which is a statement."""
    said = _VALUES.fullmatch(compiled.string)
    if compiled.dialect.name != "postgresql" or said is None or sorted(compiled.binds) != sorted(names):
        return None
    quote = compiled.dialect.identifier_preparer.quote
    columns = ", ".join(map(quote, names))
    kinds = tuple(compiled.binds[name].type.compile(compiled.dialect) for name in names)
    arrays = ", ".join(f"%s::{kind}[]" for kind in kinds)
    # Names of tables and columns, and types, as SQLAlchemy writes them.
    text = f"INSERT INTO {said['table']} ({columns}) SELECT * FROM unnest({arrays}){said['otherwise'] or ''}"  # noqa: S608
    return text, kinds


def converter_of(type_: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    """Return what is done to a value of a column before the driver is given it, None where it is given as it is.

    SQLite's driver takes bytes; wrapped, as SQLAlchemy does, it seeks an adapter for each.
    """
    impl = type_.dialect_impl(dialect)
    if dialect.name == "sqlite" and isinstance(impl, LargeBinary):
        return None
    return impl.bind_processor(dialect)


def positional(dialect: Dialect) -> Dialect:
    """Return the dialect in which values have places instead of names: so a driver is given them."""
    make = cast("Callable[..., Dialect]", type(dialect))
    return dialect if dialect.positional else make(paramstyle="format", dbapi=dialect.dbapi)


def literally(value: str) -> BindParameter[str]:
    """Write a value into the statement itself: SQLite uses a partial index only where it can see that it applies."""
    return literal(value, literal_execute=True)


def insert(connection: Connection, table: Table) -> Insert:
    """Start an INSERT that may say ``on_conflict_do_nothing()`` or ``on_conflict_do_update(…)``."""
    return _postgresql_insert()(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


@cache
def _postgresql_insert() -> "Callable[[Table], postgresql.Insert]":
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - see `Insert`

    return postgresql.insert
