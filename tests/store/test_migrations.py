"""Migrations make exactly the schema that the statements are written for."""

from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from app.errors import ConfigurationError
from app.store import Store
from app.store.migrate import current_revision
from app.store.revisions import HEAD, REVISIONS
from app.store.schema import metadata

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
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return list(compare_metadata(context, metadata))

    assert [] == await store.read(differences)


async def test_every_index_is_there_and_as_partial_as_it_is_meant_to_be(store: Store) -> None:
    def indexes(connection: Connection) -> dict[str, bool]:
        inspector = inspect(connection)
        found = (index for table in metadata.tables for index in inspector.get_indexes(table))
        return {str(index["name"]): bool(index.get("dialect_options")) for index in found if index["name"]}

    expected = {
        str(index.name): any("where" in options for options in index.dialect_kwargs)
        for table in metadata.tables.values()
        for index in table.indexes
    }
    assert expected == {name: there for name, there in (await store.read(indexes)).items() if name.startswith("ix_")}


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
