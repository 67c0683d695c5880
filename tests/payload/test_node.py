"""Places in a document: what is demanded raises with its path, what is allowed is None."""

import copy
import json
import pickle
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import MalformedPayload
from app.model import TimeQuality
from app.payload import Maybe, Node, json_document

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
QUESTIONS: tuple[Callable[[Node], Any], ...] = (
    lambda node: node["a"],
    lambda node: node["a"]["b"].text(),
    lambda node: list(node.items()),
    lambda node: [item.text() for item in node.items()],
    lambda node: node.text(),
    lambda node: node.raw_text(),
    lambda node: node.moment(),
    lambda node: node.moment("%d/%m/%Y", zone="America/Sao_Paulo", offset="GMT-3"),
    lambda node: node.document(),
    lambda node: node.base64_document(),
    lambda node: node.raw("a", "a.b", "b"),
    lambda node: node.joined("a", "b").text(),
    lambda node: node.first_moment("a", "b"),
    lambda node: "a" in node,
    lambda node: node.get("a", "b").text(),
    lambda node: node.get("a").flag(),
    lambda node: node.get("a").moment(wall_clock=True),
    lambda node: list(node.get("a").items()),
    lambda node: list(node.get("a").texts()),
    lambda node: node.get("a").document().get("b").text(),
    lambda node: node.allowed().get("a").get("b").raw("c.d"),
)


@given(ANY_JSON)
def test_no_question_to_any_document_raises_anything_but_malformed_payload(value: Any) -> None:
    document = json_document(json.dumps(value))
    for question in QUESTIONS:
        with suppress(MalformedPayload):
            question(document)


@given(st.text(st.characters() | st.sampled_from(" \t\r\n\x00\x7f\x85a")))
def test_a_text_is_read_without_controls_and_halves_of_characters(text: str) -> None:
    cleaned = re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", re.sub(r"[\ud800-\udfff]", "\ufffd", text)).strip()

    assert (cleaned or None) == json_document(json.dumps(text)).allowed().text()


@given(st.text())
def test_no_text_breaks_the_reader(text: str) -> None:
    with suppress(MalformedPayload):
        json_document(text)


@pytest.mark.parametrize(
    ("document", "question", "words"),
    [
        ("{}", lambda node: node["code"], r"\$\.code is missing"),
        (
            '{"p":[{"c":{}}]}',
            lambda node: next(node["p"].items())["c"].text(),
            r"\$\.p\[0\]\.c is an object where a text",
        ),
        ('{"c":null}', lambda node: node["c"].text(), r"\$\.c is null where a text is expected"),
        ('{"c":"  "}', lambda node: node["c"].text(), r"\$\.c is empty"),
        ("[]", lambda node: node["c"], r"\$ is a list where an object is expected"),
        ("7", lambda node: list(node.items()), r"\$ is a number where a list is expected"),
        ("true", lambda node: node.raw_text(), r"\$ is true or false where a text is expected"),
        ('"soon"', lambda node: node.moment(), r"\$ is not a time that can be read"),
        ('"%%%"', lambda node: node.base64_document(), r"\$ is not base64 of a UTF-8 text"),
        ('{"d":"{"}', lambda node: node["d"].document(), r"\$\.d is not JSON: .+ at character"),
    ],
)
def test_a_demand_that_fails_says_where_and_what(document: str, question: Callable[[Node], Any], words: str) -> None:
    with pytest.raises(MalformedPayload, match=words):
        question(json_document(document))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a":NaN}', "holds NaN, which is not JSON"),
        ("[" * 100_000, "is nested too deeply"),
        ("{", "is not JSON"),
    ],
)
def test_what_is_not_json_is_malformed(text: str, words: str) -> None:
    with pytest.raises(MalformedPayload, match=words):
        json_document(text)


def test_a_member_too_deep_for_a_fingerprint_is_malformed() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]

    with pytest.raises(MalformedPayload, match=r"\$\.a is nested too deeply"):
        Node({"a": deep}, "$").raw("a")


def test_numbers_keep_the_digits_they_were_sent_with() -> None:
    document = json_document('{"invoice":10000000000000000000001,"weight":136.0}')

    assert ("10000000000000000000001", "136.0") == (document["invoice"].text(), document["weight"].text())
    assert ("10000000000000000000001", "136.0", None) == document.raw("invoice", "weight", "none")


def test_texts_lose_controls_and_half_characters_and_remember_their_path() -> None:
    text = json_document('{"a":["", " x\\u0000\\ny\\ud800 "]}').get("a")

    assert ["x y\N{REPLACEMENT CHARACTER}"] == list(text.texts())
    assert ["$.a[1]"] == [each.path for each in text.texts()]


def test_a_copied_text_keeps_its_path() -> None:
    text = json_document('{"a":"x"}')["a"].text()

    for again in (copy.deepcopy(text), pickle.loads(pickle.dumps(text))):  # noqa: S301 - our own bytes
        assert ("x", "$.a") == (again, again.path)


