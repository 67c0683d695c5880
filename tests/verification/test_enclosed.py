"""Credentials that enclose a time or claims, and credentials inside the body."""

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import MissingCredential, StaleTimestamp, UnreadableCredential, WrongCredential
from app.model import Webhook
from app.verification import BodyHmac, Credentials, JsonWebToken, StampedHmac, member_span, seal, verify
from tests.verification.requests import NOW, OLD_AND_NEW, request

STAMPED = StampedHmac(header="X-Auth-Signature")
TOKEN = JsonWebToken(header="X-Token")


def order_and_path(webhook: Webhook) -> bytes:
    """Sign what a courier signs: time, method, path and the order as it stands in the body."""
    text = webhook.body.decode()
    parts = [text[slice(*member_span(text, name))] for name in ("timestamp", "data")]
    return f"{parts[0]}\r\nPOST\r\n{webhook.path}\r\n\r\n{parts[1]}".encode()


INSIDE = BodyHmac(signature=("auth", "signature"), timestamp=("timestamp",), signed=order_and_path)
ORDER = b'{"timestamp":1,"auth":{"signature":"x"}, "data" : {"order": {"id":1,"date":"2026-11-20T14:25.00Z"}} }'


def token(header: Mapping[str, object], claims: Mapping[str, object], secret: str = "new-secret") -> str:
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims)]
    content = b".".join(parts)
    signature = base64.urlsafe_b64encode(hmac.digest(secret.encode(), content, "sha256")).rstrip(b"=")
    return (content + b"." + signature).decode()


def test_time_and_digest_in_one_header_prove_the_body() -> None:
    sealed = seal(STAMPED, request(), OLD_AND_NEW, NOW)

    assert verify(STAMPED, sealed, OLD_AND_NEW, NOW).secret == 0
    assert STAMPED.headers == ("x-auth-signature",)
    assert "SHA256" in STAMPED.describe()
    with pytest.raises(WrongCredential, match="matches none"):
        verify(STAMPED, replace(sealed, body=b"{}"), OLD_AND_NEW, NOW)
    with pytest.raises(StaleTimestamp):
        verify(STAMPED, sealed, OLD_AND_NEW, NOW + timedelta(days=8))


def test_one_of_several_digests_is_enough() -> None:
    (name, value), *_ = seal(STAMPED, request(), OLD_AND_NEW, NOW).headers

    assert verify(STAMPED, request({name: f"v1=00, {value}, v0=junk"}), OLD_AND_NEW, NOW).secret == 0


@pytest.mark.parametrize("value", ["x", "t=1", "v1=00", "t=,v1=", "t=\xe9,v1=\xe9"])
def test_a_header_without_time_or_digest_is_refused(value: str) -> None:
    with pytest.raises(WrongCredential):
        verify(STAMPED, request({"X-Auth-Signature": value}), OLD_AND_NEW, NOW)


def test_a_signature_inside_the_body_proves_what_stands_beside_it() -> None:
    sealed = seal(INSIDE, request(body=ORDER), OLD_AND_NEW, NOW)

    assert verify(INSIDE, sealed, OLD_AND_NEW, NOW).secret == 0
    assert ORDER[ORDER.index(b', "data"') :] == sealed.body[sealed.body.index(b', "data"') :]
    assert "auth.signature" in INSIDE.describe()
    for changed in (
        replace(sealed, path="/w/other"),
        replace(sealed, body=sealed.body.replace(b'"id":1', b'"id":2')),
        replace(sealed, body=sealed.body.replace(b'"id":1', b'"id": 1')),
    ):
        with pytest.raises(WrongCredential, match="matches none"):
            verify(INSIDE, changed, OLD_AND_NEW, NOW)
    with pytest.raises(StaleTimestamp):
        verify(INSIDE, sealed, OLD_AND_NEW, NOW + timedelta(days=8))


def test_a_secret_may_name_the_public_half_of_its_key() -> None:
    scheme = replace(INSIDE, key_id=("key",))
    both = Credentials(secrets=("pk-1:new-secret",))
    order = ORDER.replace(b'"timestamp":1', b'"key":"pk-0","timestamp":1')
    sealed = seal(scheme, request(body=order), both, NOW)

    assert b'"key":"pk-1"' in sealed.body
    assert verify(scheme, sealed, both, NOW).secret == 0
    assert verify(scheme, sealed, OLD_AND_NEW, NOW).secret == 0
    for wrong in ("pk-2:new-secret", "pk-1:old-secret"):
        with pytest.raises(WrongCredential):
            verify(scheme, sealed, Credentials(secrets=(wrong,)), NOW)


