import gzip
import json
from typing import Any

import pytest
from sqlalchemy import select

from app.store.schema import refusals
from app.web import Limits
from tests.web.conftest import Start
from tests.web.stage import PATH_KEY, SECRET, Relay, sign, webhook_body, without_ids


@pytest.mark.parametrize(
    "path",
    [
        "/webhooks/keyed/mystore",
        "/webhooks/keyed/mystore/wrong-key",
        "/webhooks/keyed/mystore/wrong-key/verify",
        f"/webhooks/keyed/mystore/{PATH_KEY}x",
        f"/webhooks/keyed/mystore/{PATH_KEY}/more",
        f"/webhooks/keyed/{PATH_KEY}",
        "/webhooks/signed/mystore/a-key-that-it-does-not-have",
        "/webhooks/nobody/mystore",
        "/webhooks/signed/nobody",
        "/webhooks/signed",
        "/webhooks/",
        "/w/",
        "/w/nobody",
        "/w/q8g4",
        "/w/q8g4/wrong",
    ],
)
def test_a_wrong_key_is_answered_like_a_path_that_was_never_configured(relay: Relay, path: str) -> None:
    unknown = relay.http.post("/webhooks/never/configured/at-all", json={})
    answer = relay.http.post(path, json=webhook_body())

    assert (404, 404) == (unknown.status_code, answer.status_code)
    assert without_ids(unknown.json()) == without_ids(answer.json())
    assert [name for name in unknown.headers if name != "date"] == [name for name in answer.headers if name != "date"]


def test_a_wrong_key_is_kept_as_evidence_and_a_path_that_names_nothing_is_not(relay: Relay) -> None:
    relay.http.post("/webhooks/never/configured", json={})
    told = relay.http.post("/webhooks/keyed/mystore/wrong-key", json={}).json()["id"]

    kept = relay.refusals()

    assert [(told, 404, "not-found", "/webhooks/keyed/mystore/***")] == [
        (item["id"], item["status"], item["cause"], item["path"]) for item in kept
    ]


def test_a_compressed_body_is_refused_unread(relay: Relay) -> None:
    body = gzip.compress(json.dumps(webhook_body()).encode())
    answer = relay.http.post(
        "/webhooks/signed/mystore",
        content=body,
        headers={"X-Signature": sign(body), "Content-Type": "application/json", "Content-Encoding": "gzip"},
    )

    assert 415 == answer.status_code
    assert "'gzip'" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("differences", "truth"),
    [
        ({"headers": {"X-Signature": "0" * 64}}, "wrong-credential"),
        ({"headers": {"Content-Type": "text/csv"}}, "unsupported-media-type"),
        ({"content": "x" * 5000}, "too-large"),
    ],
)
def test_a_carrier_that_gives_up_on_refusals_gets_the_status_that_it_can_bear(
    relay: Relay, differences: dict[str, Any], truth: str
) -> None:
    answer = relay.deliver(slug="strict", **differences)

    assert 202 == answer.status_code
    assert 202 == answer.json()["status"]
    assert f"/problems/{truth}" == answer.json()["type"]
    assert [(202, truth)] == [(item["status"], item["cause"]) for item in relay.refusals()]


def test_what_is_wrong_with_the_address_is_never_glossed_over(relay: Relay) -> None:
    assert 405 == relay.deliver(slug="strict", method="PUT").status_code
    assert 404 == relay.http.post("/webhooks/strict/nobody").status_code


def test_a_method_that_a_carrier_does_not_use_is_refused_with_those_that_it_does(relay: Relay) -> None:
    answer = relay.http.get("/webhooks/signed/mystore")

    assert 405 == answer.status_code
    assert "POST" == answer.headers["allow"]


@pytest.mark.parametrize(
    ("headers", "cause"),
    [({"X-Signature": ""}, "missing-credential"), ({"X-Signature": "ab" * 32}, "wrong-credential")],
)
def test_an_unproven_sender_is_told_what_is_wrong_and_never_what_was_expected(
    relay: Relay, headers: dict[str, str], cause: str
) -> None:
    body = json.dumps(webhook_body()).encode()
    answer = relay.deliver(headers=headers)
    problem = answer.json()

    assert 401 == answer.status_code
    assert "application/problem+json" == answer.headers["content-type"]
    assert f"/problems/{cause}" == problem["type"]
    assert "X-Signature" in problem["detail"]
    assert f"/ops/v1/refusals/{problem['id']}" == problem["instance"]
    assert sign(body) not in answer.text
    assert SECRET not in answer.text


def test_a_body_that_its_proof_has_to_be_taken_out_of_and_cannot_is_malformed(relay: Relay) -> None:
    answer = relay.http.post("/webhooks/enclosed/mystore", content=b"{", headers={"X-Signature": "0" * 64})

    assert (400, "/problems/unreadable-credential") == (answer.status_code, answer.json()["type"])


def test_a_refusal_is_kept_with_its_cause_and_without_credentials(relay: Relay) -> None:
    misplaced = {"X-Signature": "0" * 64, "X-Other": f"Token {SECRET}", "Authorization": "Basic aW52ZW50ZWQ="}
    told = relay.deliver({"note": SECRET, "pad": "x" * 4000}, headers=misplaced).json()["id"]

    relay.refusals()
    kept = relay.ops("GET", f"/refusals/{told}").json()

    assert ("wrong-credential", "mystore", "signed") == (kept["cause"], kept["owner"], kept["carrier"])
    assert SECRET not in json.dumps(kept)
    assert ["x-other", "Token ***"] in kept["headers"]
    assert ["authorization", "***"] in kept["headers"]
    assert kept["size"] > 4000
    assert kept["body"]["content"].startswith('{"note": "***"')


def test_the_body_of_a_refusal_is_kept_in_part_only(start: Start) -> None:
    relay = start(limits=Limits(body_bytes=100_000))
    told = relay.deliver("y" * 50_000, headers={"X-Signature": "0" * 64}).json()["id"]

    relay.refusals()
    kept = relay.ops("GET", f"/refusals/{told}").json()

    assert (50_002, 4096) == (kept["size"], len(kept["body"]["content"]))


def test_no_more_refusals_are_kept_than_the_limit(start: Start) -> None:
    relay = start(limits=Limits(refusals_kept=5))
    for _ in range(200):
        relay.deliver(headers={"X-Signature": "0" * 64})
    relay.refusals()

    count = relay.on_the_loop(relay.store.read(lambda connection: len(connection.execute(select(refusals.c.id)).all())))

    assert count < 100


def test_a_network_that_is_not_the_carriers_is_refused_whoever_a_stranger_claims_to_be(start: Start) -> None:
    relay = start()
    answer = relay.http.post("/webhooks/enclosed/other", content=b"{}", headers={"X-Forwarded-For": "203.0.113.7"})

    assert 401 == answer.status_code
    assert "network" in answer.json()["detail"]
