"""What an operator writes on a timeline by hand."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import update

from app.store.schema import shipments
from tests.web.stage import Clock, Relay, webhook_body

ASKED = {"text": "entrega em verificação", "reason": "the shopper says that nothing came"}


@pytest.fixture
def id_(relay: Relay) -> str:
    asked = {"account": "mystore", "order_id": "v1-01", "invoice_number": "1", "tracking_numbers": ["A"]}
    found: str = relay.ops("POST", "/shipments", json=asked).json()["id"]
    return found


def correct(relay: Relay, id_: str, **asked: Any) -> int:
    return relay.ops("POST", f"/shipments/{id_}/corrections", json={**ASKED, **asked}).status_code


def test_it_is_a_row_like_any_other_and_due_at_once(relay: Relay, id_: str, clock: Clock) -> None:
    woken = len(relay.woken)
    assert 201 == correct(relay, id_, city="Recife", state="PE")

    shown = relay.ops("GET", f"/shipments/{id_}").json()
    (event,), (row,) = shown["events"], shown["rows"]

    assert ("due", "pending") == (shown["state"], row["state"])
    assert ("entrega em verificação", "Recife", "PE") == (event["description"], event["city"], event["state"])
    assert ("by hand", "UNKNOWN", "by-hand") == (event["carrier"], event["milestone"], event["strategy"])
    assert woken + 1 == len(relay.woken)
    assert shown["quiet_since"] is None


def test_it_is_written_down_with_who_and_why(relay: Relay, id_: str) -> None:
    correct(relay, id_)
    (entry,) = relay.ops("GET", "/audit", params={"action": "shipment.corrected"}).json()["items"]

    assert ("operator", f"shipment:{id_}", ASKED["reason"]) == (entry["actor"], entry["target"], entry["reason"])
    assert ASKED["text"] == entry["detail"]["text"]


def test_two_of_them_are_two_rows(relay: Relay, id_: str) -> None:
    correct(relay, id_)
    correct(relay, id_)

    assert 2 == len(relay.ops("GET", f"/shipments/{id_}").json()["rows"])


def test_it_is_no_unknown_code_and_no_parcel_that_found_its_shipment(relay: Relay, id_: str) -> None:
    correct(relay, id_)

    assert [] == relay.ops("GET", "/unknown-codes").json()["items"]
    assert {0} == {item["subjects"] for item in relay.ops("GET", "/sources").json()["items"]}


def test_it_never_lies_in_the_future(relay: Relay, id_: str, clock: Clock) -> None:
    correct(relay, id_, occurred_at="2031-01-01T00:00:00Z")
    (event,) = relay.ops("GET", f"/shipments/{id_}").json()["events"]

    assert clock() == datetime.fromisoformat(event["occurred_at"])


def test_news_of_the_parcel_do_not_come_from_people(relay: Relay, id_: str, clock: Clock) -> None:
    relay.deliver(webhook_body("A"))
    relay.read()
    clock.advance(days=6)
    correct(relay, id_)

    assert [id_] == [item["id"] for item in relay.ops("GET", "/shipments/quiet").json()["items"]]


def test_of_a_shipment_that_was_given_up_nothing_is_promised(relay: Relay, id_: str) -> None:
    class GiveUp:
        def run(self, connection: Any) -> None:
            connection.execute(update(shipments).values(dead_reason="VTEX has no such order or invoice"))

    relay.on_the_loop(relay.store.write(GiveUp()))
    answer = relay.ops("POST", f"/shipments/{id_}/corrections", json=ASKED)

    assert (409, "/problems/shipment-state") == (answer.status_code, answer.json()["type"])
    assert [] == relay.ops("GET", f"/shipments/{id_}").json()["rows"]


@pytest.mark.parametrize(
    "asked",
    [{"text": ""}, {"text": "a\nb"}, {"text": "a\u202eb"}, {"text": "x" * 501}, {"city": "\x00"}, {"reason": " "}],
)
def test_what_a_shopper_must_not_read_is_refused(relay: Relay, id_: str, asked: dict[str, Any]) -> None:
    assert 422 == correct(relay, id_, **asked)
