"""PUT …/tracking: what is refused, and how VTEX says so."""

from typing import Any

import pytest

from tests.sandbox.conftest import COLLECTED, COLLECTED_ROW, LEFT, TARGET, Oms, Start


def test_an_unknown_order_is_not_found(oms: Oms) -> None:
    answer = oms.put(COLLECTED)

    assert 404 == answer.status_code
    assert {"error": {"code": "OMS007", "message": "Order Not Found", "exception": None}} == answer.json()


@pytest.mark.parametrize("number", ["45781", "000045782"])
def test_an_invoice_is_found_by_its_number_as_text_only(start: Start, number: str) -> None:
    oms = start(unknown_invoice_code="OMS999")
    oms.seed_invoiced()

    answer = oms.put(COLLECTED, invoice=number)

    assert 404 == answer.status_code
    assert {"error": {"code": "OMS999", "message": "Invoice Not Found", "exception": None}} == answer.json()


def test_an_invoice_number_with_a_space_breaks_vtex(oms: Oms) -> None:
    oms.seed_invoiced(invoice_number="45 781")

    answer = oms.put(COLLECTED, invoice="45%20781")

    assert 500 == answer.status_code
    assert "An error has occurred" == answer.json()["error"]["message"]


def test_an_invoice_number_with_a_space_works_when_the_defect_is_switched_off(start: Start) -> None:
    oms = start(spaces_fail=False)
    oms.seed_invoiced(invoice_number="45 781")

    assert 200 == oms.put(COLLECTED, invoice="45%20781").status_code


@pytest.mark.parametrize("number", ["45/781", "45%2F781"])
def test_an_invoice_number_with_a_slash_finds_no_route(oms: Oms, number: str) -> None:
    oms.seed_invoiced(invoice_number="45/781")

    assert (404, b"") == ((answer := oms.put(COLLECTED, invoice=number)).status_code, answer.content)
    assert ["unknown"] == [entry["route"] for entry in oms.journal()]


@pytest.mark.parametrize(
    ("body", "media_type", "status"),
    [
        (b'{"events": []}', "text/plain", 415),
        (b"", "application/json", 415),
        (b"{", "application/json", 400),
        (b'{"events": [{"date": NaN}]}', "application/json", 400),
        (b'{"events": "\xe7"}', "application/json", 400),
        (b"[" * 5000, "application/json", 400),
        (b'{"events": []}', "application/json; charset=utf-8", 200),
        (b'{"events": []}', "Application/JSON", 200),
    ],
)
def test_only_a_json_body_that_calls_itself_json_is_read(oms: Oms, body: bytes, media_type: str, status: int) -> None:
    oms.seed_invoiced()

    answer = oms.http.put(TARGET, content=body, headers={"Content-Type": media_type})

    assert status == answer.status_code
    if status != 200:
        assert "application/problem+json; charset=utf-8" == answer.headers["content-type"]
        assert {"type", "title", "status", "traceId"} <= set(answer.json())


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"events": []}, {"isDelivered": ["is missing"], "deliveredDate": ["is missing"]}),
        ({"isDelivered": True, "deliveredDate": None}, {"events": ["is missing"]}),
        (
            {"isDelivered": False, "deliveredDate": None, "events": [{"description": "Em trânsito", "date": None}]},
            {
                "events[0].city": ["is missing"],
                "events[0].state": ["is missing"],
                "events[0].date": ["must be a string"],
            },
        ),
        (
            {"isDelivered": None, "deliveredDate": None, "events": None},
            {"isDelivered": ["must be a boolean"], "events": ["must be an array"]},
        ),
        (
            {"isDelivered": False, "deliveredDate": None, "events": [{**COLLECTED, "description": "x" * 5001}]},
            {"events[0].description": ["is longer than 5000 characters"]},
        ),
    ],
)
def test_the_strict_profile_refuses_what_the_schema_forbids_and_the_lenient_takes_it(
    start: Start, body: dict[str, Any], errors: dict[str, list[str]]
) -> None:
    oms = start(strict=True)
    oms.seed_invoiced()

    refused = oms.http.put(TARGET, json=body)
    oms.http.put("/sandbox/api/options", json={"strict": False})

    assert (400, errors) == (refused.status_code, refused.json()["errors"])
    assert 200 == oms.http.put(TARGET, json=body).status_code


def test_the_strict_profile_takes_the_documented_body(start: Start) -> None:
    oms = start(strict=True)
    oms.seed_invoiced()

    assert 200 == oms.put(COLLECTED, {**LEFT, "city": "", "state": "", "description": "x" * 5000}).status_code


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ([], "$"),
        ("text", "$"),
        ({"isDelivered": "true"}, "isDelivered"),
        ({"events": {}}, "events"),
        ({"events": ["text"]}, "events[0]"),
        ({"events": [{"city": 7}]}, "events[0].city"),
        ({"events": [COLLECTED, {"date": "yesterday"}]}, "events[1].date"),
        ({"deliveredDate": "2026-02-30"}, "deliveredDate"),
    ],
)
def test_both_profiles_refuse_wrong_types_and_dates_that_are_none(oms: Oms, body: object, place: str) -> None:
    oms.seed_invoiced()

    answer = oms.http.put(TARGET, json=body)

    assert (400, [place]) == (answer.status_code, list(answer.json()["errors"]))
    assert [] == oms.rows()


def test_a_package_without_a_tracking_number_is_accepted_or_refused_as_switched(start: Start) -> None:
    oms = start()
    oms.seed_invoiced(tracking_number=None)

    accepted = oms.put(COLLECTED)
    oms.http.put("/sandbox/api/options", json={"without_tracking_number": "reject"})
    refused = oms.put(LEFT)

    assert (200, 400) == (accepted.status_code, refused.status_code)
    assert {"invoiceNumber": ["has no tracking number; PATCH the invoice first"]} == refused.json()["errors"]
    assert [COLLECTED_ROW] == oms.rows()
