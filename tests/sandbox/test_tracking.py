"""PUT …/tracking: what is stored, in each mode, and what is refused."""

import re

import pytest

from tests.sandbox.conftest import (
    COLLECTED,
    COLLECTED_ROW,
    LEFT,
    LEFT_ROW,
    ON_ROUTE,
    ON_ROUTE_ROW,
    TARGET,
    Clock,
    Oms,
    Start,
)


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


def test_an_event_with_only_a_description_happened_on_arrival(oms: Oms) -> None:
    oms.seed_invoiced()

    oms.http.put(TARGET, json={"events": [{"description": "Em trânsito"}]})

    assert [("Em trânsito", "2026-03-04T18:04")] == oms.rows()
    assert (None, None) == (oms.courier_status()["data"][0]["city"], oms.courier_status()["data"][0]["state"])


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
