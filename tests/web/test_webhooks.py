import base64
import json
import logging

import pytest

from app.store import parse_public_id
from app.store.inbox import webhook_with_body
from tests.web.stage import PATH_KEY, Clock, Relay, sign, webhook_body


def test_a_signed_webhook_is_stored_with_its_exact_bytes_and_answered_with_its_id(relay: Relay) -> None:
    body = b'{ "id": "1",\t"number": "QX1",\r\n "events": [] }\x20'
    answer = relay.http.post(
        "/webhooks/signed/mystore?mode=live&api_key=invented",
        content=body,
        headers={"X-Signature": sign(body), "Content-Type": "application/json", "X-Trace": "abc"},
    )

    assert 200 == answer.status_code
    assert "accepted" == answer.json()["status"]
    assert "nosniff" == answer.headers["x-content-type-options"]
    shown = relay.ops("GET", f"/webhooks/{answer.json()['id']}").json()
    assert {"encoding": "utf-8", "content": body.decode()} == shown["body"]
    assert "mode=live&api_key=***" == shown["query"]
    assert ["x-trace", "abc"] in shown["headers"]
    assert ["x-signature", "***"] in shown["headers"]
    assert "/webhooks/signed/mystore" == shown["path"]
    assert "127.0.0.1" == shown["peer"]


def test_the_bytes_in_the_store_are_those_that_were_sent(relay: Relay) -> None:
    body = bytes(range(256))
    id_ = relay.http.post("/webhooks/signed/mystore", content=body, headers={"X-Signature": sign(body)}).json()["id"]

    number = parse_public_id("wh", id_)
    assert number is not None
    stored = relay.on_the_loop(relay.store.read(lambda connection: webhook_with_body(connection, number)))
    shown = relay.ops("GET", f"/webhooks/{id_}").json()

    assert stored is not None
    assert body == stored.body
    assert {"encoding": "base64", "content": base64.b64encode(body).decode()} == shown["body"]


def test_a_repetition_is_answered_with_the_first_id(relay: Relay) -> None:
    first, second = relay.deliver().json(), relay.deliver().json()

    assert {"id": first["id"], "status": "duplicate"} == second


def test_a_slash_at_the_end_does_not_lose_a_webhook(relay: Relay) -> None:
    assert 200 == relay.deliver(path="/webhooks/signed/mystore/").status_code


def test_a_source_is_found_by_its_alias_and_by_its_group(relay: Relay) -> None:
    by_alias = relay.deliver(webhook_body("A1"), path="/w/p7f3")
    by_name = relay.deliver(webhook_body("A2"), path="/webhooks/signed/brands")

    assert [200, 200] == [by_alias.status_code, by_name.status_code]
    owners = {item["owner"] for item in relay.ops("GET", "/webhooks").json()["items"]}
    assert {"brands"} == owners


@pytest.mark.parametrize(
    "path",
    [
        f"/webhooks/keyed/mystore/{PATH_KEY}",
        "/webhooks/keyed/mystore/k3y%2D0f-the-path",
        f"/w/q8g4/{PATH_KEY}",
        f"/webhooks/keyed/other/{PATH_KEY}/",
    ],
)
def test_a_path_key_opens_what_cannot_be_signed_and_is_not_stored(relay: Relay, path: str) -> None:
    answer = relay.http.post(path, json=webhook_body())

    assert 200 == answer.status_code
    shown = relay.ops("GET", f"/webhooks/{answer.json()['id']}").json()
    assert "k3y" not in json.dumps(shown)
    assert shown["path"].endswith("/***")


@pytest.mark.parametrize("headers", [{}, {"Content-Type": ""}, {"Content-Type": "application/vnd.carrier+json"}])
def test_a_missing_content_type_and_the_relatives_of_json_are_accepted(relay: Relay, headers: dict[str, str]) -> None:
    body = json.dumps(webhook_body()).encode()
    answer = relay.http.post("/webhooks/signed/mystore", content=body, headers={"X-Signature": sign(body), **headers})

    assert 200 == answer.status_code


def test_a_carrier_is_answered_what_it_demands(relay: Relay) -> None:
    fresh, again = relay.deliver(slug="strict"), relay.deliver(slug="strict")
    silent = relay.deliver(slug="silent")

    assert (201, {"code": "1"}) == (fresh.status_code, fresh.json())
    assert (201, {"code": "1"}) == (again.status_code, again.json())
    assert (204, b"") == (silent.status_code, silent.content)


def test_other_methods_are_served_where_the_carrier_uses_them(relay: Relay) -> None:
    path = "/webhooks/curious/mystore"
    body = json.dumps(webhook_body()).encode()
    seen = relay.http.get(path)
    headed = relay.http.head(path)
    put = relay.http.put(path, content=body, headers={"X-Signature": sign(body)})
    empty = relay.http.post(path)

    assert (200, b"pong", "text/plain") == (seen.status_code, seen.content, seen.headers["content-type"])
    assert (200, b"", "4") == (headed.status_code, headed.content, headed.headers["content-length"])
    assert (200, "accepted") == (put.status_code, put.json()["status"])
    assert b"pong" == empty.content
    assert ["PUT"] == [item["method"] for item in relay.ops("GET", "/webhooks").json()["items"]]


