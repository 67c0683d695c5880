"""Operators learn why a request was refused; the sender never does, and nothing that opens a door is kept for it."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.model import Webhook
from app.source import Source
from app.store.queries import Refusal
from app.verification import (
    AnyOf,
    Bearer,
    BodyDigest,
    Credentials,
    Hmac,
    JsonWebToken,
    Scheme,
    StampedHmac,
    StaticHeader,
    body_variations,
    header_text,
    kept_signatures,
    raw_body,
    timestamp_and_body,
)
from app.web.explaining import Explanation, explain
from tests.web.stage import PATH_KEY, SECRET, Relay, made_up, sign, webhook_body

AT = datetime(2026, 3, 4, 18, 4, 31, tzinfo=UTC)
BODY = json.dumps({"id": "d-1", "number": "QX004512345BR", "weight": 136.0, "url": "https://a.example/b"}).encode()


def signed_with(secret: str, body: bytes = BODY, algorithm: str = "sha256") -> bytes:
    return hmac.digest(secret.encode(), body, algorithm)


def source(scheme: Scheme, secret: str = SECRET, owner: str = "mystore", **more: object) -> Source:
    adapter = made_up("signed", verification=scheme)
    credentials = replace(Credentials(secrets=(secret,)), **more)  # type: ignore[arg-type]
    return Source(owner=owner, accounts=(owner,), adapter=adapter, credentials=credentials)


def refusal(*headers: tuple[str, str], **more: object) -> Refusal:
    kept = Refusal(
        id=1,
        at=AT,
        status=401,
        cause="wrong-credential",
        detail="invented",
        owner="mystore",
        carrier="signed",
        method="POST",
        path="/webhooks/signed/mystore",
        peer="192.0.2.1",
        size=len(BODY),
        headers=headers,
        body=BODY,
    )
    return replace(kept, **more)  # type: ignore[arg-type]


def whats(explanation: Explanation) -> list[str]:
    return [finding.what for finding in explanation.findings]


SCHEME = Hmac(header="X-Signature", prefix="sha256=")
OURS = source(SCHEME)
RIGHT = signed_with(SECRET).hex()


def test_the_secret_of_another_source_is_recognised_and_named() -> None:
    given = refusal(("x-signature", "sha256=" + signed_with("the other one's").hex()))

    explanation = explain(given, OURS, [OURS, source(SCHEME, "the other one's", "other")])

    assert ["The signature is right with a secret of other/signed."] == whats(explanation)
    assert "the other one's" not in str(explanation)


def test_a_secret_with_a_line_break_is_recognised() -> None:
    with_break = source(SCHEME, f"{SECRET}\n")
    theirs = refusal(("x-signature", "sha256=" + signed_with(f"{SECRET}\n").hex()))
    ours = refusal(("x-signature", f"sha256={RIGHT}"))

    assert ["The signature is right with the configured secret and a line break after it."] == whats(
        explain(theirs, OURS, [])
    )
    assert ["The signature is right with the configured secret without the space around it."] == whats(
        explain(ours, with_break, [])
    )


@pytest.mark.parametrize(
    "value",
    [RIGHT, "sha256=" + base64.b64encode(signed_with(SECRET)).decode(), f"hmac={RIGHT}"],
    ids=["no prefix", "base64", "another prefix"],
)
def test_another_way_of_writing_is_recognised(value: str) -> None:
    (what, *_) = whats(explain(refusal(("x-signature", value)), OURS, []))

    assert "written another way" in what


def test_a_signature_in_another_header_is_recognised() -> None:
    explanation = explain(refusal(("x-hub-signature", f"sha256={RIGHT}")), OURS, [])

    assert "The signature is right when read from the header x-hub-signature instead of x-signature." in whats(
        explanation
    )
    assert whats(explanation)[0].startswith("None of the headers that carry a proof came: x-signature")


@pytest.mark.parametrize(
    ("signed", "how"),
    [
        (BODY + b"\n", "for the body with a line break at its end"),
        (BODY.replace(b", ", b",").replace(b": ", b":"), "for the body written compactly"),
        (BODY.replace(b"136.0", b"136"), "for the body with whole numbers written without .0"),
        (json.dumps(json.loads(BODY), indent=2).encode(), "for the body indented by two"),
        (json.dumps(json.loads(BODY), separators=(",", ":"), sort_keys=True).encode(), "with its members sorted"),
        (BODY.replace(b", ", b",").replace(b": ", b":").replace(b"/", b"\\/"), "as PHP does"),
    ],
)
def test_a_body_that_was_changed_on_its_way_is_recognised(signed: bytes, how: str) -> None:
    given = refusal(("x-signature", "sha256=" + signed_with(SECRET, signed).hex()))

    (what,) = whats(explain(given, OURS, []))

    assert how in what


def test_a_digest_of_content_and_secret_is_tried_as_well() -> None:
    ours = source(BodyDigest(header="sign", algorithm="sha256", signed=raw_body, separator=b"/"))
    compact = BODY.replace(b", ", b",").replace(b": ", b":")
    given = refusal(("sign", hashlib.sha256(compact + b"/" + SECRET.encode()).hexdigest()))

    assert ["The signature is right for the body written compactly and if it may be written another way."] != whats(
        explain(given, ours, [])
    )


def test_a_corrected_configuration_is_said() -> None:
    assert ["With the secrets of today the request is genuine."] == whats(
        explain(refusal(("x-signature", f"sha256={RIGHT}")), OURS, [])
    )


@pytest.mark.parametrize(
    ("seconds", "advice"),
    [(3 * 3600, "local time for UTC"), (700_001, "Compare both clocks")],
)
def test_a_clock_that_differs_is_measured(seconds: int, advice: str) -> None:
    stamp = str(int((AT - timedelta(seconds=seconds)).timestamp()))
    ours = source(Hmac(header="X-Signature", signed=timestamp_and_body("x-time"), timestamp_header="x-time"))
    stamped = source(StampedHmac(header="X-Signature"))
    apart = refusal(("x-time", stamp), ("x-signature", RIGHT), cause="stale-timestamp")
    together = refusal(("x-signature", f"t={stamp},v1={RIGHT}"), cause="stale-timestamp")

    for given, configured in ((apart, ours), (together, stamped)):
        (finding,) = explain(given, configured, []).findings
        assert f"The request was signed {seconds} s before it arrived." == finding.what
        assert advice in finding.advice


def test_what_cannot_be_tried_is_said() -> None:
    cut = explain(refusal(("x-signature", f"sha256={RIGHT}"), size=10_000), OURS, [])
    static = explain(refusal(("authorization", "***")), source(Bearer()), [])

    assert (0, f"Only {len(BODY)} of 10000 bytes of the body are kept: no signature was tried.") == (
        cut.tried,
        cut.limits[0],
    )
    assert "cannot be compared" in static.limits[0]


SIGNATURE = "ab" * 32


@pytest.mark.parametrize(
    ("scheme", "value", "kept"),
    [
        (SCHEME, f"sha256={SIGNATURE}", True),
        (SCHEME, SIGNATURE, True),
        (SCHEME, "somebody's secret", False),
        (SCHEME, SIGNATURE + "00", False),
        (Hmac(header="X-Signature", signed=header_text("x-time"), binds_body=False), SIGNATURE, False),
        (BodyDigest(header="X-Signature", algorithm="md5", signed=raw_body), "ab" * 16, True),
        (StampedHmac(header="X-Signature"), f"t=1700000000,v1={SIGNATURE}", True),
        (StampedHmac(header="X-Signature"), f"t=1700000000,v1={SIGNATURE},secret=abc", False),
        (StaticHeader(header="X-Signature"), SIGNATURE, False),
        (JsonWebToken(header="X-Signature"), "a.b.c", False),
        (AnyOf((SCHEME, StaticHeader(header="X-Signature"))), SIGNATURE, False),
    ],
)
def test_only_a_signature_over_the_body_is_kept(scheme: Scheme, value: str, kept: bool) -> None:
    webhook = Webhook(method="POST", path="/", query="", headers=(("x-signature", value),), body=b"", received_at=AT)

    assert kept == ("x-signature" in kept_signatures(scheme, Credentials(), webhook))


def test_no_variation_is_the_body_itself_or_comes_twice() -> None:
    for body in (BODY, b"", b"[]", b"\xff\xfe", b"\xef\xbb\xbf{}\r\n"):
        found = [variation for _, variation in body_variations(body)]
        assert body not in found
        assert len(set(found)) == len(found)


def test_a_refusal_is_explained_to_operators_only(relay: Relay) -> None:
    body = json.dumps(webhook_body()).encode()
    wrong = {"X-Signature": sign(body + b"\n")}
    told = relay.deliver(headers=wrong)
    path = f"/refusals/{told.json()['id']}/explanation"
    relay.refusals()

    answer = relay.ops("GET", path)

    assert 200 == answer.status_code, answer.text
    assert ["The signature is right for the body with a line break at its end."] == [
        finding["what"] for finding in answer.json()["findings"]
    ]
    assert sign(body) not in answer.text
    assert SECRET not in answer.text
    assert "line break" not in told.text
    assert 403 == relay.ops("GET", path, token="support").status_code
    assert 404 == relay.ops("GET", "/refusals/ref_0000000000000/explanation").status_code


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/webhooks/keyed/mystore", "is missing"),
        ("/webhooks/keyed/mystore/wrong", "something else than the path key"),
        (f"/webhooks/keyed/mystore/{PATH_KEY}/more", "something else than the path key"),
        ("/webhooks/signed/mystore/a-key", "has no path key"),
    ],
)
def test_a_wrong_address_is_explained(relay: Relay, path: str, what: str) -> None:
    told = relay.http.post(path, json=webhook_body()).json()["id"]
    relay.refusals()

    (finding,) = relay.ops("GET", f"/refusals/{told}/explanation").json()["findings"]

    assert what in finding["what"]


def test_a_limited_token_learns_nothing_of_other_accounts(relay: Relay) -> None:
    body = json.dumps(webhook_body()).encode()
    theirs = hmac.digest(b"a newer secret", body, "sha256").hex()
    told = relay.deliver(headers={"X-Signature": theirs}).json()["id"]
    other = relay.deliver(path="/webhooks/signed/other", headers={"X-Signature": "0" * 64}).json()["id"]
    relay.refusals()

    assert "other/signed" in relay.ops("GET", f"/refusals/{told}/explanation").text
    limited = relay.ops("GET", f"/refusals/{told}/explanation", token="mystore-operator")
    assert (200, []) == (limited.status_code, limited.json()["findings"])
    assert 404 == relay.ops("GET", f"/refusals/{other}/explanation", token="mystore-operator").status_code
