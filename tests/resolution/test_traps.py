"""What goes wrong when orders are guessed: each trap that VTEX and carriers lay, and that nobody falls into it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from app.resolution import resolver
from app.store import Frozen, IndexedShipment, Plan, RemoveNumber, Store, Work
from app.store.queries import shipment as shipment_detail
from app.store.schema import rows, shipments, subjects
from app.vtex.orders import read_order
from tests.store.making import NOW, adding, claim, event, recording, references, shipment

pytestmark = pytest.mark.anyio

KEY = "35260300000000000000550010000457811000000017"
FREIGHT_KEY = "35260300000000000000570010000457811000000019"


async def shown(store: Store) -> set[str]:
    """Return the packages on which something is shown."""
    on = select(shipments.c.account, shipments.c.order_id, shipments.c.invoice_number).join(
        rows, rows.c.shipment_id == shipments.c.id
    )
    return {"/".join(row) for row in await store.read(lambda connection: connection.execute(on).all())}


async def decision(store: Store) -> tuple[str, str | None, str | None]:
    """Return the latest subject's state, who decided, and why."""
    query = select(subjects.c.state, subjects.c.strategy, subjects.c.reason).order_by(subjects.c.id.desc()).limit(1)
    row = (await store.read(lambda connection: connection.execute(query).all()))[0]
    return row.state, row.strategy, row.reason


async def know(store: Store, *packages: IndexedShipment, members: tuple[str, ...] = ("demo",)) -> None:
    for package in packages:
        await store.write(adding(store, package, members=members))


async def say(store: Store, *numbers: str, carrier: str = "test", **said: Any) -> None:
    spoken = replace(event(numbers[0] if numbers else None), tracking_numbers=numbers, references=references(**said))
    await store.write(recording(store, spoken, carrier=carrier))


async def test_several_codes_in_one_package(store: Store) -> None:
    order = read_order(
        b'{"orderId":"v1-01","packageAttachment":{"packages":[{"invoiceNumber":"1","trackingNumber":"A1; B2"}]}}'
    )
    await know(store, shipment("v1-01", "1", *order.packages[0].tracking_numbers))

    await say(store, "B2")

    assert {"demo/v1-01/1"} == await shown(store)


async def test_one_number_in_several_open_packages(store: Store) -> None:
    await know(store, shipment("v1-01", "1", "A1"), shipment("v2-01", "2", "A1"))

    await say(store, "A1")

    assert {"demo/v1-01/1", "demo/v2-01/2"} == await shown(store)
    assert ("placed", "tracking-number", "2 open packages carry A1") == await decision(store)


async def test_a_recycled_number(store: Store) -> None:
    old = NOW - timedelta(days=31)
    await know(store, shipment("v1-01", "1", "A1", invoiced_at=old), shipment("v2-01", "2", "A1", invoiced_at=NOW))

    await say(store, "A1")

    assert {"demo/v2-01/2"} == await shown(store)


async def test_the_same_number_in_two_accounts_unless_the_order_decides(store: Store) -> None:
    members = ("demo", "other")
    await know(store, shipment("v1-01", "1", "A1"), shipment("v2-01", "2", "A1", account="other"), members=members)

    for named in (None, "v2-01"):
        said = replace(event("A1", named or "-"), references=references(order_id=named))
        await store.write(recording(store, said, owner="brands", accounts=members))
        if named is None:
            assert set() == await shown(store)
            reason = "it fits shipments of several accounts: demo v1-01/1, other v2-01/2"
            assert ("parked", "tracking-number", reason) == await decision(store)

    assert {"other/v2-01/2"} == await shown(store)


