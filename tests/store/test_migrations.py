"""Migrations make exactly the schema that the statements are written for."""

from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, select, text

from app.errors import ConfigurationError
from app.store import Store
from app.store.columns import JSON
from app.store.console_schema import unknown_codes
from app.store.migrate import current_revision
from app.store.revisions import HEAD, REVISIONS
from app.store.schema import metadata
from tests.store.making import NOW

pytestmark = pytest.mark.anyio

MIGRATIONS = Path(__file__).parents[2] / "app/store/migrations"


async def test_an_empty_database_is_brought_to_this_release_and_a_current_one_is_left(bare_database_url: str) -> None:
    store = Store.open(bare_database_url, lock_wait_seconds=0)
    assert (None, HEAD) == store.revisions
    assert HEAD == await store.read(current_revision)
    await store.close()

    again = Store.open(bare_database_url, lock_wait_seconds=0)
    assert (HEAD, HEAD) == again.revisions
    await again.close()


async def test_the_migrated_schema_is_the_one_in_the_code(store: Store) -> None:
    def differences(connection: Connection) -> list[Any]:
        options = {"compare_type": True, "compare_server_default": _differs}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, metadata))

    assert [] == await store.read(differences)


async def test_every_index_is_there_and_as_partial_as_it_is_meant_to_be(store: Store) -> None:
    def indexes(connection: Connection) -> dict[str, bool]:
        inspector = inspect(connection)
        found = (index for table in metadata.tables for index in inspector.get_indexes(table))
        return {str(index["name"]): _is_partial(index) for index in found if index["name"]}

    expected = {
        str(index.name): any("where" in options for options in index.dialect_kwargs)
        for table in metadata.tables.values()
        for index in table.indexes
    }
    assert expected == {name: there for name, there in (await store.read(indexes)).items() if name.startswith("ix_")}


def _differs(
    _context: Any, _inspected: Any, column: Any, inspected_default: Any, _default: Any, rendered: Any
) -> bool | None:
    """Compare what nested values are by default: PostgreSQL compares no JSON itself. None leaves it to Alembic."""
    if not isinstance(column.type, type(JSON)) or None in {inspected_default, rendered}:
        return None
    return str(inspected_default).partition("::")[0].strip("'") != str(rendered).strip("'")


def _is_partial(index: Any) -> bool:
    return any(name.endswith("_where") for name in index.get("dialect_options", {}))


async def test_texts_are_compared_by_their_bytes_on_every_engine(store: Store) -> None:
    class Mixed:
        def run(self, connection: Connection) -> list[str]:
            for code in ("b", "B", "é", "a", "_", "{"):
                connection.execute(
                    unknown_codes.insert().values(
                        owner="o", carrier="c", code=code, count=1, first_at=NOW, last_at=NOW, webhook_id=1
                    )
                )
            return list(connection.execute(select(unknown_codes.c.code).order_by(unknown_codes.c.code)).scalars())

    assert ["B", "_", "a", "b", "{", "é"] == await store.write(Mixed())


async def test_a_database_of_a_newer_release_is_refused(store: Store, database_url: str) -> None:
    class Upgrade:
        def run(self, connection: Connection) -> None:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    await store.write(Upgrade())
    await store.close()

    with pytest.raises(ConfigurationError, match="revision 9999, which this release does not know"):
        Store.open(database_url, lock_wait_seconds=0)


def test_the_list_of_revisions_is_the_folder_s_in_one_line_of_descent() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))

    assert list(REVISIONS) == [script.revision for script in scripts.walk_revisions()][::-1]
    assert [HEAD] == scripts.get_heads()
