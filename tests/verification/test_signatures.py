"""Schemes that sign: what is signed, how it is written, and when it is too old."""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta

import pytest

from app.errors import (
    KeyNeeded,
    MalformedPayload,
    MissingCredential,
    StaleTimestamp,
    UnreadableCredential,
    WrongCredential,
)
from app.verification import (
    BodyDigest,
    Credentials,
    Hmac,
    RsaJwks,
    header_text,
    headers_and_body,
    json_members,
    rsa_keys,
    seal,
    text_field,
    timestamp_and_body,
    verify,
)
from tests.carriers.keys import sample_key
from tests.verification.requests import BODY, NOW, OLD_AND_NEW, request

PLAIN = Hmac(header="X-Signature")
EITHER = Hmac(header="X-Signature", encodings=("base64", "hex"), prefix="sha256=", prefix_is_optional=True)
STAMPED = Hmac(
    header="X-Signature", prefix="v1=", signed=timestamp_and_body("X-Timestamp"), timestamp_header="X-Timestamp"
)
RSA = RsaJwks(
    jwks_url="https://carrier.example/jwks",
    key_id_header="X-Key-Id",
    signature_header="X-Signature",
    timestamp_header="X-Timestamp",
)
OURS = Credentials(keys=sample_key(), private_key=sample_key().private)


def digest(secret: str = "new-secret", content: bytes = BODY) -> bytes:
    return hmac.digest(secret.encode(), content, "sha256")


@pytest.mark.parametrize(
    "value",
    [
        digest().hex(),
        digest().hex().upper(),
        "sha256=" + digest().hex(),
        base64.b64encode(digest()).decode(),
        "sha256=" + base64.b64encode(digest("old-secret")).decode(),
    ],
)
def test_a_digest_is_read_in_every_encoding_that_its_carrier_uses(value: str) -> None:
    assert verify(EITHER, request({"X-Signature": value}), OLD_AND_NEW, NOW).secret in {0, 1}


def test_a_prefix_that_is_optional_is_left_out_of_samples() -> None:
    assert dict(seal(EITHER, request(), OLD_AND_NEW, NOW).headers)["x-signature"] == base64.b64encode(digest()).decode()


def test_an_encoding_that_the_carrier_does_not_use_is_refused() -> None:
    with pytest.raises(WrongCredential, match="the signature in X-Signature matches none of the live secrets"):
        verify(PLAIN, request({"X-Signature": base64.b64encode(digest()).decode()}), OLD_AND_NEW, NOW)


def test_a_prefix_that_is_not_optional_is_demanded() -> None:
    scheme = replace(PLAIN, prefix="sha256=")

    with pytest.raises(WrongCredential, match="does not start with 'sha256='"):
        verify(scheme, request({"X-Signature": digest().hex()}), OLD_AND_NEW, NOW)


def test_the_body_is_signed_as_received() -> None:
    value = {"X-Signature": digest().hex()}
    for body in (BODY + b"\n", BODY.replace(b":", b": "), b""):
        with pytest.raises(WrongCredential):
            verify(PLAIN, request(value, body), OLD_AND_NEW, NOW)


def test_a_secret_is_normalised_only_where_its_carrier_does_so() -> None:
    composed, decomposed = "cl\u00e9", "cle\u0301"
    sealed = seal(PLAIN, request(), Credentials(secrets=(decomposed,)), NOW)
    nfkd = replace(PLAIN, nfkd_secret=True)

    assert verify(nfkd, sealed, Credentials(secrets=(composed,)), NOW).secret == 0
    with pytest.raises(WrongCredential):
        verify(PLAIN, sealed, Credentials(secrets=(composed,)), NOW)


def test_a_signed_time_is_held_against_the_clock() -> None:
    sealed = seal(STAMPED, request(), OLD_AND_NEW, NOW)

    assert sealed.header("x-timestamp") == str(int(NOW.timestamp()))
    assert verify(STAMPED, sealed, OLD_AND_NEW, NOW + timedelta(days=7)).secret == 0
    assert verify(STAMPED, sealed, OLD_AND_NEW, NOW - timedelta(minutes=5)).secret == 0
    for late in (timedelta(days=7, seconds=1), timedelta(minutes=-5, seconds=-1)):
        with pytest.raises(StaleTimestamp, match="too far from this server's clock"):
            verify(STAMPED, sealed, OLD_AND_NEW, NOW + late)


