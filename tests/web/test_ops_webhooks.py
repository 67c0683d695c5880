from typing import Any

import pytest
from sqlalchemy import delete, select

from app.store.schema import audit, bodies, events
from tests.web.stage import Clock, Relay, webhook_body

SHIPMENT = {
    "account": "mystore",
    "order_id": "1527103869572-01",
    "invoice_number": "000045781",
    "tracking_numbers": ["QX004512345BR"],
}


def ids(answer: Any) -> list[str]:
    return [item["id"] for item in answer.json()["items"]]


def mapped(relay: Relay, id_: str) -> dict[str, Any]:
    if relay.ops("GET", f"/webhooks/{id_}").json()["state"] == "stored":
        relay.read()
    answer = relay.ops("POST", f"/webhooks/{id_}/replay", json={"reason": "once more"})
    assert 200 == answer.status_code, answer.text
    read: dict[str, Any] = answer.json()
    return read


class TestListing:
    def test_the_newest_comes_first(self, relay: Relay) -> None:
        received = [relay.deliver(webhook_body(f"N{i}")).json()["id"] for i in range(3)]

        assert received[::-1] == ids(relay.ops("GET", "/webhooks"))

    def test_pages_neither_repeat_nor_miss_anything_while_more_arrive(self, relay: Relay) -> None:
        received = [relay.deliver(webhook_body(f"N{i}")).json()["id"] for i in range(7)]
        seen: list[str] = []
        cursor = None
        for page in range(4):
            answer = relay.ops("GET", "/webhooks", params={"limit": 2, **({"cursor": cursor} if cursor else {})})
            seen += ids(answer)
            cursor = answer.json()["next"]
            assert (cursor is None) == (page == 3)
            relay.deliver(webhook_body(f"late{page}"))

        assert received[::-1] == seen

    def test_a_list_that_ends_with_a_full_page_has_no_next(self, relay: Relay) -> None:
        for i in range(2):
            relay.deliver(webhook_body(f"N{i}"))

        assert relay.ops("GET", "/webhooks", params={"limit": 2}).json()["next"] is None

    def test_filters_select(self, relay: Relay, clock: Clock) -> None:
        first = relay.deliver(webhook_body("A1")).json()["id"]
        clock.advance(hours=1)
        second = relay.http.post("/webhooks/keyed/mystore/k3y-0f-the-path", json=webhook_body("B2")).json()["id"]
        relay.read()
        clock.advance(hours=1)
        third = relay.deliver(webhook_body("C3"), path="/webhooks/signed/other").json()["id"]

        def found(**filters: str) -> list[str]:
            return ids(relay.ops("GET", "/webhooks", params=filters))

        assert [third, first] == found(carrier="signed")
        assert [second, first] == found(account="mystore")
        assert [third] == found(owner="other")
        assert [second, first] == found(state="mapped")
        assert [third] == found(state="stored")
        assert [third, second] == found(since="2026-03-04T16:04:31-03:00")
        assert [first] == found(until="2026-03-04T19:04:31Z")
        assert [] == found(carrier="signed", account="nobody")
        assert [second] == found(tracking_number="b 2")
        assert [] == found(tracking_number="C3")

    def test_a_number_finds_what_reached_its_shipment_by_other_references(self, relay: Relay) -> None:
        id_ = relay.deliver().json()["id"]
        mapped(relay, id_)
        relay.ops("POST", "/shipments", json={**SHIPMENT, "tracking_numbers": ["QX004512345BR", "ANOTHER-1"]})

        assert [id_] == ids(relay.ops("GET", "/webhooks", params={"tracking_number": "another1"}))

    @pytest.mark.parametrize(
        ("parameters", "field"),
        [
            ({"limit": "0"}, "limit"),
            ({"limit": "501"}, "limit"),
            ({"cursor": "wh_0000000000000"}, "cursor"),
            ({"cursor": "'; DROP TABLE webhooks"}, "cursor"),
            ({"state": "lost"}, "state"),
            ({"since": "yesterday"}, "since"),
            ({"since": "2026-03-04T10:00:00"}, "since"),
        ],
    )
    def test_a_parameter_that_cannot_be_understood_is_named(
        self, relay: Relay, parameters: dict[str, str], field: str
    ) -> None:
        answer = relay.ops("GET", "/webhooks", params=parameters)

        assert (422, "/problems/invalid-request") == (answer.status_code, answer.json()["type"])
        assert field == answer.json()["errors"][0]["field"]
        assert answer.json()["detail"].startswith(f"{field}: ")

    def test_text_from_outside_is_only_ever_a_value(self, relay: Relay) -> None:
        relay.deliver()
        for parameter in ("carrier", "account", "tracking_number"):
            answer = relay.ops("GET", "/webhooks", params={parameter: "' OR 1=1 --"})
            assert [] == answer.json()["items"]


