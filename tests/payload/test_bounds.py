"""Documents that are small to send and large to hold are refused before they are held."""

import json
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import MalformedPayload
from app.model import Webhook
from app.payload import Bounds, form_body, json_body, query_parameters, set_bounds, xml_body
from app.payload.bounds import check_text


def webhook(body: bytes, query: str = "") -> Webhook:
    return Webhook(
        method="POST", path="/", query=query, headers=(), body=body, received_at=datetime(2026, 3, 4, tzinfo=UTC)
    )


@pytest.fixture
def narrow() -> Iterator[None]:
    set_bounds(Bounds(depth=5, values=20, number_length=10, form_fields=4))
    yield
    set_bounds(Bounds())


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"[" * 6 + b"]" * 6, "is nested more than 5 levels deep"),
        (b'{"a":' * 6 + b"1" + b"}" * 6, "is nested more than 5 levels deep"),
        (b"[" + b"1," * 20 + b"1]", "holds more than 20 values"),
        (b"[" + b"{}," * 20 + b"1]", "holds more than 20 values"),
        (b'{"n": 12345678901}', "holds a number of more than 10 characters"),
        (b'{"n": [1e999999999]}', "holds a number of more than 10 characters"),
    ],
)
@pytest.mark.usefixtures("narrow")
def test_json_beyond_the_bounds_is_malformed(body: bytes, words: str) -> None:
    with pytest.raises(MalformedPayload, match=words):
        json_body(webhook(body))


@pytest.mark.parametrize("body", [b"[" * 5 + b"]" * 5, b"[" + b"1," * 18 + b"1]", b'{"n": 1234567890}'])
@pytest.mark.usefixtures("narrow")
def test_json_at_the_bounds_is_read(body: bytes) -> None:
    assert json_body(webhook(body)).plain() is not None


@given(st.text("{}[],a", max_size=40), st.integers(1, 12))
def test_a_text_may_be_too_deep_when_it_opens_more_than_the_bound(text: str, depth: int) -> None:
    set_bounds(Bounds(depth=depth))
    try:
        assert (text.count("{") + text.count("[") > depth) == check_text(text, "$")
    finally:
        set_bounds(Bounds())


@pytest.mark.usefixtures("narrow")
def test_json_inside_json_has_bounds_of_its_own() -> None:
    inner = json_body(webhook(json.dumps({"payload": "[" * 6 + "]" * 6}).encode()))["payload"]
    with pytest.raises(MalformedPayload, match="nested more than 5 levels deep"):
        inner.document()


def test_a_body_of_the_largest_size_that_is_all_brackets_takes_no_memory() -> None:
    body = b"[" + b"{}," * 3_400_000 + b"{}]"
    tracemalloc.start()
    with pytest.raises(MalformedPayload, match="holds more than 500000 values"):
        json_body(webhook(body))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 3 * len(body)


@pytest.mark.usefixtures("narrow")
def test_a_form_or_query_of_too_many_fields_is_not_read() -> None:
    assert {"a": "1"} == form_body(webhook(b"a=1&a=2&a=3&a=4")).plain()
    with pytest.raises(MalformedPayload, match="a form of at most 4 fields"):
        form_body(webhook(b"a=1&" * 4 + b"a=1"))
    assert query_parameters(webhook(b"", "a=1&" * 4 + "a=1")).get("a").text() is None


def test_xml_is_an_object_of_its_elements() -> None:
    body = b'<t:ev xmlns:t="urn:t" id="7"><no>QX1</no><s c="1">em &amp; casa</s><s/>\n <s>2</s></t:ev>'
    expected = {
        "t:ev": {"@xmlns:t": "urn:t", "@id": "7", "no": "QX1", "s": [{"@c": "1", "#text": "em & casa"}, "", "2"]}
    }
    assert expected == xml_body(webhook(body)).plain()


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/a.dtd"><a/>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b'<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]><l>&c;</l>',
        b"<!DOCTYPE a><a/>",
    ],
)
def test_a_document_type_is_refused_with_every_entity_in_it(body: bytes) -> None:
    with pytest.raises(MalformedPayload, match="has a document type"):
        xml_body(webhook(body))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<a>" * 6 + b"</a>" * 6, "nested more than 5 levels"),
        (b"<a>" + b"<b/>" * 20 + b"</a>", "more than 20 values"),
        (b"<a " + b" ".join(b'b%d="1"' % n for n in range(20)) + b"/>", "more than 20 values"),
        (b"<a>&x;</a>", "is not XML: undefined entity in line 1"),
        (b"", "is not XML"),
        (b"<a>", "is not XML"),
        (b'<?xml version="1.0" encoding="ebcdic-none"?><a/>', "is not XML"),
    ],
)
@pytest.mark.usefixtures("narrow")
def test_xml_beyond_the_bounds_is_malformed(body: bytes, words: str) -> None:
    with pytest.raises(MalformedPayload, match=words):
        xml_body(webhook(body))


@given(st.one_of(st.binary(max_size=200), st.text('<>/&;"=ab! \n', max_size=60).map(str.encode)))
def test_no_bytes_break_the_reader_of_xml(body: bytes) -> None:
    with suppress(MalformedPayload):
        xml_body(webhook(body))
