"""PUT …/tracking: what is stored, in each mode, and what is refused."""

import re
from typing import Any

import pytest

from tests.sandbox.conftest import ORDERS, Clock, Oms, Start

COLLECTED = {"city": "Campinas", "state": "SP", "description": "Coletado", "date": "2026-03-02T10:00:00-03:00"}
ON_ROUTE = {"city": "Campinas", "state": "SP", "description": "Saiu para entrega", "date": "2026-03-04T08:00:00-03:00"}
LEFT = {"city": "Jundiaí", "state": "SP", "description": "Em trânsito", "date": "2026-03-03T09:30:00-03:00"}

COLLECTED_ROW = ("Coletado", "2026-03-02T13:00")
LEFT_ROW = ("Em trânsito", "2026-03-03T12:30")
ON_ROUTE_ROW = ("Saiu para entrega", "2026-03-04T11:00")


def test_an_accepted_put_is_answered_with_a_new_receipt_each_time(oms: Oms) -> None:
    oms.seed_invoiced()

    first, second = oms.put(COLLECTED), oms.put(COLLECTED)

    assert 200 == first.status_code
    assert "application/json; charset=utf-8" == first.headers["content-type"]
    assert "1527103869572-01" == first.json()["orderId"]
    assert "2026-03-04T18:04:31.0521230+00:00" == first.json()["date"]
    assert re.fullmatch("[0-9a-f]{32}", first.json()["receipt"])
    assert first.json()["receipt"] != second.json()["receipt"]


def test_a_row_carries_the_sent_date_and_the_time_of_its_arrival(oms: Oms) -> None:
    oms.seed_invoiced()

    oms.put(COLLECTED)

    assert {
        "status": "unknown",
        "finished": False,
        "deliveredDate": None,
        "data": [
            {
                "lastChange": "2026-03-02T13:00:00.0000000+00:00",
                "city": "Campinas",
                "state": "SP",
                "description": "Coletado",
                "createDate": "2026-03-04T18:04:31.0521230+00:00",
            }
        ],
    } == oms.courier_status()


@pytest.mark.parametrize(
    ("mode", "rows"),
    [
        ("append", [ON_ROUTE_ROW, LEFT_ROW, LEFT_ROW, COLLECTED_ROW]),
        ("merge", [ON_ROUTE_ROW, LEFT_ROW, COLLECTED_ROW]),
        ("replace", [ON_ROUTE_ROW, LEFT_ROW]),
    ],
)
def test_a_second_put_appends_merges_or_replaces(start: Start, mode: str, rows: list[object]) -> None:
    oms = start(mode=mode)
    oms.seed_invoiced()

    oms.put(COLLECTED, LEFT)
    oms.put(LEFT, ON_ROUTE)

    assert rows == oms.rows()


def test_an_account_may_have_a_mode_of_its_own(start: Start) -> None:
    oms = start(mode="append", account_modes={"demo": "replace"})
    oms.seed_invoiced()

    oms.put(COLLECTED)
    oms.put(LEFT)

    assert [LEFT_ROW] == oms.rows()


def test_merging_takes_equal_rows_of_one_body_once_however_their_date_is_written(oms: Oms) -> None:
    oms.seed_invoiced()

    oms.put(COLLECTED, {**COLLECTED, "date": "2026-03-02T13:00:00Z"})

    assert [COLLECTED_ROW] == oms.rows()


def test_a_merged_row_keeps_the_time_at_which_it_was_created(oms: Oms, clock: Clock) -> None:
    oms.seed_invoiced()
    oms.put(COLLECTED)
    clock.advance(hours=1)

    oms.put(COLLECTED)

    assert ["2026-03-04T18:04:31.0521230+00:00"] == [row["createDate"] for row in oms.courier_status()["data"]]


def test_replacing_by_no_events_empties_the_timeline(start: Start) -> None:
    oms = start(mode="replace")
    oms.seed_invoiced()
    oms.put(COLLECTED)

    oms.put()

    assert [] == oms.rows()


def test_rows_are_newest_first_and_of_one_time_the_later_sent_first(oms: Oms) -> None:
    oms.seed_invoiced()

    oms.put(LEFT, ON_ROUTE, {**LEFT, "description": "Conferido"}, COLLECTED)

    assert [ON_ROUTE_ROW, ("Conferido", "2026-03-03T12:30"), LEFT_ROW, COLLECTED_ROW] == oms.rows()


def test_rows_may_be_shown_as_sent(start: Start) -> None:
    oms = start(row_order="as_sent")
    oms.seed_invoiced()

    oms.put(LEFT, ON_ROUTE, COLLECTED)

    assert [LEFT_ROW, ON_ROUTE_ROW, COLLECTED_ROW] == oms.rows()


