"""Orders as VTEX shows them."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from app.errors import MalformedPayload
from app.vtex import Order, Package, read_order


def order(*packages: dict[str, Any], **more: Any) -> Order:
    document = {"orderId": "v527103anml-01", "packageAttachment": {"packages": list(packages)}, **more}
    return read_order(json.dumps(document).encode())


def package(**said: Any) -> Package:
    (one,) = order({"invoiceNumber": "000045781", **said}).packages
    return one


def test_a_package_is_read_as_vtex_shows_it() -> None:
    row = {
        "lastChange": "2026-03-05T14:17:40.5322681+00:00",
        "city": "Campinas",
        "state": "SP",
        "description": "Entregue",
        "createDate": "2026-03-05T14:12:55.5322681+00:00",
    }
    found = package(
        invoiceKey="3526",
        courier="Transportes Exemplo",
        trackingNumber="QX004512345BR",
        issuanceDate="2026-03-03T10:10:20.0000000+00:00",
        type="Output",
        courierStatus={"finished": True, "deliveredDate": "2026-03-05 11:17", "data": [row]},
    )

    assert ("000045781", "3526", True, ("QX004512345BR",), "Transportes Exemplo", True, "2026-03-05 11:17") == (
        found.invoice_number,
        found.invoice_key,
        found.is_output,
        found.tracking_numbers,
        found.courier,
        found.finished,
        found.delivered_date,
    )
    assert datetime(2026, 3, 3, 10, 10, 20, tzinfo=UTC) == found.issued_at
    (shown,) = found.rows
    assert ("Campinas", "SP", "Entregue", row["lastChange"]) == (shown.city, shown.state, shown.description, shown.date)
    assert shown.changed is not None
    assert shown.created is not None
    assert shown.changed.at > shown.created.at


@pytest.mark.parametrize(
    "status", [None, {"status": "unknown", "finished": False, "data": []}, {"data": None}, {"data": "none"}, []]
)
def test_a_package_may_have_no_timeline_yet(status: object) -> None:
    found = package(courierStatus=status, trackingNumber=None)

    assert ((), (), False, None) == (found.rows, found.tracking_numbers, found.finished, found.delivered_date)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("A1", ("A1",)),
        (" A1 ; A2,A3|A1 ;; ", ("A1", "A2", "A3")),
        ("", ()),
        ("A 1", ("A 1",)),
    ],
)
def test_several_numbers_may_stand_in_the_one_field(text: str, numbers: tuple[str, ...]) -> None:
    assert numbers == package(trackingNumber=text).tracking_numbers


@pytest.mark.parametrize(
    ("kind", "is_output"), [("Output", True), ("output", True), (None, True), ("Input", False), ("INPUT", False)]
)
def test_only_what_goes_out_is_an_output(kind: str | None, is_output: bool) -> None:
    assert is_output == package(type=kind).is_output


def test_what_has_no_invoice_number_cannot_be_addressed_and_zeros_stay() -> None:
    found = order({"invoiceNumber": None}, {"invoiceNumber": ""}, {}, {"invoiceNumber": 17}, {"invoiceNumber": "017"})

    assert ["17", "017"] == [each.invoice_number for each in found.packages]


@pytest.mark.parametrize(
    ("asked", "is_it"),
    [
        ("v527103anml-01", True),
        ("00-v527103anml-01", True),
        ("MLB-20001234567", True),
        ("SLR-v1-01", True),
        ("500001", False),
        ("v527103anml", False),
        ("v527103anml-02", False),
    ],
)
def test_an_order_answers_to_its_documented_names_only(asked: str, is_it: bool) -> None:
    found = order(marketplaceOrderId="MLB-20001234567", sellerOrderId="SLR-v1-01", sequence="500001", orderGroup="v5")

    assert is_it == found.answers_to(asked)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"orderId": null}', b"<html>", b"\xff"])
def test_what_is_no_order_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(MalformedPayload):
        read_order(body)


def test_an_order_without_packages_has_none() -> None:
    assert () == order(packageAttachment=None).packages == read_order(b'{"orderId": "v1-01"}').packages
