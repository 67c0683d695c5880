"""What an account already has costs nothing to whoever adds to it, counted in the engine's own steps."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import Connection

from app.resolution import resolver
from app.store import AddOrder, AddShipment, ImportShipments, IndexedShipment, Store, TellOrders, ToldOrder
from app.store.sweeping import sweep
from tests.store.making import NOW, event, recording, references

RESOLVE: Final = resolver(lambda: NOW)
GRAIN: Final = 20
"""After so many steps of its machine SQLite says that it is still at work."""
FEW, MANY = 100, 1_500


class Counted:
    """Run an operation, and count the engine's steps."""

    def __init__(self, operation: Any) -> None:
        self._operation = operation

    def run(self, connection: Connection) -> int:
        driver = connection.connection.driver_connection
        assert driver is not None
        seen = [0]

        def note() -> int:
            seen[0] += GRAIN
            return 0

        driver.set_progress_handler(note, GRAIN)
        try:
            self._operation.run(connection)
        finally:
            driver.set_progress_handler(None, GRAIN)
        return seen[0]


class Query:
    def __init__(self, query: Callable[[Connection], object]) -> None:
        self._query = query

    def run(self, connection: Connection) -> object:
        return self._query(connection)


def key_of(number: int) -> str:
    return f"352603123456780001955500100004{number:014}"


def shipments_from(first: int, count: int) -> tuple[IndexedShipment, ...]:
    return tuple(
        IndexedShipment(
            account="demo",
            order_id=f"v{number}-01",
            invoice_number=str(number),
            tracking_numbers=(f"IN{number}",),
            invoice_key=key_of(number),
            invoiced_at=NOW,
        )
        for number in range(first, first + count)
    )


def importing(store: Store, first: int, count: int) -> ImportShipments:
    return ImportShipments(
        shipments=shipments_from(first, count), resolve=RESOLVE, members=lambda owner: (owner,), ids=store.ids, now=NOW
    )


def adding(store: Store, number: int) -> AddShipment:
    (wanted,) = shipments_from(number, 1)
    return AddShipment(shipment=wanted, resolve=RESOLVE, members=lambda owner: (owner,), ids=store.ids, now=NOW)


def read_from_vtex(store: Store, number: int) -> AddOrder:
    return AddOrder(
        shipments=shipments_from(number, 1), resolve=RESOLVE, members=lambda owner: (owner,), ids=store.ids, now=NOW
    )


def telling(first: int, count: int) -> TellOrders:
    told = tuple(ToldOrder(order_id=f"t{number}-01", changed_at=NOW) for number in range(first, first + count))
    return TellOrders(account="demo", told=told, source="hook", now=NOW)


WORK: Final[dict[str, Callable[[Store, int], Any]]] = {
    "a webhook that nobody's shipment matches": lambda store, n: recording(store, event(f"QX{n}")),
    "a webhook of a shipment that holds its number": lambda store, n: recording(store, event(f"IN{n % 50}")),
    "a webhook that names order, invoice and key": lambda store, n: recording(
        store,
        event(
            f"QY{n}",
            references=references(order_id=f"v{n % 50}-01", invoice_number=str(n % 50), invoice_key=key_of(n % 50)),
        ),
    ),
    "a shipment that wakes an event": adding,
    "an order that VTEX showed": read_from_vtex,
    "fifty rows of an import": lambda store, n: importing(store, n, 50),
    "fifty orders that were told": lambda _, n: telling(n, 50),
    "a look at fifty parked events": lambda *_: Query(
        lambda c: sweep(c, after=0, limit=50, resolve=RESOLVE, members=lambda owner: (owner,))
    ),
}


async def grow(store: Store, first: int, count: int) -> None:
    """Give the account shipments, told orders, and events that wait for shipments to come."""
    for start in range(first, first + count, 100):
        await store.write(importing(store, start, 100))
        await store.write(telling(start, 100))
        for number in range(start, start + 100, 2):
            await store.write(recording(store, event(f"IN{1_000_000 + number}")))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """Open a database of the engine that tells its steps, and plans without knowing the tables' sizes."""
    opened = Store.open(f"sqlite:///{tmp_path}/relay.db")
    try:
        yield opened
    finally:
        await opened.close()


@pytest.mark.parametrize("work", WORK)
@pytest.mark.anyio
async def test_the_cost_of_a_step_does_not_grow_with_what_the_account_has(work: str, store: Store) -> None:
    await grow(store, 0, FEW)
    before = await store.write(Counted(WORK[work](store, 1_000_000)))
    await grow(store, FEW, MANY)
    after = await store.write(Counted(WORK[work](store, 1_000_000 + FEW)))

    # The trees of the indexes are deeper by a level, and chance spreads what they hold; MANY ÷ FEW is 15.
    assert 0 < after <= 2 * before + 200