@pytest.mark.parametrize(
    ("carrier", "courier", "contradicts"),
    [
        ("loggi", "Correios - SEDEX", True),
        ("loggi", "LOGGI Express (noite)", False),
        ("loggi", "Transportadora do João", False),
        ("loggi", None, False),
        ("correios", "PAC", False),
        ("correios", "Jadlog .Package", True),
        ("usps", "DHL eCommerce", False),
        ("jt-express-br", "J&T Express", False),
        ("intelipost", "Correios", False),
        ("ssw", "Jadlog", False),
        ("fedex", "UPS", True),
        ("ups", "Upside Logistics", False),
    ],
)
async def test_a_contradicting_courier_parks_and_an_unknown_name_never_contradicts(
    store: Store, carrier: str, courier: str | None, contradicts: bool
) -> None:
    await know(store, shipment("v1-01", "1", "A1", courier=courier))

    await say(store, "A1", carrier=carrier)

    assert (set() if contradicts else {"demo/v1-01/1"}) == await shown(store)
    if contradicts:
        reason = f"{carrier} speaks of A1, and VTEX names another courier: demo v1-01/1 ({courier})"
        assert ("parked", "tracking-number", reason) == await decision(store)


async def test_a_courier_that_is_corrected_in_vtex_lets_the_event_through(store: Store) -> None:
    await know(store, shipment("v1-01", "1", "A1", courier="Correios"))
    await say(store, "A1", carrier="loggi")

    await know(store, shipment("v1-01", "1", "A1", courier="Loggi"))

    assert {"demo/v1-01/1"} == await shown(store)


async def test_a_reference_is_believed_before_a_courier(store: Store) -> None:
    await know(store, shipment("v1-01", "1", "A1", courier="Correios", invoice_key=KEY))

    await say(store, "A1", carrier="loggi", invoice_key=KEY)

    assert ("placed", "invoice-key", f"it names the NF-e key {KEY}") == await decision(store)


async def test_two_numbers_of_different_shipments_contradict_each_other(store: Store) -> None:
    await know(store, shipment("v1-01", "1", "A1"), shipment("v2-01", "2", "B2"))

    await say(store, "A1", "B2")

    reason = "A1 and B2 belong to different shipments: demo v1-01/1, demo v2-01/2"
    assert ("parked", "tracking-number", reason) == await decision(store)


@pytest.mark.parametrize("held", [("A1",), ("B2",), ("A1", "B2")])
async def test_any_of_a_carrier_s_numbers_finds_the_shipment(store: Store, held: tuple[str, ...]) -> None:
    await say(store, "A1", "B2")

    await know(store, shipment("v1-01", "1", *held))

    assert {"demo/v1-01/1"} == await shown(store)


async def test_a_number_that_only_old_shipments_hold_does_not_contradict_an_open_one(store: Store) -> None:
    old = NOW - timedelta(days=90)
    await know(store, shipment("v1-01", "1", "A1", invoiced_at=old), shipment("v2-01", "2", "B2", invoiced_at=NOW))

    await say(store, "A1", "B2")

    assert {"demo/v2-01/2"} == await shown(store)


async def test_a_return_shows_nowhere(store: Store) -> None:
    await know(store, shipment("v1-01", "1", "A1"), shipment("v1-01", "900", "R1", origin="return"))

    await say(store, "R1", order_id="v1-01", invoice_number="1")

    assert set() == await shown(store)
    assert ("skipped", "return", "a return: v1-01/900 comes back to the seller") == await decision(store)


async def test_parts_of_a_split_order_are_told_apart(store: Store) -> None:
    await know(store, shipment("v1-01", "1", "A1"), shipment("v1-02", "1", "B2"))

    await say(store, order_id="v1-02", invoice_number="000000001")

    assert {"demo/v1-02/1"} == await shown(store)


async def test_one_invoice_number_in_two_orders(store: Store) -> None:
    await know(store, shipment("v1-01", "1", "A1"), shipment("v2-01", "1", "B2"))

    await say(store, invoice_number="1")
    assert set() == await shown(store)
    # Of each order an event of its own: what has the same invoice number is not one parcel.
    await say(store, order_id="v1-01", invoice_number="1")
    await say(store, order_id="v2-01", invoice_number="1")

    assert {"demo/v1-01/1", "demo/v2-01/1"} == await shown(store)


async def test_the_key_of_a_freight_document_is_nobody_s_invoice(store: Store) -> None:
    await know(store, shipment("v1-01", "45781", "A1", invoice_key=KEY))

    await say(store, invoice_key=FREIGHT_KEY)

    assert ("parked", None) == (await decision(store))[:2]


