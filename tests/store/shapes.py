"""What a schema asks of whoever writes to it, and what a newer one asks that an older one did not."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, inspect

__all__ = ["Shape", "Table", "narrowed", "shape_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table's columns with their types, those that must be given a value, and the names of what else it wants."""

    columns: dict[str, str]
    must: frozenset[str]
    wants: frozenset[str]


Shape = dict[str, Table]


def shape_of(connection: Connection) -> Shape:
    """Look at a database."""
    inspector = inspect(connection)
    return {name: _table(inspector, name) for name in inspector.get_table_names() if name != "alembic_version"}


def _table(inspector: Any, name: str) -> Table:
    columns = inspector.get_columns(name)
    primary = set(inspector.get_pk_constraint(name)["constrained_columns"])
    unique = [index["name"] for index in inspector.get_indexes(name) if index["unique"]]
    constraints = [*inspector.get_unique_constraints(name), *inspector.get_check_constraints(name)]
    constraints += inspector.get_foreign_keys(name)
    return Table(
        columns={column["name"]: str(column["type"]) for column in columns},
        must=frozenset(
            column["name"]
            for column in columns
            if (not column["nullable"] or column["name"] in primary) and column["default"] is None
        ),
        wants=frozenset(filter(None, [*unique, *(constraint["name"] for constraint in constraints)])),
    )


def narrowed(before: Shape, after: Shape) -> list[str]:
    """Say on what a release that knows only the schema of before could stumble; nothing when it only grew."""
    found: list[str] = []
    for name, old in before.items():
        new = after.get(name)
        if new is None:
            found.append(f"{name} is gone")
            continue
        for column, kind in old.columns.items():
            if column not in new.columns:
                found.append(f"{name}.{column} is gone")
            elif kind != new.columns[column]:
                found.append(f"{name}.{column}: {kind} is {new.columns[column]} now")
        found += [f"{name}.{column} must be given now" for column in sorted(new.must - old.must)]
        found += [f"{name}: {each} wants what was not wanted" for each in sorted(new.wants - old.wants)]
    return found
