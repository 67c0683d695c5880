"""What the pages say, and what their forms do."""

import hashlib
import json
from base64 import b64decode
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert, update

from app.model import Milestone
from app.source import Sources
from app.store import RecordUnmappable, parse_public_id
from app.store.schema import attempts, rows, shipments
from app.web.dependencies import Forwarding
from tests.console.conftest import Enter
from tests.console.filling import add, do, filled, subject, told
from tests.console.visitor import Page, Visitor
from tests.web.conftest import Start
from tests.web.stage import Relay, source, webhook_body

NUMBER = "QX004512345BR"


def applied(relay: Relay, minutes: float) -> None:
    """Leave the traces of a call that VTEX accepted some minutes after the webhook came."""
    clock: Any = relay.dependencies.now
    clock.advance(minutes=minutes)
    now = clock()
    attempt = {"id": 7, "account": "mystore", "call": "put", "lease": "l", "started_at": now, "ended_at": now}
    one = shipments.select().with_only_columns(shipments.c.id).limit(1).scalar_subquery()
    do(
        relay,
        insert(attempts).values(
            shipment_id=one, **attempt, outcome="applied", status=200, receipt="r-1", body={"isDelivered": True}
        ),
    )
    row = {"city": "São Paulo", "uf": "SP", "description": "Entregue", "date": "2026-03-04"}
    do(relay, update(rows).values(state="applied", applied_at=now, attempt_id=7, **row))


