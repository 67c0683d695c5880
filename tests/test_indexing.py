"""Parked events have their orders looked up, and every order that VTEX shows is indexed."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Row, select

from app.calling import Destination
from app.egress import Egress
from app.forwarder import first_read
from app.indexing import Asking, Indexer
from app.resolution import resolver
from app.store import Store
from app.store.lookups import next_lookup
from app.store.schema import rows, shipments, subjects
from app.vtex import Client, Gate
from tests.forwarder.making import account
from tests.store.keeping import kept_in
from tests.store.making import Clock, event, recording, references

pytestmark = pytest.mark.anyio

ORDER = "v527103anml-01"
NUMBER = "QX004512345BR"


def package(invoice: str = "45781", number: str | None = NUMBER, kind: str = "Output") -> dict[str, Any]:
    return {"invoiceNumber": invoice, "trackingNumber": number, "type": kind, "issuanceDate": "2026-03-03T10:00:00Z"}


class Desk:
    """An indexer with a store, and two accounts of a VTEX that knows some orders."""

    def __init__(self, store: Store, members: tuple[str, ...] = ("demo",)) -> None:
        self.store = store
        self.clock = Clock()
        self.orders: dict[str, Any] = {}
        self.status = 404
        self.headers: dict[str, str] = {}
        self.asked: list[str] = []
        self.found = 0
        self.most_at_once = 0
        egress = Egress(transport=httpx.MockTransport(self._answer))
        accounts = [account(), account().__class__(name="other", base_url="http://other", app_key="", app_token="")]
        self.gates = {each.name: Gate(each) for each in accounts}
        self.asking = Asking(
            store,
            {
                each.name: Destination(account=each, client=Client(each, egress), gate=self.gates[each.name])
                for each in accounts
            },
            resolve=resolver(self.clock),
            members=lambda _: members,
            now=self.clock,
            first_read=lambda work, order: first_read(work, order, replace(accounts[0], first_read=True), self.clock()),
            jitter=lambda: 0.0,
        )
        self.indexer = Indexer(
            self.asking, resolve=resolver(self.clock), members=lambda _: members, indexed=self._indexed
        )

    def _indexed(self) -> None:
        self.found += 1

    def _answer(self, request: httpx.Request) -> httpx.Response:
        order = request.url.path.rpartition("/")[2]
        self.most_at_once = max(self.most_at_once, self.gates["demo"].in_flight)
        self.asked.append(f"{request.url.host}/{order}")
        if order not in self.orders:
            return httpx.Response(self.status, headers=self.headers)
        return httpx.Response(200, content=json.dumps(self.orders[order]).encode())

    def know(self, *packages: dict[str, Any], by: str = ORDER, **more: Any) -> None:
        changed = {"lastChange": self.clock().isoformat()}
        self.orders[by] = {"orderId": ORDER, "packageAttachment": {"packages": list(packages)}, **changed, **more}

    async def park(self, number: str | None = NUMBER, order: str = ORDER, **said: Any) -> None:
        parked = event(number, references=references(order_id=order, **said))
        await self.store.write(recording(self.store, parked, lookup=True, now=self.clock()))

    async def look(self) -> None:
        """Run the indexer for as long as something is due."""
        running = asyncio.ensure_future(self.indexer.run())
        async with asyncio.timeout(20):
            while True:
                self.indexer.wake()
                due = await self.store.read(next_lookup)
                if due is None or due > self.clock():
                    break
        self.indexer.stop()
        await running
        self.indexer._loop._stopping = False  # noqa: SLF001 - it is run again

    async def subject(self) -> Row[Any]:
        return await self.store.read(lambda connection: connection.execute(select(subjects)).one())

    async def shown_on(self) -> list[str]:
        on = select(shipments.c.invoice_number).join(rows, rows.c.shipment_id == shipments.c.id)
        return await self.store.read(lambda c: list(c.execute(on.order_by(shipments.c.id)).scalars()))


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with kept_in(tmp_path) as store:
        yield Desk(store)


async def test_a_parked_event_is_placed_once_vtex_shows_its_order(desk: Desk) -> None:
    desk.know(package())
    await desk.park()

    await desk.look()

    assert (["45781"], 1, "placed") == (await desk.shown_on(), desk.found, (await desk.subject()).state)
    shipped = await desk.store.read(lambda connection: connection.execute(select(shipments)).one())
    assert ("order", ORDER, 2026) == (shipped.origin, shipped.order_id, shipped.invoiced_at.year)


async def test_all_packages_are_known_before_any_event_is_placed(desk: Desk) -> None:
    desk.know(package("1", "A1"), package("2", "A2"))
    await desk.park(number=None)

    await desk.look()

    assert [] == await desk.shown_on()
    assert 2 == len(await desk.store.read(lambda connection: connection.execute(select(shipments)).all()))


async def test_what_comes_back_is_known_and_shows_nowhere(desk: Desk) -> None:
    desk.know(package("1", "A1"), package("900", NUMBER, "Input"), package("901", None, "Input"))
    await desk.park()

    await desk.look()

    assert ([], "skipped") == (await desk.shown_on(), (await desk.subject()).state)
    assert 2 == len(await desk.store.read(lambda connection: connection.execute(select(shipments)).all()))


@pytest.mark.parametrize("named", ["marketplaceOrderId", "sellerOrderId"])
async def test_an_order_known_by_another_of_its_ids_is_found(desk: Desk, named: str) -> None:
    desk.know(package(number="OTHER"), by="MLB-2000", **{named: "MLB-2000"})
    await desk.park(order="MLB-2000")

    await desk.look()

    assert (["45781"], 1) == (await desk.shown_on(), desk.found)


async def test_an_order_that_only_has_that_sequence_is_somebody_else_s(desk: Desk) -> None:
    desk.know(package(), by="500001", sequence="500001")
    await desk.park(order="500001")

    await desk.look()

    assert [] == await desk.shown_on()
    assert 0 == len(await desk.store.read(lambda connection: connection.execute(select(shipments)).all()))


async def test_an_order_that_is_not_there_is_asked_for_more_and_more_seldom_and_then_not_at_all(desk: Desk) -> None:
    await desk.park()
    waits = []
    while True:
        await desk.look()
        at = (await desk.subject()).lookup_at
        if at is None:
            break
        waits.append((at - desk.clock()).total_seconds())
        desk.clock.now = at

    assert [30, 300, 1800, 7200, 43_200] == waits
    assert 6 == len(desk.asked)
    assert ("parked", "VTEX shows no package that fits its references") == (
        (await desk.subject()).state,
        (await desk.subject()).reason,
    )


@pytest.mark.parametrize(
    ("status", "headers", "closed_for"),
    [(500, {}, None), (429, {"Retry-After": "90"}, 90), (429, {}, 30), (401, {}, 60), (403, {}, None)],
)
async def test_a_look_up_that_failed_found_nothing_out(
    desk: Desk, status: int, headers: dict[str, str], closed_for: int | None
) -> None:
    desk.status, desk.headers = status, headers
    await desk.park()

    await desk.look()

    subject = await desk.subject()
    assert (desk.clock() + timedelta(seconds=30), 0) == (subject.lookup_at, subject.lookups)
    assert f"demo did not answer: {status}" == subject.reason
    until = desk.gates["demo"].closed_until
    assert closed_for == (None if until is None else (until - desk.clock()).total_seconds())
    assert 0 == desk.gates["demo"].in_flight


async def test_an_account_that_may_not_be_called_is_not_called(desk: Desk) -> None:
    desk.gates["demo"].close(desk.clock() + timedelta(minutes=1))
    await desk.park()

    await desk.look()

    assert ([], "demo may not be called now") == (desk.asked, (await desk.subject()).reason)


async def test_every_account_of_a_group_and_every_id_is_tried_until_one_answers(tmp_path: Path) -> None:
    async with kept_in(tmp_path) as store:
        desk = Desk(store, members=("demo", "other", "taken-out-of-the-settings"))
        desk.know(package(), by="second")
        desk.orders["second"]["marketplaceOrderId"] = "second"
        await desk.park(order="first", alternative_order_ids=("second", "third"))

        await desk.look()

        assert ["127.0.0.1/first", "127.0.0.1/second", "other/first", "other/second"] == sorted(desk.asked)


async def test_what_nobody_claims_within_its_time_is_unmatched_quietly(desk: Desk) -> None:
    await desk.store.write(recording(desk.store, event("A1"), now=desk.clock()))
    desk.clock.advance(days=15, seconds=1)
    running = asyncio.ensure_future(desk.indexer.run())
    async with asyncio.timeout(20):
        while (await desk.subject()).state == "parked":
            desk.indexer.wake()
    desk.indexer.stop()
    await running

    assert ("unmatched", [], 0) == ((await desk.subject()).state, desk.asked, desk.found)
