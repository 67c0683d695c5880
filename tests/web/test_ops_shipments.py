from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select, update

from app.store.schema import attempts, audit, rows, shipments
from tests.web.stage import Clock, Relay, webhook_body

SHIPMENT = {
    "account": "mystore",
    "order_id": "1527103869572-01",
    "invoice_number": "000045781",
    "tracking_numbers": ["QX 0045.12345-BR"],
}
BASELINE = {"city": "", "state": "", "description": "Postado", "date": "2026-03-03"}
COMPLETE = {
    **SHIPMENT,
    "invoice_key": "35260300000000000000550010000457811000000017",
    "courier": "Example Express",
    "invoiced_at": "2026-03-04T12:04:31-03:00",
}


def add(relay: Relay, **differences: object) -> Any:
    return relay.ops("POST", "/shipments", json={**SHIPMENT, **differences})


def audited(relay: Relay) -> list[tuple[str, str, str]]:
    found = relay.on_the_loop(relay.store.read(lambda connection: connection.execute(select(audit)).all()))
    return [(row.actor, row.action, row.target) for row in found]


class TestAdding:
    def test_a_new_shipment_is_201_with_what_was_asked_for(self, relay: Relay) -> None:
        answer = relay.ops("POST", "/shipments", json=COMPLETE)
        shipment = answer.json()

        assert 201 == answer.status_code
        assert shipment["id"].startswith("sh_")
        assert {**COMPLETE, "invoiced_at": "2026-03-04T15:04:31Z"}.items() <= shipment.items()
        assert 200 == relay.ops("GET", f"/shipments/{shipment['id']}").status_code

    def test_a_known_shipment_is_200_with_its_numbers_united(self, relay: Relay, clock: Clock) -> None:
        first = relay.ops("POST", "/shipments", json=COMPLETE).json()
        clock.advance(minutes=1)
        answer = add(relay, tracking_numbers=["qx004512345br", "NEW-1"])

        assert 200 == answer.status_code
        assert first["id"] == answer.json()["id"]
        assert ["QX 0045.12345-BR", "NEW-1"] == answer.json()["tracking_numbers"]
        assert "Example Express" == answer.json()["courier"]

    def test_a_shipment_may_have_no_number_yet(self, relay: Relay) -> None:
        assert [] == add(relay, tracking_numbers=[]).json()["tracking_numbers"]

    def test_the_forwarder_is_woken_and_what_waited_is_due(self, relay: Relay) -> None:
        relay.deliver()
        relay.read()

        shipment = add(relay).json()

        assert [relay.dependencies.now()] == relay.woken
        assert "due" == shipment["state"]

    def test_every_change_is_audited_with_who_made_it(self, relay: Relay) -> None:
        id_ = add(relay).json()["id"]
        add(relay)
        relay.ops("DELETE", f"/shipments/{id_}/tracking-numbers/QX004512345BR", token="admin")

        told = audited(relay)

        assert [
            ("operator", "shipment.added"),
            ("operator", "shipment.united"),
            ("admin", "shipment.number-removed"),
        ] == [(actor, action) for actor, action, _ in told]
        assert 1 == len({target for _, _, target in told})

    @pytest.mark.parametrize(
        "number", ["45781/1", "45 781", " 45781", "45781 ", "nº1", "", ".", "..", "4" * 101, "45781\n", "%2e%2e", "a?b"]
    )
    def test_an_invoice_number_that_vtex_cannot_take_is_refused_by_name(self, relay: Relay, number: str) -> None:
        answer = add(relay, invoice_number=number)

        assert (422, "/problems/invoice-number") == (answer.status_code, answer.json()["type"])
        assert ["invoice_number"] == [error["field"] for error in answer.json()["errors"]]
        assert [] == relay.ops("GET", "/shipments").json()["items"]

    @pytest.mark.parametrize("number", ["000045781", "A-1.b_2", "0", "4" * 100])
    def test_an_invoice_number_that_vtex_can_take_is_kept_letter_by_letter(self, relay: Relay, number: str) -> None:
        assert number == add(relay, invoice_number=number).json()["invoice_number"]

    def test_an_account_that_is_not_configured_is_refused_by_name(self, relay: Relay) -> None:
        answer = add(relay, account="nobody")

        assert (422, "/problems/unknown-account") == (answer.status_code, answer.json()["type"])
        assert "account" == answer.json()["errors"][0]["field"]
        assert "'nobody'" in answer.json()["detail"]

    @pytest.mark.parametrize(
        ("differences", "field"),
        [
            ({"order_id": ""}, "order_id"),
            ({"order_id": "../orders"}, "order_id"),
            ({"order_id": "1527 1"}, "order_id"),
            ({"order_id": 15}, "order_id"),
            ({"invoice_number": 45781}, "invoice_number"),
            ({"tracking_numbers": "QX1"}, "tracking_numbers"),
            ({"tracking_numbers": ["QX1", "-"]}, "tracking_numbers.1"),
            ({"tracking_numbers": ["Q\x00X"]}, "tracking_numbers.0"),
            ({"tracking_numbers": ["1" * 101]}, "tracking_numbers.0"),
            ({"tracking_numbers": [str(i) for i in range(101)]}, "tracking_numbers"),
            ({"invoiced_at": "2026-03-04T12:04:31"}, "invoiced_at"),
            ({"tracking_number": "QX1"}, "tracking_number"),
        ],
        ids=str,
    )
    def test_a_wrong_field_is_named_and_its_value_is_not_repeated(
        self, relay: Relay, differences: dict[str, object], field: str
    ) -> None:
        answer = add(relay, **differences)

        assert (422, "/problems/invalid-request") == (answer.status_code, answer.json()["type"])
        assert [field] == [error["field"] for error in answer.json()["errors"]]

    def test_missing_fields_are_named_all_at_once(self, relay: Relay) -> None:
        answer = relay.ops("POST", "/shipments", json={})

        assert ["account", "order_id", "invoice_number"] == [error["field"] for error in answer.json()["errors"]]

    @pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff", b"[" * 100_000])
    def test_a_body_that_is_no_object_is_refused(self, relay: Relay, content: bytes) -> None:
        answer = relay.ops("POST", "/shipments", content=content)

        assert answer.status_code == 422
        assert "application/problem+json" == answer.headers["content-type"]

    def test_a_body_that_is_too_long_is_refused(self, relay: Relay) -> None:
        content = b" " * (1024 * 1024 + 1)
        declared = relay.ops("POST", "/shipments", content=content)
        chunked = relay.ops("POST", "/shipments", content=iter([content]))

        assert [413, 413] == [declared.status_code, chunked.status_code]
        assert "/problems/too-large" == chunked.json()["type"]


class TestListing:
    def test_filters_select(self, relay: Relay) -> None:
        one = add(relay).json()["id"]
        two = add(relay, order_id="1527103869573-01", invoice_number="2", tracking_numbers=["B-2"]).json()["id"]
        three = add(relay, account="other").json()["id"]

        def found(**filters: str) -> list[str]:
            return [item["id"] for item in relay.ops("GET", "/shipments", params=filters).json()["items"]]

        assert [three, two, one] == found()
        assert [two, one] == found(account="mystore")
        assert [three, one] == found(order_id="1527103869572-01")
        assert [two] == found(tracking_number="b2")
        assert [three, one] == found(tracking_number="QX004512345BR")
        assert [two] == found(invoice_number="2")
        assert [three, two, one] == found(state="idle")
        assert [] == found(state="due") == found(state="dead")

    def test_pages_follow_each_other(self, relay: Relay) -> None:
        added = [add(relay, invoice_number=str(i)).json()["id"] for i in range(5)]
        first = relay.ops("GET", "/shipments", params={"limit": 3}).json()
        second = relay.ops("GET", "/shipments", params={"limit": 3, "cursor": first["next"]}).json()

        assert added[::-1] == [item["id"] for item in first["items"] + second["items"]]
        assert second["next"] is None


class TestShowing:
    def test_a_shipment_shows_what_carriers_said_what_vtex_has_and_the_calls(self, relay: Relay, clock: Clock) -> None:
        id_ = add(relay).json()["id"]
        webhook = relay.deliver(webhook_body(code="done")).json()["id"]
        relay.read()
        relay.on_the_loop(relay.store.write(Forwarded(clock())))

        shown = relay.ops("GET", f"/shipments/{id_}").json()

        (event,) = shown["events"]
        assert (webhook, "DELIVERED", "Hmac") == (event["webhook_id"], event["milestone"], event["scheme"])
        (row,) = shown["rows"]
        assert (event["id"], "applied", "Entregue", "São Paulo", "SP") == tuple(
            row[name] for name in ("event_id", "state", "description", "city", "uf")
        )
        (attempt,) = shown["attempts"]
        assert ("put", "applied", 200, "r-1") == tuple(
            attempt[name] for name in ("call", "outcome", "status", "receipt")
        )
        assert {"isDelivered": True, "events": []} == attempt["body"]
        assert (0, 1, "mystore") == (shown["attempt_count"], shown["accepted_puts"], shown["account"])
        assert [BASELINE] == shown["baseline"]
        traced = relay.ops("GET", f"/webhooks/{webhook}").json()
        assert [attempt["id"]] == [each["id"] for each in traced["attempts"]]

    def test_a_dead_shipment_says_why(self, relay: Relay) -> None:
        id_ = add(relay).json()["id"]
        relay.deliver()
        relay.read()
        relay.on_the_loop(relay.store.write(Died()))

        listed = relay.ops("GET", "/shipments", params={"state": "dead"}).json()["items"]

        assert [(id_, "dead", "VTEX says no")] == [(item["id"], item["state"], item["dead_reason"]) for item in listed]


class TestRemovingNumbers:
    @pytest.mark.parametrize("written", ["QX004512345BR", "qx 0045.12345-br", "QX0045/12345BR"])
    def test_a_number_is_taken_away_however_it_is_written(self, relay: Relay, written: str) -> None:
        id_ = add(relay, tracking_numbers=["QX 0045.12345-BR", "B2"]).json()["id"]
        answer = relay.ops("DELETE", f"/shipments/{id_}/tracking-numbers/{written}")

        assert (204, b"") == (answer.status_code, answer.content)
        assert ["B2"] == relay.ops("GET", f"/shipments/{id_}").json()["tracking_numbers"]

    def test_a_number_that_is_not_there_is_not_found(self, relay: Relay) -> None:
        id_ = add(relay).json()["id"]

        assert 404 == relay.ops("DELETE", f"/shipments/{id_}/tracking-numbers/B2").status_code
        assert 404 == relay.ops("DELETE", "/shipments/sh_0000000000000/tracking-numbers/B2").status_code


class Forwarded:
    """Leave the traces of a call that VTEX accepted, as a forwarder does."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def run(self, connection: Connection) -> None:
        """Write them for the only shipment."""
        connection.execute(
            insert(attempts).values(
                id=7,
                shipment_id=select(shipments.c.id).scalar_subquery(),
                account="mystore",
                call="put",
                lease="l",
                started_at=self.now,
                ended_at=self.now,
                outcome="applied",
                status=200,
                receipt="r-1",
                body={"isDelivered": True, "events": []},
            )
        )
        connection.execute(
            update(rows).values(
                state="applied", city="São Paulo", uf="SP", description="Entregue", date="2026-03-04", attempt_id=7
            )
        )
        connection.execute(update(shipments).values(accepted_puts=1, baseline=[BASELINE]))


class Died:
    """Give a shipment up, as a forwarder does."""

    def run(self, connection: Connection) -> None:
        """Write why."""
        connection.execute(update(shipments).values(dead_reason="VTEX says no", due_at=None))
