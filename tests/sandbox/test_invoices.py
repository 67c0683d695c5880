"""POST invoice, which makes packages, and PATCH invoice, which gives them a tracking number."""

from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import ORDERS, Clock, Oms, Start

INVOICE = {
    "type": "Output",
    "issuanceDate": "2026-03-03T10:10:20-0300",
    "invoiceNumber": "000045781",
    "invoiceValue": "15990",
    "items": [{"id": "8841", "price": 15990, "quantity": 1}],
}


def post(oms: Oms, **fields: object) -> httpx.Response:
    return oms.http.post(f"{ORDERS}/1527103869572-01/invoice", json={**INVOICE, **fields})


def patch(oms: Oms, number: str = "000045781", **fields: object) -> httpx.Response:
    return oms.http.patch(f"{ORDERS}/1527103869572-01/invoice/{number}", json=fields)


@pytest.fixture
def handled(oms: Oms) -> Oms:
    oms.seed(order_id="1527103869572-01", status="handling")
    return oms


def test_an_invoice_makes_a_package_and_invoices_the_order(handled: Oms) -> None:
    answer = post(handled, courier="Transportes Exemplo", invoiceKey="35260300000000000000550010000457811000000017")

    assert (200, "1527103869572-01") == (answer.status_code, answer.json()["orderId"])
    order = handled.order()
    assert ("invoiced", "2026-03-04T18:04:31.0521230+00:00") == (order["status"], order["invoicedDate"])
    assert {
        "items": [
            {
                "itemIndex": 0,
                "id": "8841",
                "quantity": 1,
                "price": 15990,
                "description": "Luminária de mesa",
                "unitMultiplier": 1.0,
            }
        ],
        "courier": "Transportes Exemplo",
        "description": None,
        "invoiceNumber": "000045781",
        "invoiceValue": 15990,
        "invoiceUrl": None,
        "issuanceDate": "2026-03-03T13:10:20.0000000+00:00",
        "trackingNumber": None,
        "trackingUrl": None,
        "dispatchedDate": None,
        "invoiceKey": "35260300000000000000550010000457811000000017",
        "embeddedInvoice": None,
        "type": "Output",
        "courierStatus": {"status": "unknown", "finished": False, "deliveredDate": None, "data": []},
        "cfop": None,
        "lastChange": "2026-03-04T18:04:31.0521230+00:00",
        "restitutions": {},
        "volumes": None,
        "EnableInferItems": False,
    } == handled.package()


def test_partial_invoices_invoice_the_order_once_their_sum_reaches_its_value(oms: Oms) -> None:
    oms.seed(order_id="1527103869572-01", status="handling", value=20000)

    post(oms, invoiceNumber="1", invoiceValue=10000)
    post(oms, invoiceNumber="R", invoiceValue=10000, type="Input")
    before = oms.order()["status"]
    post(oms, invoiceNumber="2", invoiceValue=10000)

    assert ("handling", "invoiced") == (before, oms.order()["status"])
    packages = oms.order()["packageAttachment"]["packages"]
    assert [("1", "Output"), ("R", "Input"), ("2", "Output")] == [
        (package["invoiceNumber"], package["type"]) for package in packages
    ]


def test_a_repeated_number_only_renews_the_receipt(handled: Oms) -> None:
    first = post(handled)

    second = post(handled, courier="Another", invoiceValue="1")

    assert 200 == second.status_code
    assert first.json()["receipt"] != second.json()["receipt"]
    assert (None, 15990) == (handled.package()["courier"], handled.package()["invoiceValue"])


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"invoiceNumber": ""}, {"invoiceNumber": ["is empty"]}),
        ({"type": "Outbound"}, {"type": ["must be Output or Input"]}),
        ({"invoiceValue": "15,90"}, {"invoiceValue": ["must be a whole number"]}),
        ({"invoiceValue": True}, {"invoiceValue": ["must be a string"]}),
        ({"items": [{"id": "1"}]}, {"items[0].id": ["is no item of the order"]}),
    ],
)
def test_a_wrong_invoice_is_refused_with_the_field_at_fault(
    handled: Oms, fields: dict[str, Any], errors: object
) -> None:
    answer = post(handled, **fields)

    assert (400, errors) == (answer.status_code, answer.json()["errors"])
    assert [] == handled.order()["packageAttachment"]["packages"]


def test_the_strict_profile_wants_every_required_field_of_an_invoice(start: Start) -> None:
    oms = start(strict=True)
    oms.seed(order_id="1527103869572-01", status="handling")

    answer = oms.http.post(f"{ORDERS}/1527103869572-01/invoice", json={"invoiceNumber": "1"})

    assert {"type", "issuanceDate", "invoiceValue", "items"} == set(answer.json()["errors"])
    assert 200 == post(oms).status_code


def test_the_tracking_number_is_set_on_the_package_and_what_is_not_named_stays(oms: Oms, clock: Clock) -> None:
    oms.seed_invoiced(tracking_number=None, courier="Transportes Exemplo")
    clock.advance(hours=1)

    answer = patch(
        oms,
        trackingNumber="QX004512345BR",
        trackingUrl="https://track.example/QX004512345BR",
        dispatchedDate="2026-03-03T13:16:13.0000000+00:00",
    )

    assert (200, {"date", "orderId", "receipt"}) == (answer.status_code, set(answer.json()))
    package = oms.package()
    assert (
        "QX004512345BR",
        "https://track.example/QX004512345BR",
        "2026-03-03T13:16:13.0000000+00:00",
        "Transportes Exemplo",
        "2026-03-04T19:04:31.0521230+00:00",
    ) == tuple(package[name] for name in ("trackingNumber", "trackingUrl", "dispatchedDate", "courier", "lastChange"))


def test_an_empty_or_null_value_blanks_what_was_there(oms: Oms) -> None:
    oms.seed_invoiced(courier="Transportes Exemplo")

    patch(oms, trackingNumber="", courier=None)

    assert ("", None) == (oms.package()["trackingNumber"], oms.package()["courier"])


def test_the_strict_profile_wants_a_tracking_number(start: Start) -> None:
    oms = start(strict=True)
    oms.seed_invoiced()

    answer = patch(oms, courier="Transportes Exemplo")

    assert (400, ["trackingNumber"]) == (answer.status_code, list(answer.json()["errors"]))
    assert "QX004512345BR" == oms.package()["trackingNumber"]


def test_a_wrong_change_is_refused(oms: Oms) -> None:
    oms.seed_invoiced()

    answer = patch(oms, trackingNumber=7, dispatchedDate="soon")

    assert (400, {"trackingNumber", "dispatchedDate"}) == (answer.status_code, set(answer.json()["errors"]))


def test_changes_need_their_order_their_invoice_and_a_json_body(oms: Oms) -> None:
    missing_order = patch(oms, trackingNumber="1")
    missing_order_too = post(oms)
    oms.seed_invoiced()
    missing_invoice = patch(oms, "45781", trackingNumber="1")
    empty = oms.http.patch(f"{ORDERS}/1527103869572-01/invoice/000045781")
    no_object = oms.http.post(f"{ORDERS}/1527103869572-01/invoice", json=[])
    no_body = oms.http.post(f"{ORDERS}/1527103869572-01/invoice")

    codes = [answer.json()["error"]["code"] for answer in (missing_order, missing_order_too, missing_invoice)]
    assert ["OMS007", "OMS007", "OMS014"] == codes
    assert [415, 400, 415] == [empty.status_code, no_object.status_code, no_body.status_code]