class TestVerifying:
    def test_a_proven_sender_gets_204_and_nothing_is_stored(self, relay: Relay) -> None:
        answer = relay.deliver(path="/webhooks/signed/mystore/verify")
        keyed = relay.http.post(f"/webhooks/keyed/mystore/{PATH_KEY}/verify", json={})
        alias = relay.deliver(path="/w/p7f3/verify")

        assert [(204, b"")] * 3 == [(each.status_code, each.content) for each in (answer, keyed, alias)]
        assert [] == relay.ops("GET", "/webhooks").json()["items"]

    def test_an_unproven_sender_gets_the_plain_refusal(self, relay: Relay) -> None:
        body = b"{}"
        answer = relay.http.post(
            "/webhooks/strict/mystore/verify", content=body, headers={"X-Signature": sign(b"something else")}
        )

        assert (401, 401) == (answer.status_code, answer.json()["status"])

    def test_it_is_posted_to(self, relay: Relay) -> None:
        assert 405 == relay.http.get("/webhooks/signed/mystore/verify").status_code


class TestOurFault:
    def test_a_store_that_is_down_is_503_with_a_time_to_come_back(self, relay: Relay) -> None:
        relay.on_the_loop(relay.store.close())
        answer = relay.deliver()

        assert 503 == answer.status_code
        assert "5" == answer.headers["retry-after"]
        assert "/problems/store-unavailable" == answer.json()["type"]

    def test_what_nobody_foresaw_is_503_with_an_id_and_a_traceback_in_the_log(
        self, relay: Relay, caplog: pytest.LogCaptureFixture
    ) -> None:
        body = b'"explode"'
        answer = relay.http.post("/webhooks/curious/mystore", content=body, headers={"X-Signature": sign(body)})

        assert (503, "/problems/unexpected") == (answer.status_code, answer.json()["type"])
        assert "5" == answer.headers["retry-after"]
        (record,) = [record for record in caplog.records if record.message == "web.unexpected"]
        assert answer.json()["id"] == vars(record)["relay_fields"]["id"]
        assert record.exc_info is not None
        assert "the probe exploded" in str(record.exc_info[1])
        assert "exploded" not in answer.text

    def test_evidence_that_cannot_be_kept_does_not_change_the_answer(
        self, relay: Relay, caplog: pytest.LogCaptureFixture
    ) -> None:
        relay.on_the_loop(relay.store.close())
        answer = relay.deliver(headers={"X-Signature": "0" * 64})
        relay.on_the_loop(relay.application.close())

        assert 401 == answer.status_code
        assert "refusal.dropped" in [record.message for record in caplog.records]


class TestTelling:
    def test_each_webhook_is_one_wide_line(self, relay: Relay, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO)
        id_ = relay.deliver().json()["id"]
        relay.http.post("/webhooks/keyed/mystore/wrong-key-of-somebody", json={})
        # The line is written after the answer: the next answer on this connection comes after it.
        relay.http.get("/livez")

        lines = [vars(record)["relay_fields"] for record in caplog.records if record.message == "webhook.received"]

        assert {
            "carrier": "signed",
            "owner": "mystore",
            "outcome": "accepted",
            "id": id_,
            "peer": "127.0.0.1",
            "size": len(json.dumps(webhook_body())),
        } == {name: value for name, value in lines[0].items() if name != "ms"}
        assert ("refused", "not-found", "/webhooks/keyed/mystore/***") == (
            lines[1]["outcome"],
            lines[1]["reason"],
            lines[1]["path"],
        )
        assert "wrong-key-of-somebody" not in str(lines)

    def test_webhooks_and_refusals_are_counted_under_known_labels_only(self, relay: Relay) -> None:
        relay.deliver()
        relay.deliver()
        relay.deliver(headers={"X-Signature": "0" * 64})
        relay.http.post("/webhooks/invented-by-a-stranger/x", json={})
        text = relay.http.get("/metrics").text

        assert 'relay_webhooks_total{carrier="signed",outcome="accepted"} 1.0' in text
        assert 'relay_webhooks_total{carrier="signed",outcome="duplicate"} 1.0' in text
        assert 'relay_webhooks_total{carrier="signed",outcome="refused"} 1.0' in text
        assert 'relay_webhooks_total{carrier="other",outcome="refused"} 1.0' in text
        assert 'relay_refusals_total{cause="wrong-credential"} 1.0' in text
        assert "stranger" not in text


def test_a_carrier_that_still_signs_with_an_old_secret_is_counted(relay: Relay) -> None:
    relay.deliver()
    relay.deliver(path="/webhooks/signed/other")
    text = relay.http.get("/metrics").text

    assert 'relay_secret_matched_total{secret="0",source="mystore/signed"} 1.0' in text
    assert 'relay_secret_matched_total{secret="1",source="other/signed"} 1.0' in text


def test_the_clock_is_read_when_the_webhook_is_complete(relay: Relay, clock: Clock) -> None:
    clock.advance(hours=1)
    id_ = relay.deliver().json()["id"]

    assert "2026-03-04T19:04:31Z" == relay.ops("GET", f"/webhooks/{id_}").json()["received_at"]
