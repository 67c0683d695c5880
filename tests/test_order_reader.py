"""Orders that were told of are read when they are due, and what they show is on timelines at once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Row, select

from app.indexing import OrderReader
from app.indexing.asking import Answer, next_look
from app.store import OrderShown, ToldOrder
from app.store.accounts import account_states
from app.store.due import next_order
from app.store.order_schema import orders
from app.store.schema import attempts, numbers, shipments
from app.telemetry import Metrics
from tests.store.keeping import kept_in
from tests.store.making import NOW, adding, event, recording, shipment
from tests.store.test_told_orders import tell
from tests.test_indexing import NUMBER, ORDER, Desk, package

pytestmark = pytest.mark.anyio


class Room(Desk):
    """The desk, with somebody who reads the orders that were told of."""

    async def told(self, *orders_told: str, **more: Any) -> None:
        named = [ToldOrder(order_id=each, changed_at=self.clock()) for each in orders_told or (ORDER,)]
        await self.store.write(tell(*named, now=self.clock(), **more))

    async def read(self) -> None:
        """Read for as long as an order is due and may be read."""
        reader = OrderReader(self.asking, Metrics(CollectorRegistry()), indexed=self._indexed)
        running = asyncio.ensure_future(reader.run())
        async with asyncio.timeout(20):
            while True:
                reader.wake()
                due = await self.store.read(lambda connection: next_order(connection, ["demo", "other"]))
                if due is None or due > self.clock() + timedelta(seconds=1) or not self._may_read():
                    break
        reader.stop()
        await running

    def _may_read(self) -> bool:
        return any(gate.free(self.clock()) > 0 for gate in self.gates.values())

    async def order(self, order_id: str = ORDER) -> Row[Any]:
        found = select(orders).where(orders.c.order_id == order_id)
        return await self.store.read(lambda connection: connection.execute(found).one())

    async def shipment(self) -> Row[Any]:
        return await self.store.read(lambda connection: connection.execute(select(shipments)).one())


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with kept_in(tmp_path) as store:
        yield Room(store)


async def test_an_order_that_was_told_is_read_once_and_wakes_what_waits_for_its_number(room: Room) -> None:
    room.know(package(), package("900", "RET1", "Input"))
    await room.store.write(recording(room.store, event(NUMBER), now=room.clock()))

    await room.told()
    await room.told()
    await room.read()

    order = await room.order()
    assert (["45781"], 1, [f"127.0.0.1/{ORDER}"]) == (await room.shown_on(), room.found, room.asked)
    assert (None, None, room.clock(), False) == (order.due_at, order.lease, order.read_at, order.incomplete)
    assert 2026 == order.invoiced_at.year


async def test_the_read_that_indexed_a_shipment_is_the_read_before_its_first_write(room: Room) -> None:
    foreign = {"city": "Recife", "state": "PE", "description": "Outro", "lastChange": "2026-03-04T11:00:00Z"}
    room.know({**package(), "courierStatus": {"finished": False, "data": [foreign]}})
    await room.store.write(recording(room.store, event(NUMBER), now=room.clock()))
    await room.told()
    await room.read()

    shipped = await room.shipment()
    calls = await room.store.read(lambda connection: connection.execute(select(attempts)).all())
    assert (room.clock(), ["Outro"]) == (shipped.read_at, [row["description"] for row in shipped.baseline])
    assert [("get", "read")] == [(call.call, call.outcome) for call in calls]


async def test_a_shipment_that_nothing_waits_for_is_read_when_it_is_first_written(room: Room) -> None:
    room.know(package())
    await room.told()
    await room.read()

    assert None is (await room.shipment()).read_at


async def test_a_number_that_is_to_come_is_looked_for_more_and_more_seldom(room: Room) -> None:
    issued = room.clock()
    room.know({**package(number=None), "issuanceDate": issued.isoformat()})
    await room.told()
    await room.read()
    waits = []
    while (due := (await room.order()).due_at) is not None:
        waits.append((due - room.clock()) / timedelta(minutes=1))
        room.clock.now = due
        await room.read()

    assert [10, 10, 20, 40, 80] == waits[:5]
    assert waits == sorted(waits)
    assert 25 > len(waits)
    assert timedelta(days=15) <= room.clock() - issued < timedelta(days=17)
    assert (await room.order()).incomplete


async def test_a_number_written_in_later_is_found_without_a_notification(room: Room) -> None:
    room.know({**package(number=None), "issuanceDate": room.clock().isoformat()})
    await room.store.write(recording(room.store, event(NUMBER), now=room.clock()))
    await room.told()
    await room.read()
    room.know({**package(), "issuanceDate": room.clock().isoformat()})

    room.clock.advance(minutes=10)
    await room.read()

    assert (["45781"], 1) == (await room.shown_on(), room.found)
    assert (None, False) == ((await room.order()).due_at, (await room.order()).incomplete)


async def test_a_number_that_somebody_corrected_in_vtex_leads_to_the_package_no_more(room: Room) -> None:
    room.know(package(number="WRONG1"))
    await room.told()
    await room.read()
    await room.store.write(adding(room.store, shipment(ORDER, "45781", "BYHAND1")))
    await room.store.write(recording(room.store, event("WRONG1"), now=room.clock()))
    assert ["45781"] == await room.shown_on()

    for shown, held in ((None, ["BYHAND1", "WRONG1"]), (NUMBER, ["BYHAND1", NUMBER])):
        room.clock.advance(minutes=1)
        room.know(package(number=shown))
        await room.told()
        await room.read()
        found = await room.store.read(lambda c: c.execute(select(numbers.c.number)).scalars().all())
        assert held == sorted(found)

    assert ([], "parked") == (await room.shown_on(), (await room.subject()).state)


async def test_a_number_that_went_from_one_package_to_another_takes_its_events_along(room: Room) -> None:
    room.know(package("1", "A1"), package("2", "B2"))
    await room.told()
    await room.read()
    await room.store.write(recording(room.store, event("A1"), now=room.clock()))

    room.clock.advance(minutes=1)
    room.know(package("1", "B2"), package("2", "A1"))
    await room.told()
    await room.read()

    assert ["2"] == await room.shown_on()


async def test_a_read_that_may_not_show_yet_what_was_told_is_made_again_once_vtex_shows_what_it_has(
    room: Room,
) -> None:
    room.know(lastChange=(room.clock() - timedelta(minutes=1)).isoformat())
    await room.store.write(recording(room.store, event(NUMBER), now=room.clock()))
    await room.told()
    await room.read()
    early = await room.order()
    assert (room.clock() + timedelta(seconds=5), True) == (early.due_at, early.urgent)

    room.know(package(), lastChange=None)
    room.clock.advance(seconds=5)
    await room.read()

    # By now VTEX shows all that it had then, whether it says so or not.
    assert (["45781"], None, 2) == (await room.shown_on(), (await room.order()).due_at, len(room.asked))


async def test_an_order_that_is_not_there_is_given_up_with_the_reason_until_it_is_told_again(room: Room) -> None:
    await room.told()
    waits = []
    while True:
        await room.read()
        order = await room.order()
        if order.due_at is None:
            break
        waits.append((order.due_at - room.clock()).total_seconds())
        room.clock.now = order.due_at

    assert [30, 300, 1800, 7200, 43_200] == waits
    assert "VTEX has no such order" == order.reason

    room.know(package())
    await room.told()
    await room.read()
    assert (None, room.clock()) == ((await room.order()).reason, (await room.order()).read_at)


@pytest.mark.parametrize(
    ("status", "headers", "state", "wait", "tries"),
    [
        (500, {}, "open", 30, 1),
        (503, {"Retry-After": "90"}, "paused", 90, 0),
        (429, {"Retry-After": "90"}, "paused", 90, 0),
        (429, {}, "paused", 30, 0),
        (401, {}, "held", 60, 0),
        (403, {}, "open", 30, 1),
        (400, {}, "open", 30, 1),
    ],
)
async def test_what_kept_vtex_from_showing_an_order_passes(
    room: Room, status: int, headers: dict[str, str], state: str, wait: int, tries: int
) -> None:
    room.status, room.headers = status, headers
    await room.told()
    await room.read()

    order = await room.order()
    states = await room.store.read(lambda connection: account_states(connection, ["demo"]))
    assert (state, room.clock() + timedelta(seconds=wait), tries) == (states["demo"].state, order.due_at, order.tries)
    assert (0, 1) == (room.gates["demo"].in_flight, len(room.asked))

    room.know(package())
    room.clock.advance(seconds=wait)
    await room.read()
    states = await room.store.read(lambda connection: account_states(connection, ["demo"]))
    assert (None, room.clock()) == ((await room.order()).due_at, (await room.order()).read_at)
    assert states["demo"].allows(room.clock()) is None


async def test_reads_of_two_orders_that_are_forbidden_hold_the_account_and_spend_nothing(room: Room) -> None:
    room.status = 403
    await room.told("1", "2")
    await room.read()
    states = await room.store.read(lambda connection: account_states(connection, ["demo"]))
    assert ("held", {0, 1}) == (states["demo"].state, {(await room.order(each)).tries for each in ("1", "2")})

    for _ in range(100):
        room.clock.advance(hours=1)
        await room.read()
    assert {True} == {(await room.order(each)).due_at is not None for each in ("1", "2")}
    assert 102 >= len(room.asked)

    room.know(package(), by="1")
    room.know(package(), by="2")
    room.orders["1"]["orderId"], room.orders["2"]["orderId"] = "1", "2"
    room.clock.advance(hours=1)
    await room.read()
    room.clock.advance(hours=1)
    await room.read()
    states = await room.store.read(lambda connection: account_states(connection, ["demo"]))
    assert "open" == states["demo"].state
    assert {None} == {(await room.order(each)).due_at for each in ("1", "2")}


@pytest.mark.parametrize("status", [401, 403])
async def test_a_held_account_is_called_once_per_interval_whatever_waits(room: Room, status: int) -> None:
    room.status = status
    await room.told("1", "2", "3")
    await room.read()
    asked = len(room.asked)
    room.clock.advance(seconds=60)
    await room.read()

    assert asked + 1 == len(room.asked)


async def test_an_answer_that_the_relay_fails_on_stops_no_other_order(room: Room) -> None:
    room.know(package())
    room.orders["poison"] = {**room.orders[ORDER], "orderId": "poison"}
    shown = room.asking.shown

    def fails(account: str, answer: Answer) -> OrderShown | None:
        if answer.order is not None and answer.order.order_id == "poison":
            raise ZeroDivisionError
        return shown(account, answer)

    room.asking.shown = fails  # type: ignore[method-assign]
    await room.told("poison", ORDER)
    await room.read()

    assert room.clock() == (await room.order()).read_at
    assert "ZeroDivisionError" in (await room.order("poison")).reason


async def test_looks_end_when_a_number_was_waited_for_long_enough() -> None:
    assert None is next_look(NOW - timedelta(days=15), NOW, within=timedelta(days=15))
    assert NOW + timedelta(days=1) == next_look(NOW - timedelta(days=9), NOW, within=timedelta(days=15))
