"""Write many rows at once, as each engine takes them the fastest."""

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import Connection, Table, text

__all__ = ["Written"]


class Written:
    """Write one batch of rows of several tables."""

    def __init__(self, batch: dict[Table, list[dict[str, Any]]]) -> None:
        self._batch = batch

    def run(self, connection: Connection) -> None:
        is_shared = connection.dialect.name == "postgresql"
        if is_shared:
            # What is written fits together, and need not be looked up row by row.
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table, entries in self._batch.items():
            if not entries:
                continue
            names = list(entries[0])
            rows_of = _stored(connection, table, names, entries)
            if is_shared:
                _copy(connection, table, names, rows_of)
            else:
                marks = ", ".join("?" * len(names))
                columns = ", ".join(f'"{name}"' for name in names)
                connection.exec_driver_sql(
                    f'INSERT INTO "{table.name}" ({columns}) VALUES ({marks})',  # noqa: S608 - names of the schema
                    list(rows_of),
                )


def _stored(
    connection: Connection, table: Table, names: list[str], entries: list[dict[str, Any]]
) -> Iterator[tuple[Any, ...]]:
    """Make of values what the database is given: times are numbers there, and lists are texts."""
    processors = [
        table.c[name].type.dialect_impl(connection.dialect).bind_processor(connection.dialect) for name in names
    ]
    return (
        tuple(process(entry[name]) if process else entry[name] for name, process in zip(names, processors, strict=True))
        for entry in entries
    )


def _copy(connection: Connection, table: Table, names: list[str], rows_of: Iterator[tuple[Any, ...]]) -> None:
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(table.name), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    with driver.cursor() as cursor, cursor.copy(statement) as copied:
        for row in rows_of:
            copied.write_row(row)