class TestOrders:
    @pytest.mark.parametrize("typed", [NUMBER, "qx 0045.12345-br", "1527103869572-01", "000045781", "45781"])
    def test_whatever_a_shopper_names_leads_to_the_order(self, relay: Relay, me: Visitor, typed: str) -> None:
        id_ = add(relay, order_id="1527103869572-01", invoice_number="000045781", tracking_numbers=[NUMBER])
        add(relay, account="other", order_id="v2-01", invoice_number="2", tracking_numbers=["ELSE"])

        answer = me.get("/orders", q=typed)

        assert (303, f"/console/orders/{id_}") == (answer.status_code, answer.headers["location"])

    def test_of_several_each_is_listed_and_of_none_it_is_said(self, relay: Relay, me: Visitor) -> None:
        ids = [add(relay, account=account, tracking_numbers=[NUMBER]) for account in ("mystore", "other")]

        assert {f"/console/orders/{id_}" for id_ in ids} <= set(me.open("/orders", q=NUMBER).all("a", "href"))
        nothing = me.open("/orders", q="NOBODYS")
        assert "No order fits what was typed." in nothing.text
        assert "/console/webhooks?tracking_number=NOBODYS" in nothing.all("a", "href")

    def test_a_parcel_that_waits_is_found_by_its_number(self, relay: Relay, me: Visitor) -> None:
        told(relay)

        page = me.open("/orders", q=NUMBER)

        assert "Carriers told of it, but no order is known for it" in page.text
        assert f"/console/parked/{subject(relay, NUMBER)}" in page.all("a", "href")

    def test_an_order_tells_when_the_carrier_and_when_the_shopper_knew(self, relay: Relay, me: Visitor) -> None:
        id_ = add(relay, tracking_numbers=[NUMBER])
        webhook = told(relay, webhook_body(code="done"))
        applied(relay, minutes=12)

        page = me.open(f"/orders/{id_}")

        assert "Delivered 4 Mar 2026, 13:00" in page.text
        assert (
            "(5 h 04 min after it happened) At VTEX 12 min later 5 h 16 min from the carrier to the shopper"
            in page.text
        )
        assert "One event took more than 5 minutes from the carrier's webhook to the shopper: 12 min." in page.text
        assert "The carrier told of one event more than an hour after it happened: 5 h 04 min after." in page.text
        assert "Sender proven HMAC-SHA256 in hex in the header X-Signature" in page.text
        assert "2026-03-04 São Paulo, SP Entregue the relay" in page.text
        assert "write the timeline accepted 200 0 ms Receipt r-1 What was sent" in page.text
        assert f"/console/webhooks/{webhook}" in page.all("a", "href")

    def test_an_unsigned_sender_and_a_dead_shipment_stand_out(self, relay: Relay, me: Visitor) -> None:
        id_ = add(relay, tracking_numbers=[NUMBER])
        body = json.dumps(webhook_body()).encode()
        relay.http.post(
            "/webhooks/keyed/mystore/k3y-0f-the-path", content=body, headers={"content-type": "application/json"}
        )
        relay.read()
        do(relay, update(shipments).values(dead_reason="VTEX says no", due_at=None))

        text = me.open(f"/orders/{id_}").text

        assert "The carrier does not sign: its sender is known by a secret address only." in text
        assert "Sender not signed" in text
        assert "The relay gave up on this shipment. A person must look at it." in text
        assert "Why the relay gave up: VTEX says no" in text
        assert "VTEX says no" in me.open("/orders", state="dead").text
        assert "VTEX says no" in me.open("/problems").text

    def test_the_answer_is_in_the_shoppers_language_and_without_personal_data(self, start: Start, enter: Enter) -> None:
        relay = start(forwarding={"mystore": Forwarding(locale="es")})
        id_ = add(relay, tracking_numbers=[NUMBER])
        body = webhook_body()
        body["events"] = [
            {"code": "done", "at": "2026-03-04T10:00:00-03:00", "text": "Recebido por: Fulana de Exemplo"}
        ]
        told(relay, body)
        me = enter()

        default = me.open(f"/orders/{id_}").text.partition("An answer for the shopper")[2]
        english = me.open(f"/orders/{id_}", answer_in="en").text

        assert "¡Hola! Sobre su pedido v1-01: la última actualización es del 04/03/2026 13:00: entregado." in default
        assert "Número de seguimiento: QX004512345BR." in default
        assert "Hello! About your order v1-01: the latest update is from 2026-03-04 13:00: delivered." in english
        assert "Recebido por: ***" in english.partition("Copy the answer")[0]
        assert "Fulana" not in english.partition("Copy the answer")[0]

    def test_evidence_is_a_file_whose_digest_the_audit_log_knows(self, relay: Relay, me: Visitor) -> None:
        id_ = add(relay, tracking_numbers=[NUMBER])
        webhook = told(relay)
        file = me.send(f"/orders/{id_}/evidence", on=f"/orders/{id_}")

        digest = hashlib.sha256(file.content).hexdigest()
        held = json.loads(file.content)
        shown = relay.ops("GET", f"/webhooks/{webhook}").json()
        assert digest == b64decode(file.headers["repr-digest"].removeprefix("sha-256=:").removesuffix(":")).hex()
        assert f'attachment; filename="evidence-{id_}-{digest[:16]}.json"' == file.headers["content-disposition"]
        assert ("operator", id_) == (held["made_by"], held["shipment"]["id"])
        assert [(webhook, shown["body_sha256"], "Hmac")] == [
            (each["id"], each["body_sha256"], each["scheme"]) for each in held["webhooks"]
        ]
        (entry, *_) = relay.ops("GET", "/audit", params={"action": "shipment.evidence-exported"}).json()["items"]
        assert ({"sha256": digest}, f"shipment:{id_}") == (entry["detail"], entry["target"])
        assert digest in me.open("/audit").text


class TestWebhooks:
    def test_a_list_is_filtered_and_paged(self, relay: Relay, me: Visitor) -> None:
        for number in range(52):
            relay.deliver(webhook_body(f"N{number}"))
        relay.deliver(webhook_body("ELSE"), path="/webhooks/signed/other")

        first = me.open("/webhooks")
        (older,) = [href for href in first.all("a", "href") if "cursor=" in href and "lang=" not in href]
        second = me.open(older.removeprefix("/console"))
        shown = [
            {href for href in page.all("a", "href") if href.startswith("/console/webhooks/wh_")}
            for page in (first, second)
        ]

        assert ([50, 3], set()) == ([len(page) for page in shown], shown[0] & shown[1])
        assert 1 == len([x for x in me.open("/webhooks", account="other").all("a", "href") if "/wh_" in x])
        for name, value in (
            ("state", "mapped"),
            ("carrier", "keyed"),
            ("since", "2026-03-05"),
            ("until", "2026-03-03"),
        ):
            assert "Nothing fits these filters." in Page(me.get("/webhooks", **{name: value}).text).text
        assert 50 == len(
            [
                x
                for x in me.open("/webhooks", since="2026-03-04", until="2026-03-04", state="").all("a", "href")
                if "/wh_" in x
            ]
        )

    @pytest.mark.parametrize(
        "query", [{"state": "lost"}, {"since": "yesterday"}, {"cursor": "x"}, {"account": "a" * 200}], ids=str
    )
    def test_a_filter_that_makes_no_sense_is_refused_in_a_page(self, me: Visitor, query: dict[str, Any]) -> None:
        page = me.open("/webhooks", 422, **query)

        assert "The request cannot be understood" in page.text

    def test_a_webhook_shows_its_proof_trace_and_way(self, relay: Relay, me: Visitor) -> None:
        order = add(relay, tracking_numbers=[NUMBER])
        page = me.open(f"/webhooks/{told(relay)}")

        assert "Verification proven HMAC-SHA256 in hex in the header X-Signature , with secret number 1" in page.text
        assert "Code moving $.events[0].code" in page.text
        assert "Milestone In transit the carrier's table of codes" in page.text
        assert "number:QX004512345BR has its order the tracking number" in page.text
        assert f"/console/orders/{order}" in page.all("a", "href")
        assert "x-signature ***" in page.text.lower()


