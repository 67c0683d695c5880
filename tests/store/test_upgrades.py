"""A database of any release, with rows in every table, is brought to this one with all that it holds."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Engine,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    inspect,
    select,
)

from app.store import EraseOrder, Erasure, Settle, Settlement, Store, database_of
from app.store.columns import JSON, Instant, Pairs
from app.store.migrate import bring_to
from app.store.queries.audit import AuditFilter, list_audit
from app.store.queries.refusals import RefusalFilter, list_refusals
from app.store.queries.shipments import shipment as shipment_detail
from app.store.queries.webhooks import webhook as webhook_detail
from app.store.revisions import HEAD, REVISIONS
from app.store.schema import shipments
from app.store.tables import metadata
from app.store.tombstones import buried
from tests.store.making import NOW, adding, claim, event, put, recording, shipment

pytestmark = pytest.mark.anyio

ERASED: Final = "v9erased-01"
Rows = Mapping[str, list[dict[str, Any]]]
WRITTEN_BY_THE_START: Final = frozenset({"compatibility"})
"""What a start writes itself."""


@pytest.fixture(scope="module")
def lived() -> Rows:
    """Return what a short life leaves in the tables; a table that it leaves empty gets a row of invented values."""
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/relay.db"
        asyncio.run(live(url))
        with engine_of(url) as engine, engine.begin() as connection:
            found = {table.name: _rows_of(connection, table) for table in metadata.sorted_tables}
    return {name: held or [invented(metadata.tables[name])] for name, held in found.items()}


async def live(url: str) -> None:
    """Take webhooks in, place them, have one call under way, and erase an order."""
    store = Store.open(url, lock_wait_seconds=0)
    try:
        await store.write(adding(store, shipment("v1-01", "1", "QX1")))
        await store.write(adding(store, shipment(ERASED, "2", "QX2")))
        for number in ("QX1", "QX2", "QX3"):
            wanted = put(store, number)
            await store.write(wanted)
            await store.write(recording(store, event(number), webhook=wanted.id))
        (claimed, _other) = await store.write(claim(store))
        await store.write(Settle(claimed=claimed, settlement=Settlement(outcome="applied"), now=NOW))
        begun = await store.write(erasing(store, ERASED))
        assert isinstance(begun, Erasure)
    finally:
        await store.close()


def erasing(store: Store, order_id: str) -> EraseOrder:
    return EraseOrder(
        account="demo",
        owners=("demo",),
        order_id=order_id,
        number=None,
        actor="ana",
        reason="asked",
        numbers_until=NOW + timedelta(days=35),
        ids=store.ids,
        now=NOW,
    )


def invented(table: Table) -> dict[str, Any]:
    """Make a row of values that tell where they belong."""
    return {column.name: _invented(column) for column in table.columns}


def _invented(column: Column[Any]) -> Any:
    kind = column.type
    if isinstance(kind, Instant):
        return NOW
    if isinstance(kind, Boolean):
        return True
    if isinstance(kind, Float):
        return 1.5
    if isinstance(kind, Integer):
        return 7
    if isinstance(kind, LargeBinary):
        return column.name.encode().ljust(kind.length or 16, b"-")
    if isinstance(kind, type(JSON) | Pairs):
        return []
    return f"{column.table.name}.{column.name}"


def _rows_of(connection: Connection, table: Table) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in connection.execute(select(table))]  # noqa: SLF001 - its way to give a mapping


@contextmanager
def engine_of(url: str) -> Iterator[Engine]:
    engine = database_of(url).open_writer()
    try:
        yield engine
    finally:
        engine.dispose()


def make_release(url: str, revision: str, lived: Rows) -> dict[str, list[str]]:
    """Make a database as a release left it, full; return the columns that each table has."""
    with engine_of(url) as engine:
        with engine.begin() as connection:
            bring_to(connection, revision)
        with engine.begin() as connection:
            inspector = inspect(connection)
            # Those that are referred to come first.
            names = [table.name for table in metadata.sorted_tables if inspector.has_table(table.name)]
            columns = {name: [column["name"] for column in inspector.get_columns(name)] for name in names}
            for name, has in columns.items():
                then = Table(name, MetaData(), *(Column(each, metadata.tables[name].c[each].type) for each in has))
                held = [{each: row[each] for each in has} for row in lived[name]]
                connection.execute(then.insert(), held)
    return columns


@pytest.mark.parametrize("revision", REVISIONS)
async def test_whatever_release_a_database_is_of_all_that_it_holds_is_there_afterwards(
    bare_database_url: str, revision: str, lived: Rows
) -> None:
    columns = make_release(bare_database_url, revision, lived)

    store = Store.open(bare_database_url, lock_wait_seconds=0)
    try:
        assert (revision, HEAD) == store.revisions
        await store.check()
        for name in columns.keys() - WRITTEN_BY_THE_START:
            found = await store.read(partial(_rows_of, table=metadata.tables[name]))
            kept = [{each: row[each] for each in columns[name]} for row in found]
            for row in lived[name]:
                assert {each: row[each] for each in columns[name]} in kept, f"{name} of {revision}"
    finally:
        await store.close()


@pytest.mark.parametrize("revision", REVISIONS)
async def test_whatever_release_a_database_is_of_it_is_read_and_worked_on_as_this_release_s(
    bare_database_url: str, revision: str, lived: Rows
) -> None:
    make_release(bare_database_url, revision, lived)
    first, *_ = lived["webhooks"]
    parcel = next(row for row in lived["shipments"] if row["order_id"] == "v1-01")

    store = Store.open(bare_database_url, lock_wait_seconds=0)
    try:
        taken = await store.read(partial(webhook_detail, webhook_id=first["id"]))
        assert taken is not None
        assert b'{"id": "QX1"}' == taken.body
        shown = await store.read(partial(shipment_detail, shipment_id=parcel["id"]))
        assert shown is not None
        assert ["Em trânsito"] == [told.description for told in shown.events]
        assert ["applied"] == [row.state for row in shown.rows]
        assert ["put"] == [attempt.call for attempt in shown.attempts]
        assert (await store.read(partial(list_audit, wanted=AuditFilter(), before=None, limit=9))).items
        assert (await store.read(partial(list_refusals, wanted=RefusalFilter(), before=None, limit=9))).items

        # When parcels were last heard of, releases before 0002 did not keep.
        news = select(shipments.c.news_at).where(shipments.c.id == parcel["id"])
        assert NOW == await store.read(lambda connection: connection.execute(news).scalar_one())
        assert (await store.write(put(store, "QX1"))).duplicate
        fresh = put(store, "QX9")
        assert not (await store.write(fresh)).duplicate
        await store.write(adding(store, shipment("v9-01", "9", "QX9")))
        await store.write(recording(store, event("QX9"), webhook=fresh.id))
        later = NOW + timedelta(hours=1)
        claimed = await store.write(claim(store, later))
        assert "v9-01" in {each.work.order_id for each in claimed}
        for each in claimed:
            settled = await store.write(Settle(claimed=each, settlement=Settlement(outcome="applied"), now=later))
            assert settled.is_ours
        if revision >= "0003":
            gone = await store.read(lambda connection: buried(connection, [("order", "demo", ERASED)], NOW))
            assert {("order", "demo", ERASED)} == gone
        else:
            assert isinstance(await store.write(erasing(store, "v1-01")), Erasure)
    finally:
        await store.close()


def test_every_table_has_rows_in_what_is_upgraded(lived: Rows) -> None:
    assert metadata.tables.keys() == lived.keys()
    assert all(lived.values())