def test_a_package_is_delivered_at_the_sent_date_and_the_order_stays_invoiced(oms: Oms) -> None:
    oms.seed_invoiced()

    oms.put(ON_ROUTE, isDelivered=True, deliveredDate="2026-03-04 15:10")

    assert True is oms.courier_status()["finished"]
    assert "2026-03-04T15:10:00.0000000+00:00" == oms.courier_status()["deliveredDate"]
    assert ("invoiced", "2026-03-04T18:04:31.0521230+00:00") == (oms.order()["status"], oms.order()["lastChange"])


def test_a_package_without_a_sent_date_is_delivered_now_and_keeps_that_date(oms: Oms, clock: Clock) -> None:
    oms.seed_invoiced()
    oms.put(ON_ROUTE, isDelivered=True)
    clock.advance(days=1)

    oms.put(ON_ROUTE, isDelivered=True)

    assert "2026-03-04T18:04:31.0521230+00:00" == oms.courier_status()["deliveredDate"]


@pytest.mark.parametrize(
    ("sticky", "finished", "delivered_date"),
    [(True, True, "2026-03-04T15:10:00.0000000+00:00"), (False, False, None)],
)
def test_a_late_update_undoes_a_delivery_only_when_it_is_not_sticky(
    start: Start, sticky: bool, finished: bool, delivered_date: str | None
) -> None:
    oms = start(delivered_is_sticky=sticky)
    oms.seed_invoiced()
    oms.put(ON_ROUTE, isDelivered=True, deliveredDate="2026-03-04 15:10")

    oms.put(LEFT)

    assert (finished, delivered_date) == (oms.courier_status()["finished"], oms.courier_status()["deliveredDate"])


@pytest.mark.parametrize(
    ("choice", "courier", "shown"),
    [
        ("unknown", None, {"status": "unknown", "finished": False, "deliveredDate": None, "data": []}),
        ("documented", "Exemplo", {"status": "ok", "finished": False, "deliveredDate": None, "data": []}),
        ("documented", None, {"status": None, "finished": False, "deliveredDate": None, "data": []}),
        ("absent", "Exemplo", None),
    ],
)
def test_a_new_package_shows_the_courier_status_of_the_option(
    start: Start, choice: str, courier: str | None, shown: object
) -> None:
    oms = start(initial_courier_status=choice)
    oms.seed_invoiced(courier=courier)

    assert shown == oms.courier_status()


def test_the_first_update_makes_an_absent_courier_status(start: Start) -> None:
    oms = start(initial_courier_status="absent")
    oms.seed_invoiced(courier="Transportes Exemplo")

    oms.put(COLLECTED)

    assert ("ok", [COLLECTED_ROW]) == (oms.courier_status()["status"], oms.rows())


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


TARGET = f"{ORDERS}/1527103869572-01/invoice/000045781/tracking"


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


def test_an_event_with_only_a_description_happened_on_arrival(oms: Oms) -> None:
    oms.seed_invoiced()

    oms.http.put(TARGET, json={"events": [{"description": "Em trânsito"}]})

    assert [("Em trânsito", "2026-03-04T18:04")] == oms.rows()
    assert (None, None) == (oms.courier_status()["data"][0]["city"], oms.courier_status()["data"][0]["state"])


def test_a_package_without_a_tracking_number_is_accepted_or_refused_as_switched(start: Start) -> None:
    oms = start()
    oms.seed_invoiced(tracking_number=None)

    accepted = oms.put(COLLECTED)
    oms.http.put("/sandbox/api/options", json={"without_tracking_number": "reject"})
    refused = oms.put(LEFT)

    assert (200, 400) == (accepted.status_code, refused.status_code)
    assert {"invoiceNumber": ["has no tracking number; PATCH the invoice first"]} == refused.json()["errors"]
    assert [COLLECTED_ROW] == oms.rows()


def test_a_return_takes_events_like_a_sale_and_a_warning_is_logged(oms: Oms, caplog: pytest.LogCaptureFixture) -> None:
    oms.seed_invoiced(type="Input")

    oms.put(COLLECTED)

    assert [COLLECTED_ROW] == oms.rows()
    assert ["tracking sent for the return invoice 000045781 of order 1527103869572-01"] == caplog.messages


def test_only_the_named_package_changes(oms: Oms) -> None:
    oms.seed(
        order_id="1527103869572-01",
        invoices=[{"invoice_number": number, "tracking_number": f"QX{number}BR"} for number in ("1", "2")],
    )

    oms.put(COLLECTED, invoice="2", isDelivered=True)

    packages = oms.order()["packageAttachment"]["packages"]
    assert [("1", False, 0), ("2", True, 1)] == [
        (each["invoiceNumber"], each["courierStatus"]["finished"], len(each["courierStatus"]["data"]))
        for each in packages
    ]
