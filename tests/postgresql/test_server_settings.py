"""What docs/deploy.md tells the keeper of a server to set can be set, and a relay works on it."""

import re
from pathlib import Path

import pytest

from app.store import Store
from tests.documents import DOCS
from tests.postgresql.databases import Databases
from tests.store.making import adding, shipment

pytestmark = pytest.mark.anyio


async def test_the_settings_of_tables_are_taken_and_outlast_the_next_start(
    databases: Databases, tmp_path: Path
) -> None:
    (block,) = re.findall(r"^```sql\n(.*?)^```$", (DOCS / "deploy.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    with databases.one("postgresql", tmp_path) as url:
        name = url.rpartition("/")[2]
        databases.server.execute(*block.strip().splitlines(), database=name)

        store = Store.open(url)
        await store.write(adding(store, shipment()))
        await store.close()

        found = databases.server.execute(
            "SELECT relname FROM pg_class WHERE reloptions::text LIKE '%autovacuum_vacuum_scale_factor%'", database=name
        )
    assert sorted(re.findall(r"ALTER TABLE (\w+)", block)) == sorted(str(table) for (table,) in found)
