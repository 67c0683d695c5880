"""A parcel's number is written into a VTEX package that has none: once, and never over another."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Connection, select, update

from app.calling import Destination
from app.egress import Egress
from app.forwarder import Forwarder
from app.forwarder.planning import plan, planner
from app.store import PackageFields, Plan, Store
from app.store.schema import attempts, numbers, rows, shipments
from app.telemetry import Metrics
from app.vtex import Client, Gate
from tests.emulator import Fault, Faults, VtexEmulator
from tests.forwarder.making import NOW, account, row, sent, work
from tests.forwarder.stage import Stage, accept, utc_now
from tests.forwarder.stage import account as live
from tests.store.keeping import kept_in
from tests.store.making import LEASE, adding, claim, event, recording, references, shipment

ASKED = account(register_tracking=True)
ORDER = "v527103anml-01"
BARE = PackageFields(number="")
NAMES = {"test": "Transportes Exemplo"}


def test_the_number_goes_first_with_what_the_package_says_already() -> None:
    told = PackageFields(number="", courier="Own Trucks", url="https://track.example/1")
    bare, named = (
        plan(work(row(1), package=each, read_at=NOW), ASKED, NOW, NAMES).registration for each in (BARE, told)
    )

    common = {"trackingNumber": "A1", "dispatchedDate": None}
    assert {**common, "trackingUrl": None, "courier": "Transportes Exemplo"} == bare
    assert {**common, "trackingUrl": "https://track.example/1", "courier": "Own Trucks"} == named


@pytest.mark.parametrize(
    "known",
    [
        {"package": PackageFields(number="B2")},
        {"package": None, "read_at": NOW},
        {"package": BARE, "read_at": NOW, "registration": "done"},
        {"package": BARE, "read_at": NOW, "registration": "VTEX refused it (400): no"},
    ],
    ids=["VTEX has one", "VTEX shows no package", "it was done", "it was refused"],
)
def test_events_go_out_without_it_where(known: dict[str, Any]) -> None:
    assert ["event 1"] == sent(plan(work(row(1), **known), ASKED, NOW))


def test_nothing_is_registered_unasked_or_without_a_number_or_while_observing() -> None:
    bare = {"package": BARE, "read_at": NOW}

    assert plan(work(row(1), **bare), account(), NOW).registration is None
    for strange in (None, "", "A" * 101, "A\n1"):
        assert plan(work(row(1, number=strange), **bare), ASKED, NOW).registration is None
    assert plan(work(row(1), **bare), account(register_tracking=True, observe=True), NOW).registration is None


@pytest.mark.parametrize("known", [{}, {"package": BARE, "read_at": NOW - timedelta(minutes=2)}])
def test_the_package_is_read_right_before(known: dict[str, Any]) -> None:
    assert Plan(read=True) == plan(work(row(1), **known), ASKED, NOW)


@pytest.fixture
def vtex() -> Iterator[VtexEmulator]:
    with VtexEmulator() as emulator:
        yield emulator


async def forwarded(store: Store, vtex: VtexEmulator) -> None:
    """Forward what a carrier says of a parcel to the emulator, until it is there."""
    known = replace(shipment(ORDER, "1"), tracking_numbers=())
    await store.write(adding(store, known))
    said = event("QX1", references=references(order_id=ORDER, invoice_number="1"))
    await store.write(recording(store, said, now=utc_now()))
    ours = replace(live(register_tracking=True, request_timeout=timedelta(seconds=1)), base_url=vtex.url)
    async with Egress() as egress:
        forwarder = Forwarder(
            store,
            {"demo": Destination(account=ours, client=Client(ours, egress), gate=Gate(ours))},
            Metrics(CollectorRegistry()),
            now=utc_now,
            couriers=NAMES,
            jitter=lambda: 0.0,
        )
        running = asyncio.ensure_future(forwarder.run())
        async with asyncio.timeout(20):
            while set(await store.read(lambda c: c.execute(select(rows.c.state)).scalars().all())) != {"applied"}:  # noqa: ASYNC110 - what it waits for is the relay's
                await asyncio.sleep(0.01)
        await forwarder.stop()
        await running


def writes(vtex: VtexEmulator) -> list[tuple[str, int | None]]:
    return [(call.method, call.status) for call in vtex.calls if call.method != "GET"]


@pytest.mark.anyio
async def test_vtex_has_the_number_before_the_first_event(vtex: VtexEmulator, tmp_path: Path) -> None:
    vtex.add_order(ORDER)
    async with kept_in(tmp_path) as store:
        await forwarded(store, vtex)
        journal = await store.read(lambda c: c.execute(select(attempts.c.call, attempts.c.outcome)).all())
        held = await store.read(lambda c: c.execute(select(numbers.c.number)).scalars().all())
        state = await store.read(lambda c: c.execute(select(shipments.c.registration)).scalar_one())

    assert [("PATCH", 200), ("PUT", 200)] == writes(vtex)
    assert [("get", "read"), ("patch", "applied"), ("put", "applied")] == [tuple(entry) for entry in journal]
    invoice = vtex.shipment(ORDER, "1").invoice
    assert ("QX1", "Transportes Exemplo") == (invoice["trackingNumber"], invoice["courier"])
    assert (["QX1"], "done") == (held, state)


@pytest.mark.anyio
@pytest.mark.parametrize("fault", ["drop-after", "drop-before", "500", "429"])
async def test_whatever_becomes_of_the_call_the_number_is_written_once(
    fault: Fault, vtex: VtexEmulator, tmp_path: Path
) -> None:
    vtex.add_order(ORDER)
    vtex.set_faults(Faults(writes={fault: 1.0}, limit=2, retry_after="0"))
    async with kept_in(tmp_path) as store:
        await forwarded(store, vtex)

    applied = [call.method for call in vtex.calls if call.applied]
    assert ["PATCH", "PUT"] == applied
    assert 1 == len(vtex.timeline(ORDER, "1"))


@pytest.mark.anyio
async def test_a_number_that_vtex_has_is_left_alone(vtex: VtexEmulator, tmp_path: Path) -> None:
    vtex.add_order(ORDER, [{"invoiceNumber": "1", "trackingNumber": "OTHER"}])
    async with kept_in(tmp_path) as store:
        await forwarded(store, vtex)

    assert [("PUT", 200)] == writes(vtex)


@pytest.mark.anyio
async def test_events_do_not_hang_on_a_number_that_vtex_refuses(tmp_path: Path) -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "PATCH":
            return httpx.Response(400, text="no")
        if request.method == "GET":
            package = {"invoiceNumber": "1", "type": "Output"}
            order = {"orderId": "demo-new-0", "packageAttachment": {"packages": [package]}}
            return httpx.Response(200, json=order)
        return await accept(request)

    async with kept_in(tmp_path) as store:
        stage = Stage(store, [], live(register_tracking=True), answer=answer, slots=1)
        await stage.fill()
        async with stage.running():
            await stage.until(lambda: [call for call in stage.calls if call[0] == "PUT"])
        state = await store.read(lambda c: c.execute(select(shipments.c.registration)).scalar_one())

    assert ["GET", "PATCH", "PUT"] == [method for method, _, _ in stage.calls]
    assert state.startswith("VTEX refused it (400)")


@pytest.mark.anyio
async def test_a_call_whose_process_vanished_is_settled_by_a_read(tmp_path: Path) -> None:
    decide = planner({"demo": ASKED}, lambda: NOW, NAMES)
    async with kept_in(tmp_path) as store:
        await store.write(adding(store, shipment(ORDER, "1", "QX1"), now=NOW))
        await store.write(recording(store, event("QX1"), now=NOW))
        await store.write(Bare())
        (lost,) = await store.write(claim(store, NOW, plan=decide))
        (found,) = await store.write(claim(store, NOW + LEASE, plan=planner({"demo": ASKED}, lambda: NOW + LEASE)))

    assert ("patch", "get") == (lost.plan.call, found.plan.call)
    assert found.work.package is None


class Bare:
    """Say that VTEX's package was just read and has no number."""

    def run(self, connection: Connection) -> None:
        connection.execute(update(shipments).values(package={"number": ""}, read_at=NOW))