class TestProblems:
    def test_each_kind_is_counted_and_leads_to_its_cases(self, relay: Relay, me: Visitor) -> None:
        full = filled(relay)
        told(relay, webhook_body("X", "strange"))
        relay.ops("POST", "/accounts/other/pause", json={"reason": "maintenance"})
        unreadable = relay.deliver({"id": "no events"}).json()["id"]
        do(relay, _unmappable(unreadable))
        del full

        overview, problems = me.open(""), me.open("/problems")

        for text in ("other VTEX is not called: stopped by a person", "4 parcels wait for their order"):
            assert text in overview.text
        assert "1 code nobody knows" in overview.text
        assert "3 requests refused" in overview.text
        assert "strange" in problems.text
        assert "Resume other" in problems.text
        assert f"/console/webhooks/{unreadable}" in problems.all("a", "href")
        assert "/console/parked?account=brands&carrier=signed&cause=unknown-number" in problems.all("a", "href")

    def test_with_no_problem_it_says_so(self, me: Visitor) -> None:
        assert "Nothing needs a person." in me.open("").text
        page = me.open("/problems")
        assert (
            "Nothing to do about Accounts that are not called Sources that went quiet Shipments given up" in page.text
        )
        assert ["#content"] == [href for href in page.all("a", "href") if href.startswith("#")]

    def test_a_code_that_the_source_lists_by_now_is_no_problem_any_more(self, start: Start, relay: Relay) -> None:
        told(relay, webhook_body("X", "strange"))
        (unknown,) = relay.ops("GET", "/unknown-codes").json()["items"]

        assert ("strange", 1, False) == (unknown["code"], unknown["count"], unknown["is_listed"])
        told(relay, webhook_body("Y", "strange"))
        (unknown,) = relay.ops("GET", "/unknown-codes", params={"carrier": "signed"}).json()["items"]
        assert 2 == unknown["count"]
        assert [] == relay.ops("GET", "/unknown-codes", params={"account": "other"}).json()["items"]
        taught = source("signed", milestones={"strange": Milestone.IN_TRANSIT})
        (unknown,) = start(sources=Sources([taught])).ops("GET", "/unknown-codes").json()["items"]
        assert unknown["is_listed"]


def _unmappable(id_: str) -> Any:
    number = parse_public_id("wh", id_)
    assert number is not None

    def run(connection: Any) -> None:
        now = datetime(2026, 3, 4, 18, 4, 31, tzinfo=UTC)
        RecordUnmappable(webhook_id=number, reason="no events", adapter_version=1, now=now).run(connection)

    return run


def test_an_order_of_an_account_that_left_can_still_be_looked_at(start: Start, relay: Relay, enter: Enter) -> None:
    id_ = add(relay, tracking_numbers=[NUMBER])
    start(accounts=frozenset({"other"}))

    assert "v1-01" in enter().open(f"/orders/{id_}").text


def test_a_store_that_is_down_is_told_in_a_page(relay: Relay, me: Visitor) -> None:
    relay.on_the_loop(relay.store.close())

    answer = me.get("/orders")

    assert (503, "5") == (answer.status_code, answer.headers["retry-after"])
    assert "The store cannot be used now" in answer.text