class TestShowing:
    def test_a_webhook_shows_everything_that_became_of_it(self, relay: Relay) -> None:
        id_ = relay.deliver(webhook_body(extra="x")).json()["id"]
        mapped(relay, id_)
        shipment = relay.ops("POST", "/shipments", json=SHIPMENT).json()["id"]

        shown = relay.ops("GET", f"/webhooks/{id_}", token="support").json()

        assert {"scheme": "Hmac", "secret": 0} == shown["verification"]
        assert ("mapped", 1) == (shown["state"], shown["mapping"]["adapter_version"])
        (event,) = shown["events"]
        assert {
            "code": "moving",
            "milestone": "IN_TRANSIT",
            "occurred_at": "2026-03-04T10:00:00-03:00",
            "time_text": "2026-03-04T10:00:00-03:00",
            "tracking_number": "QX004512345BR",
            "scheme": "Hmac",
            "webhook_id": id_,
            "subject": "number:QX004512345BR",
        }.items() <= event.items()
        assert "$.events[0].code" == event["trace"]["code"]
        (subject,) = shown["resolution"]
        assert ("placed", ["QX004512345BR"]) == (subject["state"], subject["tracking_numbers"])
        (row,) = shown["rows"]
        assert (shipment, event["id"], "pending") == (row["shipment_id"], row["event_id"], row["state"])
        assert [] == shown["attempts"]
        assert ["QX004512345BR"] == shown["tracking_numbers"]

    def test_a_webhook_that_waits_for_its_shipment_says_so(self, relay: Relay) -> None:
        id_ = relay.deliver().json()["id"]
        mapped(relay, id_)

        (subject,) = relay.ops("GET", f"/webhooks/{id_}").json()["resolution"]

        assert "parked" == subject["state"]
        assert subject["reason"]

    def test_the_body_that_retention_took_is_said_to_be_gone(self, relay: Relay) -> None:
        id_ = relay.deliver().json()["id"]
        forget_bytes(relay)

        shown = relay.ops("GET", f"/webhooks/{id_}", token="support").json()
        replayed = relay.ops("POST", f"/webhooks/{id_}/replay", json={"reason": "curiosity"})

        assert (None, "retention") == (shown["body"], shown["body_withheld"])
        assert (410, "/problems/gone") == (replayed.status_code, replayed.json()["type"])

    @pytest.mark.parametrize("id_", ["wh_0000000000000", "sh_0000000000000", "wh_ZZZZZZZZZZZZZ", "1", "wh_%00", "wh_!"])
    def test_what_is_no_id_is_not_found(self, relay: Relay, id_: str) -> None:
        answer = relay.ops("GET", f"/webhooks/{id_}")

        assert (404, "/problems/not-found") == (answer.status_code, answer.json()["type"])


class TestReplaying:
    def test_a_dry_run_shows_the_difference_and_changes_nothing(self, relay: Relay) -> None:
        id_ = relay.deliver().json()["id"]
        answer = relay.ops("POST", f"/webhooks/{id_}/replay", json={"reason": "look", "dry_run": True}).json()

        assert (True, 1, "moving") == (answer["dry_run"], len(answer["new"]), answer["new"][0]["code"])
        assert "stored" == relay.ops("GET", f"/webhooks/{id_}").json()["state"]
        assert [] == audited(relay)

    def test_a_replay_adds_what_is_missing_once_and_is_audited(self, relay: Relay) -> None:
        id_ = relay.deliver().json()["id"]
        relay.read()

        class Lose:
            def run(self, connection: Any) -> None:
                connection.execute(delete(events))

        relay.on_the_loop(relay.store.write(Lose()))
        first, second = mapped(relay, id_), mapped(relay, id_)

        assert (1, 0) == (len(first["new"]), len(second["new"]))
        assert 1 == len(relay.ops("GET", f"/webhooks/{id_}").json()["events"])
        assert [("operator", "once more")] * 2 == [(row["actor"], row["reason"]) for row in audited(relay)]

    def test_what_waits_for_its_first_reading_is_not_read_beside_it(self, relay: Relay) -> None:
        id_ = relay.deliver().json()["id"]
        answer = relay.ops("POST", f"/webhooks/{id_}/replay", json={"reason": "impatience"})

        assert (409, "/problems/webhook-state") == (answer.status_code, answer.json()["type"])
        assert f"{id_} waits for its first reading" in answer.json()["detail"]
        assert ("stored", []) == (relay.ops("GET", f"/webhooks/{id_}").json()["state"], audited(relay))

    def test_bytes_that_still_cannot_be_read_are_a_problem(self, relay: Relay) -> None:
        id_ = relay.deliver({"id": "odd"}).json()["id"]
        relay.read()
        answer = relay.ops("POST", f"/webhooks/{id_}/replay", json={"reason": "hope"})

        assert (422, "/problems/malformed-payload") == (answer.status_code, answer.json()["type"])
        assert "$.events is missing" in answer.json()["detail"]

    @pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": "x" * 501}, [], {"reason": 7}])
    def test_a_replay_needs_a_reason(self, relay: Relay, body: object) -> None:
        id_ = relay.deliver().json()["id"]

        assert 422 == relay.ops("POST", f"/webhooks/{id_}/replay", json=body).status_code


def test_a_sender_that_repeats_itself_is_counted(relay: Relay) -> None:
    first, *_ = [relay.deliver().json()["id"] for _ in range(3)]

    assert [(first, 2)] == [(item["id"], item["duplicates"]) for item in relay.ops("GET", "/webhooks").json()["items"]]


def audited(relay: Relay) -> list[dict[str, Any]]:
    """Read what the audit log has of changes."""
    changes = select(audit).where(audit.c.action != "webhook.read-unmasked")
    found = relay.on_the_loop(relay.store.read(lambda connection: connection.execute(changes).mappings().all()))
    return [dict(row) for row in found]


def forget_bytes(relay: Relay) -> None:
    """Do what retention does to bodies."""

    class Forget:
        def run(self, connection: Any) -> None:
            connection.execute(delete(bodies))

    relay.on_the_loop(relay.store.write(Forget()))