@pytest.mark.parametrize("was_sent", [False, True])
async def test_a_number_that_the_package_lost_leads_to_whoever_gets_it_with_all_that_was_not_sent(
    store: Store, was_sent: bool
) -> None:
    await know(store, shipment("v1-01", "1", "A1"))
    await say(store, "A1")
    held = await store.read(lambda connection: connection.execute(select(shipments.c.id)).scalar_one())
    lost = RemoveNumber(
        shipment_id=held,
        number="a-1",
        ids=store.ids,
        now=NOW,
        actor="ops",
        resolve=resolver(lambda: NOW),
        members=lambda owner: (owner,),
    )
    if was_sent:
        await store.write(claim(store, plan=sending))
    await store.write(lost)
    assert "parked" == (await decision(store))[0]

    await know(store, shipment("v2-01", "2", "A1"))

    assert {"demo/v2-01/2"} | ({"demo/v1-01/1"} if was_sent else set()) == await shown(store)


def sending(work: Work) -> Plan:
    """Plan to send all that is pending."""
    row = Frozen(city="", state="", description="x", date="2026-03-04")
    pending = tuple(row.event_id for row in work.rows if row.row_state == "pending")
    body: dict[str, Any] = {"isDelivered": False, "deliveredDate": None, "events": []}
    return Plan(body=body, body_hash="x", frozen=tuple((id_, row) for id_ in pending), carries=pending)


@pytest.mark.parametrize("was_sent", [False, True])
@pytest.mark.parametrize("order", ["v1-01", "v2-01"], ids=["another package of the order", "another order"])
async def test_a_parcel_placed_by_its_order_moves_to_the_package_that_turns_out_to_hold_its_number(
    store: Store, order: str, was_sent: bool
) -> None:
    await know(store, shipment("v1-01", "1", origin="order"))
    await say(store, "A1", order_id="v1-01")
    assert ("placed", "whole-order") == (await decision(store))[:2]
    if was_sent:
        await store.write(claim(store, plan=sending))

    await know(store, shipment(order, "2", "A1", origin="order"))

    assert {f"demo/{order}/2"} | ({"demo/v1-01/1"} if was_sent else set()) == await shown(store)
    assert ("placed", "tracking-number") == (await decision(store))[:2]
    await know(store, shipment("v1-01", "1", "A1", origin="order"))
    assert {"demo/v1-01/1", f"demo/{order}/2"} == await shown(store)


async def test_a_parcel_that_its_number_does_not_lead_elsewhere_stays_where_it_is_shown(store: Store) -> None:
    await know(store, shipment("v1-01", "1", origin="order"))
    await say(store, "A1", order_id="v1-01", carrier="loggi")

    await know(store, shipment("v2-01", "2", "A1", courier="Correios"))

    assert {"demo/v1-01/1"} == await shown(store)
    assert "placed" == (await decision(store))[0]


@pytest.mark.parametrize(
    ("asked", "is_it"),
    [
        ("v1-01", True),
        ("00-v1-01", True),
        ("SLR-v1-01", True),
        ("MLB-2000000001", True),
        ("500001", False),
        ("v1", False),
        ("v1-02", False),
    ],
    ids=["its id", "alias", "seller's prefix", "marketplace's id", "sequence", "group", "another part"],
)
def test_an_order_answers_to_its_documented_names_and_to_no_others(asked: str, is_it: bool) -> None:
    order = read_order(
        b'{"orderId":"v1-01","sequence":"500001","orderGroup":"v1","marketplaceOrderId":"MLB-2000000001",'
        b'"sellerOrderId":"SLR-v1-01"}'
    )

    assert is_it == order.answers_to(asked)


async def test_what_is_shown_says_who_decided_and_why(store: Store) -> None:
    await know(store, shipment("v1-01", "1", "A1"))
    await say(store, "A1")
    id_ = await store.read(lambda connection: connection.execute(select(shipments.c.id)).scalar_one())

    detail = await store.read(lambda connection: shipment_detail(connection, id_))

    assert detail is not None
    assert [("tracking-number", "the package carries A1")] == [
        (each.strategy, each.resolution_reason) for each in detail.events
    ]