def test_a_signed_time_that_cannot_be_read_is_refused() -> None:
    soon = digest(content=b"soon." + BODY).hex()

    with pytest.raises(UnreadableCredential, match="the signed time cannot be read"):
        verify(STAMPED, request({"X-Timestamp": "soon", "X-Signature": f"v1={soon}"}), OLD_AND_NEW, NOW)


def test_a_signature_over_several_headers_binds_each() -> None:
    scheme = replace(STAMPED, signed=headers_and_body("X-Timestamp", "X-Event"))
    sealed = seal(scheme, request({"X-Event": "tracking"}), OLD_AND_NEW, NOW)
    other = replace(sealed, headers=tuple((n, "other" if n == "x-event" else v) for n, v in sealed.headers))

    assert verify(scheme, sealed, OLD_AND_NEW, NOW).secret == 0
    with pytest.raises(WrongCredential):
        verify(scheme, other, OLD_AND_NEW, NOW)
    with pytest.raises(MissingCredential, match="X-Event is missing"):
        verify(scheme, replace(sealed, headers=sealed.headers[1:]), OLD_AND_NEW, NOW)


def test_a_signature_over_a_timestamp_alone_says_that_it_binds_nothing() -> None:
    scheme = Hmac(header="signature", signed=header_text("timestamp"), timestamp_header="timestamp", binds_body=False)
    sealed = seal(scheme, request(), OLD_AND_NEW, NOW)

    assert not scheme.binds_body
    assert verify(scheme, replace(sealed, body=b"anything"), OLD_AND_NEW, NOW).secret == 0


def test_members_are_signed_as_their_decoded_texts() -> None:
    scheme = Hmac(header="X-HMAC", encodings=("base64",), signed=json_members("timestamp", "payload"))
    body = b'{"payload":"{\\"a\\":\\"\\u00e7\\"}","timestamp":1795176600}'
    value = base64.b64encode(digest(content='1795176600{"a":"ç"}'.encode())).decode()

    assert verify(scheme, request({"X-HMAC": value}, body), OLD_AND_NEW, NOW).secret == 0
    for broken in (b"{", b'{"timestamp":1}', b'{"timestamp":1,"payload":{}}'):
        with pytest.raises(UnreadableCredential, match="the signed members cannot be read"):
            verify(scheme, request({"X-HMAC": value}, broken), OLD_AND_NEW, NOW)


def test_a_member_inside_another_can_be_signed() -> None:
    scheme = Hmac(header="X-HMAC", signed=json_members("info.time"))

    assert (
        verify(
            scheme,
            request({"X-HMAC": digest(content=b"1795176600").hex()}, b'{"info":{"time":1795176600}}'),
            OLD_AND_NEW,
            NOW,
        ).secret
        == 0
    )


@pytest.mark.parametrize(
    ("body", "content_type"),
    [(b"bizContent=%7B%22a%22%3A%221+2%22%7D", ""), (b'{"bizContent":"{\\"a\\":\\"1 2\\"}"}', "application/json")],
)
def test_a_form_field_is_signed_as_its_decoded_text(body: bytes, content_type: str) -> None:
    scheme = BodyDigest(header="digest", algorithm="md5", signed=text_field("bizContent"), encoding="base64")
    value = base64.b64encode(hashlib.md5(b'{"a":"1 2"}new-secret', usedforsecurity=False).digest()).decode()

    assert verify(scheme, request({"digest": value, "content-type": content_type}, body), OLD_AND_NEW, NOW).secret == 0
    for broken in (b"", b"other=1", b'{"bizContent":{}}', b"%FF=%FF"):
        with pytest.raises(UnreadableCredential, match="the signed field cannot be read"):
            verify(scheme, request({"digest": value}, broken), OLD_AND_NEW, NOW)