def test_the_signed_path_may_be_another_than_the_one_that_a_proxy_left() -> None:
    registered = replace(OLD_AND_NEW, signed_path="/hooks/courier")
    sealed = seal(INSIDE, request(body=ORDER, path="/hooks/courier"), OLD_AND_NEW, NOW)
    rewritten = replace(sealed, path="/w/x")

    assert verify(INSIDE, rewritten, registered, NOW).secret == 0
    assert seal(INSIDE, rewritten, registered, NOW).body == sealed.body
    with pytest.raises(WrongCredential):
        verify(INSIDE, rewritten, OLD_AND_NEW, NOW)


def test_an_empty_body_holds_nothing_to_sign() -> None:
    assert seal(INSIDE, request(body=b""), OLD_AND_NEW, NOW).body == b""


def test_a_time_inside_the_body_keeps_its_form() -> None:
    milliseconds = ORDER.replace(b'"timestamp":1,', b'"timestamp":"1795176600000",')
    seconds = ORDER.replace(b'"timestamp":1,', b'"timestamp":1795176600,')

    assert b'"timestamp":"1795435200000",' in seal(INSIDE, request(body=milliseconds), OLD_AND_NEW, NOW).body
    assert b'"timestamp":1795435200,' in seal(INSIDE, request(body=seconds), OLD_AND_NEW, NOW).body


def test_a_second_member_of_a_name_cannot_hide_behind_the_signed_one() -> None:
    sealed = seal(INSIDE, request(body=ORDER), OLD_AND_NEW, NOW)
    doubled = replace(sealed, body=sealed.body[:-1] + b',"data":{"order":{"id":99}}}')

    with pytest.raises(UnreadableCredential, match="the body has no single member data"):
        verify(INSIDE, doubled, OLD_AND_NEW, NOW)


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{}", b'{"auth":{}}', b'{"auth":{"signature":7}', b"\xff"])
def test_a_body_without_a_signature_is_refused(body: bytes) -> None:
    with pytest.raises((MissingCredential, UnreadableCredential)):
        verify(INSIDE, request(body=body), OLD_AND_NEW, NOW)


@given(st.text() | st.from_regex(r'\s*\{\s*"a"\s*:.*', fullmatch=True))
def test_no_text_breaks_the_search_for_a_member(text: str) -> None:
    try:
        start, end = member_span(text, "a", "b")
    except UnreadableCredential:
        return
    assert json.loads(text[start:end]) == json.loads(text)["a"]["b"]


def test_a_member_is_found_where_it_stands() -> None:
    text = ' { "x" : "}" , "a\\u0062" : [1, {"c": 2}] , "c" : {"d":{"e" : 1.0 }} } '

    assert text[slice(*member_span(text, "ab"))] == '[1, {"c": 2}]'
    assert text[slice(*member_span(text, "c", "d", "e"))] == "1.0"
    assert text[slice(*member_span(text))] == text


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"a" 1}', '{"a":1', '{"b":1}', "[" * 100_000, '{"a":' + "[" * 100_000]
)
def test_a_member_that_cannot_be_cut_out_is_unreadable(text: str) -> None:
    with pytest.raises(UnreadableCredential, match="the body has no single member a"):
        member_span(text, "a")


def test_a_token_proves_the_secret() -> None:
    sealed = seal(TOKEN, request(), OLD_AND_NEW, NOW)
    soon = {"exp": int(NOW.timestamp()) + 60}

    assert verify(TOKEN, sealed, OLD_AND_NEW, NOW).secret == 0
    assert verify(TOKEN, request({"X-Token": "Bearer " + token({"alg": "HS256"}, soon)}), OLD_AND_NEW, NOW).secret == 0
    assert verify(TOKEN, request({"X-Token": token({"alg": "HS256"}, {}, "old-secret")}), OLD_AND_NEW, NOW).secret == 1
    assert TOKEN.headers == ("x-token",)
    assert not TOKEN.binds_body
    assert "HS256" in TOKEN.describe()


@pytest.mark.parametrize(
    "value",
    [
        token({"alg": "none"}, {}),
        token({"alg": "RS256"}, {}),
        token({}, {}),
        token({"alg": "HS256"}, {}, "another-secret"),
        token({"alg": "HS256"}, {}) + "x",
        "x.y.z",
        "e30.e30",
        "x",
        "\xe9.\xe9.\xe9",
        "bnVsbA.bnVsbA.x",
        "gA.gA.x",
    ],
)
def test_any_other_token_is_refused(value: str) -> None:
    with pytest.raises(WrongCredential):
        verify(TOKEN, request({"X-Token": value}), OLD_AND_NEW, NOW)


@pytest.mark.parametrize("expiry", [int(NOW.timestamp()) - 301, "never"])
def test_a_token_that_expired_is_refused(expiry: object) -> None:
    with pytest.raises(StaleTimestamp, match="the token in X-Token has expired"):
        verify(TOKEN, request({"X-Token": token({"alg": "HS256"}, {"exp": expiry})}), OLD_AND_NEW, NOW)
