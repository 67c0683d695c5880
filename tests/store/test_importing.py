"""An import has the effect of adding its shipments one after another, whatever waits for them."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from app.resolution import resolver
from app.store import AddShipment, AuditImport, Imported, ImportShipments, IndexedShipment, Store
from app.store.schema import audit, events, numbers, rows, shipments, subject_keys, subjects
from app.store.tables import metadata
from tests.store.making import NOW, event, recording, references

ORDERS = [f"v{number}-01" for number in range(4)]
INVOICES = ["1", "01", "2"]
NUMBERS = ["A1", "a-1", "B2", "C3", "D4"]
KEYS = [None, "35260312345678000195550010000457811234567890"]


class Emptied:
    def run(self, connection: Connection) -> None:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())


def importing(store: Store, *wanted: IndexedShipment, now: Any = NOW) -> ImportShipments:
    return ImportShipments(
        shipments=wanted,
        resolve=resolver(lambda: now),
        members=lambda owner: ("demo", "other") if owner == "brands" else (owner,),
        ids=store.ids,
        now=now,
    )


def adding(store: Store, wanted: IndexedShipment) -> AddShipment:
    bulk = importing(store, wanted)
    return AddShipment(shipment=wanted, resolve=bulk.resolve, members=bulk.members, ids=store.ids, now=NOW)


def _all(connection: Connection) -> dict[str, list[Any]]:
    """Read everything that indexing touches, by names that two databases share."""
    by_id = {row.id: (row.account, row.order_id, row.invoice_number) for row in connection.execute(select(shipments))}
    about = {row.id: (row.owner, row.subject) for row in connection.execute(select(subjects))}
    said = {row.id: (about[row.subject_id], row.fingerprint) for row in connection.execute(select(events))}
    return {
        "shipments": sorted(
            str(tuple(row)) for row in connection.execute(select(*(c for c in shipments.c if c.name != "id")))
        ),
        "numbers": sorted(
            (row.account, row.number, by_id[row.shipment_id], row.shown) for row in connection.execute(select(numbers))
        ),
        "rows": sorted(
            (by_id[row.shipment_id], said[row.event_id], row.state) for row in connection.execute(select(rows))
        ),
        "keys": sorted(
            (row.account, row.kind, row.value, about[row.subject_id])
            for row in connection.execute(select(subject_keys))
        ),
        "subjects": sorted(
            (row.owner, row.subject, row.state, str(row.reason)) for row in connection.execute(select(subjects))
        ),
    }


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[asyncio.Runner, Store, Store]]:
    """Open two databases, and a loop to use them on."""
    folder: Path = tmp_path_factory.mktemp("pair")
    with asyncio.Runner() as runner:
        opened = [Store.open(f"sqlite:///{folder}/{name}.db", lock_wait_seconds=0) for name in "ab"]
        yield runner, opened[0], opened[1]
        for store in opened:
            runner.run(store.close())


shipment_lists = st.lists(
    st.builds(
        IndexedShipment,
        account=st.sampled_from(["demo", "other"]),
        order_id=st.sampled_from(ORDERS),
        invoice_number=st.sampled_from(INVOICES),
        tracking_numbers=st.lists(st.sampled_from(NUMBERS), max_size=2).map(tuple),
        invoice_key=st.sampled_from(KEYS),
        courier=st.sampled_from([None, "Example Express"]),
        invoiced_at=st.sampled_from([None, NOW - timedelta(days=1), NOW + timedelta(days=40)]),
    ),
    min_size=1,
    max_size=8,
)
said = st.lists(
    st.tuples(
        st.sampled_from(["demo", "other", "brands"]),
        st.sampled_from([None, *NUMBERS]),
        st.sampled_from(
            [
                {"order_id": "v1-01", "invoice_number": "1"},
                {"invoice_number": "01"},
                {"invoice_key": KEYS[1]},
                {"order_id": "v2-01"},
            ]
        ),
    ),
    max_size=4,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(before=shipment_lists, returns=st.booleans(), said=said, wanted=shipment_lists, later=said)
def test_an_import_is_one_addition_after_another(
    pair: tuple[asyncio.Runner, Store, Store],
    before: list[IndexedShipment],
    returns: bool,
    said: Sequence[tuple[str, str | None, dict[str, Any]]],
    wanted: list[IndexedShipment],
    later: Sequence[tuple[str, str | None, dict[str, Any]]],
) -> None:
    runner, left, right = pair
    if returns:
        before = [replace(before[0], origin="return"), *before[1:]]

    def record(store: Store, facts: Sequence[tuple[str, str | None, dict[str, Any]]], code: str) -> None:
        for number, (owner, tracking, told) in enumerate(facts):
            members = importing(store).members(owner)
            spoken = event(tracking, f"{code}{number}", references=references(**told))
            runner.run(store.write(recording(store, spoken, owner=owner, accounts=members)))

    outcomes = []
    for store in (left, right):
        runner.run(store.write(Emptied()))
        record(store, said, "s")
        for each in before:
            runner.run(store.write(adding(store, each)))
        record(store, later, "l")
        created = woken = 0
        if store is left:
            for each in wanted:
                added = runner.run(store.write(adding(store, each)))
                created += added.created
                woken += added.woken
        else:
            done = runner.run(store.write(importing(store, *wanted)))
            assert len(wanted) == done.done
            created, woken = done.created, done.woken
        outcomes.append((created, woken, runner.run(store.read(_all))))

    assert outcomes[0] == outcomes[1]


@pytest.mark.anyio
async def test_a_transaction_takes_few_shipments_that_something_waits_for_and_says_where_it_ended(
    store: Store,
) -> None:
    for number in range(30):
        await store.write(recording(store, event(f"W{number}")))
    wanted = [
        IndexedShipment(account="demo", order_id=f"v{n}-01", invoice_number=str(n), tracking_numbers=(f"W{n // 2}",))
        if n % 2 == 0
        else IndexedShipment(account="demo", order_id=f"v{n}-01", invoice_number=str(n))
        for n in range(60)
    ]

    first = await store.write(importing(store, *wanted))
    second = await store.write(importing(store, *wanted[first.done :]))

    assert (Imported(done=40, created=40, woken=20), Imported(done=20, created=20, woken=10)) == (first, second)


@pytest.mark.anyio
async def test_an_imported_number_takes_over_what_was_placed_without_it(store: Store) -> None:
    whole = IndexedShipment(account="demo", order_id="v1-01", invoice_number="1", origin="order")
    await store.write(adding(store, whole))
    await store.write(recording(store, event("A1", references=references(order_id="v1-01"))))

    wanted = IndexedShipment(account="demo", order_id="v2-01", invoice_number="2", tracking_numbers=("A1",))
    await store.write(importing(store, wanted))

    assert [("demo", "v2-01", "2")] == [row[0] for row in (await store.read(_all))["rows"]]


@pytest.mark.anyio
async def test_a_chunk_that_fails_leaves_nothing_behind(store: Store) -> None:
    good = IndexedShipment(account="demo", order_id="v1-01", invoice_number="1", tracking_numbers=("A1",))
    broken = replace(good, order_id="v2-01", courier=object())  # type: ignore[arg-type]

    with pytest.raises(Exception, match=r"binding|cannot adapt") as raised:
        await store.write(importing(store, good, broken))
    assert "v1-01" not in str(raised.value)

    assert [] == (await store.read(_all))["shipments"]


@pytest.mark.anyio
async def test_thousands_of_shipments_cost_a_few_statements(store: Store) -> None:
    """Count what one transaction asks of the database, however many rows it is about."""
    counted = [await store.write(_Counted(importing(store, *_fresh(size, f"s{size}")))) for size in (10, 300)]

    assert counted[0] == counted[1] <= 9


def _fresh(size: int, name: str) -> list[IndexedShipment]:
    return [
        IndexedShipment(account="demo", order_id=f"{name}-{n}", invoice_number=str(n), tracking_numbers=(f"{name}{n}",))
        for n in range(size)
    ]


class _Counted:
    def __init__(self, operation: ImportShipments) -> None:
        self._operation = operation

    def run(self, connection: Connection) -> int:
        from sqlalchemy import event as listening  # noqa: PLC0415 - `event` is the tests' word for another thing

        counted: list[str] = []

        def note(*arguments: object) -> None:
            counted.append(str(arguments[2]))

        listening.listen(connection, "before_cursor_execute", note)
        self._operation.run(connection)
        listening.remove(connection, "before_cursor_execute", note)
        return len(counted)


@pytest.mark.anyio
async def test_who_imported_is_written_down(store: Store) -> None:
    detail = {"rows": 3}
    await store.write(
        AuditImport(import_id=7, actor="ops", action="shipments.imported", detail=detail, ids=store.ids, now=NOW)
    )

    (row,) = await store.read(lambda connection: connection.execute(select(audit)).all())
    assert ("ops", "shipments.imported", "import:7", detail, NOW) == (
        row.actor,
        row.action,
        row.target,
        row.detail,
        row.at,
    )
