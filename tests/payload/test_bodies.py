"""From bytes to documents."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import MalformedPayload
from app.model import Webhook
from app.payload import (
    form_body,
    json_body,
    json_bytes,
    json_or_form_body,
    maybe_json,
    member,
    query_parameters,
    text_body,
)


def webhook(body: bytes, content_type: str | None = "application/json") -> Webhook:
    headers = (("content-type", content_type),) if content_type else ()
    return Webhook(
        method="POST", path="/", query="", headers=headers, body=body, received_at=datetime(2026, 11, 23, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ('{"a":"ção"}'.encode(), "application/json"),
        ('{"a":"ção"}'.encode("utf-8-sig"), "application/json; charset=UTF-8"),
        ('{"a":"ção"}'.encode("latin-1"), 'application/json; charset="ISO-8859-1"'),
        ('{"a":"ção"}'.encode("utf-16"), "application/json;charset=utf-16"),
        ('{"a":"ção"}'.encode(), None),
    ],
)
def test_json_is_decoded_by_its_charset(body: bytes, content_type: str | None) -> None:
    assert json_body(webhook(body, content_type))["a"].text() == "ção"


@pytest.mark.parametrize("charset", ["rot13", "hex", "punycode", "undefined", "unicode_escape", "klingon"])
def test_a_charset_that_senders_do_not_use_is_malformed(charset: str) -> None:
    with pytest.raises(MalformedPayload, match="declares the unknown charset"):
        json_body(webhook(b"{}", f"application/json; charset={charset}"))


def test_bytes_that_are_not_of_the_charset_are_malformed() -> None:
    with pytest.raises(MalformedPayload, match=r"\$ is not utf-8 at byte 2"):
        json_body(webhook(b'{"\xff'))


def test_a_form_is_an_object_of_texts_and_the_first_of_a_name_counts() -> None:
    document = form_body(webhook(b"a=1&a=2&b=%C3%A7+x&c=", "application/x-www-form-urlencoded"))

    assert ("1", "ç x", None) == (document["a"].text(), document["b"].text(), document.get("c").text())


@pytest.mark.parametrize("body", [b"a=%FF", b"&".join(b"a=1" for _ in range(201))])
def test_a_form_that_cannot_be_read_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedPayload, match="is not a form of at most 200 fields in UTF-8"):
        form_body(webhook(body))


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"a":"1"}', "application/x-www-form-urlencoded"),
        (b'\xef\xbb\xbf \n{"a":"1"}', None),
        (b"a=1", "application/json"),
        (b"a=1", None),
    ],
)
def test_json_is_told_from_a_form_by_its_first_character(body: bytes, content_type: str | None) -> None:
    assert json_or_form_body(webhook(body, content_type))["a"].text() == "1"


def test_plain_text_is_utf_8_where_that_fits_and_else_what_old_systems_write() -> None:
    assert text_body(webhook("São".encode(), None)) == "São"
    assert text_body(webhook("São".encode("cp1252"), "text/plain")) == "São"
    assert text_body(webhook(b"\x81", None)) == "\N{REPLACEMENT CHARACTER}"
    assert text_body(webhook("São".encode("latin-1"), "text/plain; charset=iso-8859-1")) == "São"


def test_an_identity_is_read_where_there_is_one() -> None:
    identity = member("message", "messageId")

    assert identity(webhook(b'{"message":{"messageId":17}}')) == "17"
    assert identity(webhook(b'{"message":[]}')) is None
    assert identity(webhook(b"{")) is None
    assert not maybe_json(webhook(b"\xff"))


_DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("\ud800"),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["a", "b", "", "é"]) | st.text(), inner),
)


def _as_documents_are(request: Webhook, *names: str) -> str | None:
    place = maybe_json(request)
    for name in names:
        place = place.get(name)
    return place.text()


@given(
    _DOCUMENTS,
    st.booleans(),
    st.lists(st.tuples(st.integers(0), st.integers(0, 2), st.sampled_from('{}[]",:\\0.eNIu \x00\t') | st.characters())),
    st.sampled_from([None, "application/json", "application/json; charset=utf-16", "a/b; charset=ascii"]),
)
def test_a_member_is_what_the_whole_document_says(
    document: object, is_ascii: bool, changes: list[tuple[int, int, str]], content_type: str | None
) -> None:
    text = json.dumps({"a": document, "b": {"a": document}}, ensure_ascii=is_ascii)
    for place, removed, added in changes:
        at = place % len(text)
        text = text[:at] + added + text[at + removed :] or " "
    request = webhook(text.encode("utf-8", "surrogatepass"), content_type)

    assert _as_documents_are(request, "a") == member("a")(request)
    assert _as_documents_are(request, "b", "a") == member("b", "a")(request)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "x", "a": "y"}',
        '{"a": "\\ud83d\\ude80\\ud800"}',
        '{"a": " \\u0000x\\u0085 "}',
        '{"a": "x", "b": NaN}',
        '{"a": "x", "b": -Infinity}',
        '{"a": "x", "b": 1E400, "c": -0}',
        '{"a": 1.50}',
        '{"a": true}',
        '{"a": ""}',
        '{"a": "x", "b": 01}',
        '{"a": "x",}',
        '{"a": "x"} {}',
        "\ufeff" + '{"a": "x"}',
        '{"a": "x\ty"}',
        '{"a": "x", "b": ' + "9" * 128 + "}",
        '{"a": "x", "b": ' + "9" * 129 + "}",
        '{"a": "x", "b": ' + "9" * 90 + "." + "0" * 90 + "}",
        '{"a": "x", "b": ' + "[" * 63 + "]" * 63 + "}",
        '{"a": "x", "b": ' + "[" * 64 + "]" * 64 + "}",
        '{"a": "x", "b": [' + "0," * 500_001 + "0]}",
        '["a"]',
        '"a"',
    ],
    ids=range(22),
)
def test_an_odd_document_has_the_members_that_it_always_had(text: str) -> None:
    request = webhook(text.encode())
    assert _as_documents_are(request, "a") == member("a")(request)


@given(st.binary(), st.sampled_from([None, "application/json", "text/plain; charset=utf-16", "a/b; charset=ascii"]))
def test_no_body_raises_anything_but_malformed_payload(body: bytes, content_type: str | None) -> None:
    request = webhook(body, content_type)
    assert member("a")(request) is None or body
    for read in (json_body, form_body, json_or_form_body, text_body):
        with suppress(MalformedPayload):
            read(request)


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("codigo=AB17", "AB17"),
        ("a=&codigo=A%20B&codigo=C", "A B"),
        ("", None),
        ("codigo=", None),
        ("&".join("abc" * 99), None),
    ],
)
def test_a_parameter_of_the_query_is_read_where_it_is(query: str, number: str | None) -> None:
    request = replace(webhook(b"{}", None), query=query)

    assert number == query_parameters(request).get("codigo").text()


def test_a_body_of_texts_is_written_as_json() -> None:
    assert b'{"secret": "\\"a\\" \\u00e7"}' == json_bytes(secret='"a" ç')