def test_a_plain_digest_ends_with_the_secret() -> None:
    scheme = BodyDigest(header="sign", algorithm="sha256", signed=lambda webhook: webhook.body, separator=b"/")
    sealed = seal(scheme, request(), OLD_AND_NEW, NOW)

    assert sealed.header("sign") == hashlib.sha256(BODY + b"/new-secret").hexdigest()
    assert verify(scheme, sealed, OLD_AND_NEW, NOW).secret == 0
    assert scheme.headers == ("sign",)
    assert "SHA256" in scheme.describe()
    with pytest.raises(WrongCredential, match="the digest in sign matches none"):
        verify(scheme, replace(sealed, body=b"{}"), OLD_AND_NEW, NOW)


def test_rsa_proves_time_and_body_with_the_named_key() -> None:
    sealed = seal(RSA, request(), OURS, NOW)

    assert verify(RSA, sealed, OURS, NOW).secret == -1
    for changed in (
        replace(sealed, body=BODY + b" "),
        replace(sealed, headers=tuple((n, "1795176600" if n == "x-timestamp" else v) for n, v in sealed.headers)),
        replace(sealed, headers=tuple((n, "%" if n == "x-signature" else v) for n, v in sealed.headers)),
        replace(sealed, headers=tuple((n, "é" if n == "x-signature" else v) for n, v in sealed.headers)),
    ):
        with pytest.raises(WrongCredential, match="not that of the named key"):
            verify(RSA, changed, OURS, NOW)
    with pytest.raises(StaleTimestamp):
        verify(RSA, sealed, OURS, NOW + timedelta(days=8))


def test_an_rsa_key_that_is_not_cached_is_asked_for() -> None:
    sealed = seal(RSA, request(), OURS, NOW)

    with pytest.raises(KeyNeeded, match=r"key 'sample' of https://carrier\.example/jwks is not cached") as needed:
        verify(RSA, sealed, Credentials(), NOW)
    assert (needed.value.jwks_url, needed.value.key_id) == ("https://carrier.example/jwks", "sample")
    with pytest.raises(KeyNeeded, match="of https://eu"):
        verify(RSA, sealed, Credentials(jwks_url="https://eu.carrier.example/jwks"), NOW)


def test_only_the_carrier_can_sign_with_its_key() -> None:
    with pytest.raises(MissingCredential, match="only the carrier holds the private key"):
        seal(RSA, request(), Credentials(), NOW)
    assert "https://carrier.example/jwks" in RSA.describe()


def test_a_key_set_gives_its_rsa_keys_and_passes_over_others() -> None:
    ours = sample_key().jwks[len('{"keys":[') : -len("]}")]
    others = '{"kty":"EC","kid":"ec","crv":"P-256"},{"kty":"RSA","use":"enc","kid":"enc","n":"AQ","e":"AQAB"}'
    keys = rsa_keys(f'{{"keys":[{others},{ours}]}}')

    assert {"sample": sample_key().public.public_numbers()} == {kid: key.public_numbers() for kid, key in keys.items()}


def test_a_key_set_without_keys_says_what_is_missing() -> None:
    with pytest.raises(MalformedPayload, match=r"\$\.keys is missing"):
        rsa_keys("{}")


@pytest.mark.parametrize(
    "odd",
    [
        '{"kty":"RSA","kid":"a","e":"AQAB","n":"A"}',
        '{"kty":"RSA","kid":"a","e":"AA","n":"AA"}',
        '{"kty":"RSA","kid":"a"}',
        '{"kty":"EC","kid":"a","crv":"P-256"}',
        # A modulus of 512 bits: too short to prove anything.
        '{"kty":"RSA","kid":"a","e":"AQAB","n":"' + "v" * 86 + '"}',
    ],
)
def test_an_odd_key_is_passed_over_and_the_others_are_kept(odd: str) -> None:
    good = json.loads(sample_key().jwks)["keys"]
    keys = rsa_keys(json.dumps({"keys": [json.loads(odd), *good]}))

    assert {key["kid"] for key in good} == set(keys)
