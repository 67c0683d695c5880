"""Migrations make exactly the schema that the statements are written for."""

from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, inspect, select, text

from app.errors import ConfigurationError, StoreUnavailable
from app.store import Store, database_of
from app.store.cluster_schema import compatibility
from app.store.columns import JSON
from app.store.console_schema import unknown_codes
from app.store.migrate import bring_to, current_revision, migrate
from app.store.revisions import BREAKING, HEAD, REVISIONS, SERVED_FROM
from app.store.tables import metadata
from tests.postgresql.databases import Databases
from tests.store.making import NOW, put
from tests.store.shapes import Shape, narrowed, shape_of

pytestmark = pytest.mark.anyio

MIGRATIONS = Path(__file__).parents[2] / "app/store/migrations"
ONLY_ADDING: Final = frozenset({"0002", "0003", "0004", "0005", "0006"})
"""Those of the first releases that only added, too: the rule has to let them pass."""


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


class Upgraded:
    """What a newer release leaves behind."""

    def __init__(self, *, served_from: str) -> None:
        self._served_from = served_from

    def run(self, connection: Connection) -> None:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        connection.execute(compatibility.update().values(served_from=self._served_from))


async def test_a_database_of_a_newer_release_that_serves_this_one_no_more_is_refused(
    store: Store, database_url: str
) -> None:
    await store.write(Upgraded(served_from="9998"))
    with pytest.raises(StoreUnavailable, match="if it is a newer one, this release does not work on it"):
        await store.check()
    await store.close()

    with pytest.raises(ConfigurationError, match="revision 9999, which this release does not know"):
        Store.open(database_url, lock_wait_seconds=0)


@pytest.mark.parametrize("served_from", [SERVED_FROM, HEAD])
async def test_a_database_of_a_newer_release_is_used_while_it_says_that_this_one_works_on_it(
    store: Store, database_url: str, served_from: str
) -> None:
    await store.write(Upgraded(served_from=served_from))
    await store.check()
    await store.write(put(store, "1"))
    await store.close()

    again = Store.open(database_url, lock_wait_seconds=0)
    try:
        assert ("9999", "9999") == again.revisions
        await again.check()
        assert (await again.write(put(again, "1"))).duplicate
    finally:
        await again.close()


async def test_a_database_of_releases_that_say_nothing_of_it_is_only_their_own(store: Store, database_url: str) -> None:
    class Forgotten:
        def run(self, connection: Connection) -> None:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
            compatibility.drop(connection)

    await store.write(Forgotten())
    await store.close()

    with pytest.raises(ConfigurationError, match="does not work on"):
        Store.open(database_url, lock_wait_seconds=0)


async def test_who_migrates_writes_down_which_releases_work_on_the_database(store: Store) -> None:
    served = await store.read(lambda connection: list(connection.execute(select(compatibility)).scalars()))

    assert [SERVED_FROM] == served


def at_each_revision(url: str) -> dict[str, Shape]:
    """Migrate an empty database step by step, and look at it after each."""
    engine = database_of(url).open_writer()
    shapes = {}
    try:
        for revision in REVISIONS:
            with engine.begin() as connection:
                bring_to(connection, revision)
            with engine.begin() as connection:
                shapes[revision] = shape_of(connection)
    finally:
        engine.dispose()
    return shapes


def test_a_migration_only_adds_unless_it_is_said_to_break_the_release_before(bare_database_url: str) -> None:
    shapes = at_each_revision(bare_database_url)

    found = {
        revision: narrowed(shapes[before], shapes[revision])
        for before, revision in pairwise(REVISIONS)
        if revision not in BREAKING or revision in ONLY_ADDING
    }
    assert not any(found.values()), f"{found}: leave that to a later release, or name the revision in BREAKING"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DROP TABLE spare", "spare is gone"),
        ("ALTER TABLE parcels DROP COLUMN words", "parcels.words is gone"),
        ("ALTER TABLE parcels RENAME COLUMN words TO text", "parcels.words is gone"),
        ("ALTER TABLE parcels ADD COLUMN more TEXT NOT NULL DEFAULT ''", None),
        ("ALTER TABLE parcels ADD COLUMN more TEXT", None),
        ("CREATE TABLE another (id INTEGER PRIMARY KEY, name TEXT NOT NULL)", None),
        ("CREATE INDEX ix_words ON parcels (words)", None),
        ("CREATE UNIQUE INDEX ix_words ON parcels (words)", "parcels: ix_words wants what was not wanted"),
    ],
)
def test_what_the_release_before_could_stumble_on_is_found(
    bare_database_url: str, change: str, said: str | None
) -> None:
    assert ([said] if said else []) == narrowed(*before_and_after(bare_database_url, change))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("ALTER TABLE parcels ALTER COLUMN words TYPE VARCHAR(9)", "parcels.words: TEXT is VARCHAR(9) now"),
        ("ALTER TABLE parcels ALTER COLUMN words SET NOT NULL", "parcels.words must be given now"),
        ("ALTER TABLE parcels ALTER COLUMN count DROP DEFAULT", "parcels.count must be given now"),
        ("ALTER TABLE parcels ADD COLUMN more TEXT NOT NULL", "parcels.more must be given now"),
        ("ALTER TABLE parcels ADD CONSTRAINT ck_few CHECK (count < 5)", "parcels: ck_few wants what was not wanted"),
        (
            "ALTER TABLE parcels ADD CONSTRAINT fk_one FOREIGN KEY (count) REFERENCES spare (id)",
            "parcels: fk_one wants what was not wanted",
        ),
    ],
)
def test_what_only_postgresql_can_change_is_found_too(
    databases: Databases, tmp_path: Path, change: str, said: str
) -> None:
    with databases.one("postgresql", tmp_path, migrated=False) as url:
        assert [said] == narrowed(*before_and_after(url, change))


def before_and_after(url: str, change: str) -> tuple[Shape, Shape]:
    """Look at a small schema, change it, and look again."""
    engine = database_of(url).open_writer()
    try:
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE spare (id INTEGER PRIMARY KEY)"))
            parcels = "id INTEGER PRIMARY KEY, words TEXT, count INTEGER NOT NULL DEFAULT 0"
            connection.execute(text(f"CREATE TABLE parcels ({parcels})"))
        with engine.begin() as connection:
            before = shape_of(connection)
        with engine.begin() as connection:
            connection.execute(text(change))
        with engine.begin() as connection:
            return before, shape_of(connection)
    finally:
        engine.dispose()


async def test_who_migrates_waits_neither_long_for_a_table_in_use_nor_for_ever_in_a_statement(
    databases: Databases, tmp_path: Path
) -> None:
    with databases.one("postgresql", tmp_path, migrated=False) as url:
        engine = database_of(url).open_writer()
        with engine.begin() as connection:
            bring_to(connection, "0005")
        limits: list[tuple[str, str]] = []

        def look(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
            if statement.lstrip().upper().startswith(("CREATE", "ALTER")):
                found = connection.connection.driver_connection.execute(
                    "SELECT current_setting('lock_timeout'), current_setting('statement_timeout')"
                )
                limits.append(found.fetchone())

        event.listen(engine, "before_cursor_execute", look)
        migrate(engine)
        engine.dispose()

        assert {("5s", "15min")} == set(limits)


def test_the_list_of_revisions_is_the_folder_s_in_one_line_of_descent() -> None:
    scripts = ScriptDirectory(str(MIGRATIONS))

    assert list(REVISIONS) == [script.revision for script in scripts.walk_revisions()][::-1]
    assert [HEAD] == scripts.get_heads()
