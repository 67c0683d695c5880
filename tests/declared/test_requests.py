"""How a declared carrier's requests are proven, opened and answered."""

from dataclasses import replace
from typing import Any

import pytest

from app.declared import declare
from app.reading import read
from app.verification import AnyOf, Basic, Bearer, BodyDigest, Hmac, StaticHeader, Unsigned
from tests.declared.documents import acme, webhook


def test_a_form_is_read_as_an_object_of_texts() -> None:
    adapter = declare("acme", acme(body="form", parcels=None, events__each=None))
    (found,) = read(adapter, webhook("number=AB17&status=moving", "application/x-www-form-urlencoded")).events

    assert ("AB17",) == found.tracking_numbers
    assert frozenset({"application/x-www-form-urlencoded"}) == adapter.media_types


def test_the_senders_own_id_is_an_identity() -> None:
    identity = declare("acme", acme(identity="id")).identity

    assert identity
    assert "17" == identity(webhook('{"id": 17}'))
    assert identity(webhook("{}")) is None
    assert identity(webhook("{")) is None
    assert declare("acme", acme()).identity is None


def test_what_the_carrier_demands_is_answered() -> None:
    adapter = declare(
        "acme",
        acme(
            acknowledgement={"status": 202, "body": "ok", "content_type": "text/plain"},
            refusal_status=200,
            methods=["PUT"],
            media_types=["text/plain"],
            order_reference_is_vtex=True,
        ),
    )

    assert adapter.acknowledgement
    assert (202, b"ok", "text/plain") == (
        adapter.acknowledgement.status,
        adapter.acknowledgement.body,
        adapter.acknowledgement.content_type,
    )
    assert (200, frozenset({"PUT"}), frozenset({"text/plain"})) == (
        adapter.refusal_status,
        adapter.methods,
        adapter.media_types,
    )
    assert adapter.order_reference_is_vtex


@pytest.mark.parametrize(
    ("verification", "scheme"),
    [
        ({"scheme": "bearer"}, Bearer()),
        ({"scheme": "basic"}, Basic()),
        ({"scheme": "header", "header": "X-Key", "prefix": "Key "}, StaticHeader(header="X-Key", prefix="Key ")),
        ({"scheme": "unsigned", "because": "it cannot"}, Unsigned(because="it cannot")),
        ({"scheme": "hmac", "header": "X-S"}, Hmac(header="X-S")),
        (
            {"scheme": "hmac", "header": "X-S", "algorithm": "sha1", "encoding": "base64", "prefix": "sha1="},
            Hmac(header="X-S", algorithm="sha1", encodings=("base64",), prefix="sha1="),
        ),
        ({"scheme": "digest", "header": "X-S", "algorithm": "md5"}, BodyDigest),
        ([{"scheme": "bearer"}, {"scheme": "basic"}], AnyOf((Bearer(), Basic()))),
    ],
)
def test_schemes_are_those_of_every_carrier(verification: Any, scheme: Any) -> None:
    found = declare("acme", acme(verification=verification)).verification

    assert found == scheme or isinstance(scheme, type)
    assert isinstance(found, scheme if isinstance(scheme, type) else type(scheme))


def test_a_signed_time_is_part_of_what_is_signed() -> None:
    scheme = declare(
        "acme", acme(verification={"scheme": "hmac", "header": "X-S", "timestamp_header": "X-T", "separator": ":"})
    ).verification
    assert isinstance(scheme, Hmac)
    stamped = replace(webhook("{}"), headers=(("x-t", "1795176000"),))

    assert b"1795176000:{}" == scheme.signed(stamped)