def test_raw_values_are_as_sent() -> None:
    document = json_document('{"a":" x\\n","b":{"c":[1,true,null],"d":"\\ud800"}}')

    assert (" x\n", '["1", true, null]', "\ud800", None, None) == document.raw("a", "b.c", "b.d", "b.d.e", "z")


def test_of_several_names_the_first_that_holds_something_counts() -> None:
    document = json_document('{"a":null,"b":"","c":0,"d":"x"}')

    assert ("0", "$.c") == (document.get("a", "b", "c", "d").text(), document.get("a", "b", "c", "d").path)
    assert not document.get("a", "b")
    assert document.get("c")
    assert document.get("z").path == "$.z"


def test_one_object_counts_as_a_list_of_one() -> None:
    document = json_document('{"one":{"x":"1"},"many":[{"x":"1"},null,"text",{"x":"2"}],"text":"x"}')

    assert ["$.one"] == [item.path for item in document.get("one").items()]
    assert ["$.many[0]", "$.many[3]"] == [item.path for item in document.get("many").items()]
    assert ["x"] == list(document.get("text").texts())
    assert [] == list(document.get("none").items())


@pytest.mark.parametrize("yes", ["true", '"TRUE"', "1", '"sim"', '"S"', '"y"', '"yes"'])
def test_a_flag_is_read_in_the_ways_senders_write_it(yes: str) -> None:
    assert json_document(f'{{"a":{yes}}}').get("a").flag()


@pytest.mark.parametrize("no", ["false", "0", "null", '"no"', "{}", "[true]"])
def test_anything_else_is_no_flag(no: str) -> None:
    assert not json_document(f'{{"a":{no}}}').get("a").flag()


def test_places_tell_what_they_are() -> None:
    document = json_document('{"a":[],"b":{}}')

    assert document.is_object
    assert document.get("a").is_list
    assert not document.get("b").is_list
    assert ("a" in document, "z" in document, "a" in document.get("a")) == (True, False, False)


def test_a_date_and_a_time_that_are_sent_apart_are_joined() -> None:
    document = json_document('{"date":"2026-11-20","time":"08:10","none":null}')

    joined = document.joined("date", "time", "none")
    moment = joined.moment(zone="America/Bogota")

    assert ("2026-11-20 08:10", "$.date") == (joined.text(), joined.path)
    assert moment is not None
    assert moment.at.isoformat() == "2026-11-20T08:10:00-05:00"
    assert document.joined("none", "time").text() is None


def test_the_first_time_that_can_be_read_counts() -> None:
    document = json_document('{"a":"soon","b":"20/11/2026","c":"2026-11-21"}')

    moment = document.first_moment("z", "a", "b", "c", formats=("%d/%m/%Y",), zone="America/Sao_Paulo")

    assert moment is not None
    assert (moment.text, moment.path, moment.quality) == ("20/11/2026", "$.b", TimeQuality.DATE)
    assert document.first_moment("z", "a") is None


def test_a_demanded_time_knows_where_it_stood() -> None:
    moment = json_document('{"at":1795176600}')["at"].moment()

    assert (moment.text, moment.path, moment.quality) == ("1795176600", "$.at", TimeQuality.EPOCH)


def test_documents_inside_texts_keep_their_paths() -> None:
    document = json_document('{"text":"{\\"a\\":{}}","base64":"eyJhIjoie319In0=","object":{"a":1},"list":"[1]"}')

    assert document["text"].document()["a"].path == "$.text.a"
    assert document["base64"].base64_document()["a"].path == "$.base64.a"
    assert document["object"].document()["a"].text() == "1"
    assert document["list"].document().is_list


def test_a_text_that_holds_no_document_is_taken_as_it_is() -> None:
    document = json_document(
        '{"text":" {\\"a\\":1}","plain":"Rua Um 10","broken":"{\\"a\\"","object":{"a":2}}'
    ).allowed()

    assert document.get("text").document().get("a").text() == "1"
    assert document.get("plain").document().text() == "Rua Um 10"
    assert document.get("broken").document().text() == '{"a"'
    assert document.get("object").document().get("a").text() == "2"
    assert not document.get("missing").document()


def test_a_demanded_place_can_be_taken_as_an_allowed_one() -> None:
    allowed = json_document('{"a":{"b":"x"}}')["a"].allowed()

    assert isinstance(allowed, Maybe)
    assert allowed.get("b").text() == "x"


def test_members_of_an_object_are_listed_with_their_paths() -> None:
    document = json_document('{"fields": {"a": 1, "b": null}, "list": [1]}')

    assert [("a", "1", "$.fields.a"), ("b", None, "$.fields.b")] == [
        (name, value.text(), value.path) for name, value in document.get("fields").members()
    ]
    assert [] == [*document.get("list").members(), *document.get("none").members()]
