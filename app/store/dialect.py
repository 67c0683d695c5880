"""What SQLAlchemy spells per engine although engines agree on it, and what one engine must be told literally."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, Connection, CursorResult, Table, literal
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import ReturningInsert

__all__ = ["Insert", "PerEngine", "insert", "literally"]

Insert = postgresql.Insert | sqlite.Insert


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compiled:
    """An INSERT of certain columns in the words of one engine; ``converting`` is what is done to whose values."""

    statement: SQLCompiler
    names: tuple[str, ...]
    converting: tuple[tuple[str, Callable[[Any], Any]], ...]

    def rows(self, values: Iterable[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
        """Lay rows out as the driver takes them."""
        laid_out = []
        for each in values:
            row = dict(each)
            for name, convert in self.converting:
                row[name] = convert(row[name])
            laid_out.append(tuple([row[name] for name in self.names]))
        return laid_out


class PerEngine:
    """An INSERT that engines spell differently, compiled once for each.

    SQLAlchemy compiles one that says ON CONFLICT anew each time that it runs, which costs ten times what running costs,
    and looks at every value of every row. So many rows are handed to SQLite's driver as they are.
    """

    def __init__(self, build: Callable[[Callable[[Table], Insert]], ReturningInsert[Any] | Insert]) -> None:
        """Have ``build`` make the statement from the engine's own ``insert``."""
        self._build = build
        self._compiled: dict[tuple[str, bool, tuple[str, ...]], _Compiled] = {}

    def run(self, connection: Connection, values: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> CursorResult[Any]:
        """Insert one row, or several, each with the same columns."""
        if isinstance(values, Mapping):
            return connection.execute(self._for(connection, tuple(values), is_many=False).statement, values)  # type: ignore[call-overload, no-any-return]
        compiled = self._for(connection, tuple(values[0]), is_many=True)
        if compiled.statement.positional:
            return connection.exec_driver_sql(compiled.statement.string, compiled.rows(values))
        return connection.execute(compiled.statement, values)  # type: ignore[call-overload, no-any-return]

    def _for(self, connection: Connection, names: tuple[str, ...], *, is_many: bool) -> _Compiled:
        dialect = connection.dialect
        key = (dialect.name, is_many, names)
        if key not in self._compiled:
            statement = self._build(lambda table: insert(connection, table))
            compiled = statement.compile(dialect=dialect, column_keys=list(names), for_executemany=is_many)
            assert isinstance(compiled, SQLCompiler)  # noqa: S101 - what an INSERT is compiled to
            types = {name: bound.type.dialect_impl(dialect) for name, bound in compiled.binds.items()}
            converting = [(name, type_.bind_processor(dialect)) for name, type_ in types.items()]
            self._compiled[key] = _Compiled(
                statement=compiled,
                names=tuple(compiled.positiontup or ()),
                converting=tuple((name, convert) for name, convert in converting if convert is not None),
            )
        return self._compiled[key]


def literally(value: str) -> BindParameter[str]:
    """Write a value into the statement itself: SQLite uses a partial index only where it can see that it applies."""
    return literal(value, literal_execute=True)


def insert(connection: Connection, table: Table) -> Insert:
    """Start an INSERT that may say ``on_conflict_do_nothing()`` or ``on_conflict_do_update(…)``."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)
