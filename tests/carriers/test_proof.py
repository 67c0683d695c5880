"""What every carrier's verification keeps, on the requests of its cases."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from app.adapter import Adapter
from app.errors import KeyNeeded, Unverified
from app.examples import Example
from app.model import Webhook
from app.verification import BodyHmac, Credentials, Unsigned, raw_body, seal, verify
from tests.carriers.documents import decode, mutations, with_tree
from tests.carriers.keys import sample_key

WRONG = Credentials(secrets=("another-secret",), keys=sample_key(), unsigned=False)
REFUSALS = (Unverified, KeyNeeded)


def is_unsigned_probe(adapter: Adapter, webhook: Webhook) -> bool:
    return adapter.probe_is_unsigned and adapter.probe is not None and adapter.probe(webhook) is not None


def is_signed_inside(adapter: Adapter, example: Example) -> bool:
    """Tell whether one of several ways proves the case without a header."""
    for scheme in getattr(adapter.verification, "schemes", ()):
        if isinstance(scheme, BodyHmac):
            try:
                verify(scheme, example.webhook, example.credentials, example.webhook.received_at)
            except Unverified:
                continue
            return True
    return False


def refuse(adapter: Adapter, webhook: Webhook, credentials: Credentials) -> str:
    """Return the words of a refusal; fail when there is none."""
    with pytest.raises(REFUSALS) as refusal:
        verify(adapter.verification, webhook, credentials, webhook.received_at)
    return str(refusal.value)


def signed_content(adapter: Adapter, webhook: Webhook) -> Any:
    """Return the bytes that the credential covers, where the scheme says which; else the whole body."""
    scheme = getattr(adapter.verification, "schemes", (adapter.verification,))[0]
    signed = getattr(scheme, "signed", None)
    try:
        return signed(webhook) if signed else webhook.body
    except Unverified:
        return None


def test_a_case_is_accepted_as_it_stands(adapter: Adapter, example: Example) -> None:
    if is_unsigned_probe(adapter, example.webhook):
        return
    verified = verify(adapter.verification, example.webhook, example.credentials, example.webhook.received_at)

    assert verified.webhook is example.webhook


def test_a_case_that_is_sealed_anew_is_accepted_later(adapter: Adapter, example: Example) -> None:
    if is_unsigned_probe(adapter, example.webhook):
        return
    now = datetime.fromisoformat("2027-03-01T12:00:00+00:00")
    ours = replace(example.credentials, keys=sample_key(), private_key=sample_key().private)
    sealed = seal(adapter.verification, example.webhook, ours, now)

    assert verify(adapter.verification, sealed, ours, now).webhook is sealed
    assert adapter.parse(sealed) is not None


def test_both_secrets_are_live_while_one_is_rotated(adapter: Adapter, example: Example) -> None:
    if is_unsigned_probe(adapter, example.webhook) or not example.credentials.secrets:
        return
    rotated = replace(example.credentials, secrets=("the-next-secret", *example.credentials.secrets))

    assert verify(adapter.verification, example.webhook, rotated, example.webhook.received_at).secret == 1


def test_a_request_without_credentials_is_refused(adapter: Adapter, example: Example) -> None:
    scheme = adapter.verification
    bare = replace(example.webhook, headers=tuple(p for p in example.webhook.headers if p[0] not in scheme.headers))

    if scheme.headers and not is_signed_inside(adapter, example):
        refuse(adapter, bare, replace(example.credentials, unsigned=False))
    for half in (Credentials(), Credentials(unsigned=True), Credentials(path_key=True)):
        refuse(adapter, bare, half)


def test_a_wrong_secret_is_refused_and_nothing_is_told(adapter: Adapter, example: Example) -> None:
    words = refuse(adapter, example.webhook, WRONG)

    for secret in example.credentials.secrets:
        assert secret not in words
        assert secret not in repr(example.credentials)
        assert secret not in repr(example)


def test_no_secret_opens_no_door(adapter: Adapter, example: Example) -> None:
    for secrets in ((), ("",), ("", "")):
        refuse(adapter, example.webhook, Credentials(secrets=secrets))


def test_a_changed_byte_is_refused(adapter: Adapter, example: Example) -> None:
    if not adapter.verification.binds_body or is_unsigned_probe(adapter, example.webhook):
        return
    body = example.webhook.body
    covered = signed_content(adapter, example.webhook)
    places = [index for index, byte in enumerate(body) if chr(byte).isalnum()]
    tried = 0
    for index in places[:: max(1, len(places) // 40)]:
        changed = replace(example.webhook, body=body[:index] + bytes([body[index] ^ 1]) + body[index + 1 :])
        if signed_content(adapter, changed) != covered:
            refuse(adapter, changed, example.credentials)
            tried += 1

    assert tried >= min(10, len(places) // 2)


def test_a_header_that_is_not_ascii_is_refused(adapter: Adapter, example: Example) -> None:
    if is_signed_inside(adapter, example):
        return
    for name in adapter.verification.headers:
        others = tuple(pair for pair in example.webhook.headers if pair[0] not in adapter.verification.headers)
        for value in ("ção\xff", "Bearer \xe9", "Basic \xe9", "\x00"):
            webhook = replace(example.webhook, headers=(*others, (name, value)))
            refuse(adapter, webhook, replace(example.credentials, unsigned=False))


def test_a_damaged_body_never_breaks_a_verification_that_reads_it(adapter: Adapter, example: Example) -> None:
    schemes = getattr(adapter.verification, "schemes", (adapter.verification,))
    if all(getattr(scheme, "signed", raw_body) is raw_body for scheme in schemes):
        return
    for tree in mutations(decode(example.webhook)):
        changed = with_tree(example.webhook, tree)
        try:
            verify(adapter.verification, changed, example.credentials, changed.received_at)
        except REFUSALS:
            continue


def test_the_refused_variants_of_a_case_are_refused(adapter: Adapter, example: Example) -> None:
    for variant in json.loads(example.expected or "{}").get("refused", []):
        fresh = {name.lower(): value for name, value in variant["headers"].items()}
        kept = tuple(pair for pair in example.webhook.headers if pair[0] not in fresh)
        webhook = replace(example.webhook, headers=(*kept, *fresh.items()))

        assert variant["why"]
        refuse(adapter, webhook, example.credentials)


def test_a_carrier_that_cannot_sign_says_what_makes_up_for_it(adapter: Adapter) -> None:
    schemes = getattr(adapter.verification, "schemes", (adapter.verification,))

    assert all(scheme.because for scheme in schemes if isinstance(scheme, Unsigned))
