"""Nothing of a person reaches a reader who may not see it, whatever the document looks like."""

from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapter import Adapter, Maturity
from app.carriers import adapters
from app.declared import declare
from app.declared.keys import JSON
from app.examples import Example, examples
from app.model import Webhook
from app.payload import leaves, outline
from app.personal import Kind, PersonalData, Subject
from app.redaction import redact, shown_words
from app.verification import Hmac
from tests.redaction.hostile import Secrets, hostile

NOBODY: frozenset[Subject] = frozenset()
RECEIVER = frozenset({Subject.RECEIVER})
CASES = [(adapter, example) for adapter in adapters().values() for example in examples(adapter.slug)]


def webhook(body: str | bytes, content_type: str = "application/json", query: str = "") -> Webhook:
    content = body if isinstance(body, bytes) else body.encode()
    headers = (("content-type", content_type),)
    at = datetime(2026, 3, 4, tzinfo=UTC)
    return Webhook(method="POST", path="/", query=query, headers=headers, body=content, received_at=at)


def carrier(personal: PersonalData | None, **more: object) -> Adapter:
    told = {
        "slug": "made-up",
        "name": "Made up",
        "documentation": "https://docs.example/",
        "maturity": Maturity.DOCUMENTED,
        "verification": Hmac(header="X-Signature"),
        "milestones": {},
        "parse": lambda _: iter(()),
    }
    return Adapter(**{**told, "personal": personal, **more})  # type: ignore[arg-type]


def declared_values(adapter: Adapter, example: Example, subject: Subject | None = None) -> set[str]:
    found, told = outline(example.webhook), adapter.personal
    assert told is not None
    if found is None or found.form == "records":
        return set()
    return {
        value
        for path, value in leaves(found.value)
        if isinstance(value, str) and len(value) > 3 and (what := told.at(path)) and subject in {None, what.subject}
    }


def plain_values(adapter: Adapter, example: Example) -> set[str]:
    found, told = outline(example.webhook), adapter.personal
    assert found is not None
    assert told is not None
    if found.form == "records":
        return set()
    return {
        value
        for path, value in leaves(found.value)
        if isinstance(value, str) and not (told.at(path) or told.is_secret(path))
    }


@given(st.sampled_from(CASES), st.integers(min_value=0, max_value=2**32))
def test_no_declared_value_is_shown_whatever_the_shape(case: tuple[Adapter, Example], seed: int) -> None:
    adapter, example = case
    assert adapter.personal is not None
    secrets = Secrets(Random(seed))  # noqa: S311 - nothing is kept secret by it
    sent = hostile(example.webhook, adapter.personal, secrets)
    if sent is None:
        return
    shown = redact(adapter, sent, NOBODY)

    parts = [part for made in secrets.made for part in made.split()]
    assert [] == [part for part in parts if part in f"{shown.body} {shown.query}"]


@pytest.mark.parametrize(("adapter", "example"), CASES, ids=[f"{a.slug}-{e.name}" for a, e in CASES])
def test_a_case_is_shown_without_its_persons_and_with_everything_else(adapter: Adapter, example: Example) -> None:
    shown = redact(adapter, example.webhook, NOBODY)
    assert shown.body is not None
    personal, plain = declared_values(adapter, example), plain_values(adapter, example)

    assert [] == [value for value in personal - plain if f'"{value}"' in shown.body]
    # Quotes and backslashes are written otherwise inside of texts.
    assert [] == [value for value in plain - personal if value.isalnum() and value not in shown.body]


@pytest.mark.parametrize(("adapter", "example"), CASES, ids=[f"{a.slug}-{e.name}" for a, e in CASES])
def test_support_sees_the_receiver_and_nobody_else(adapter: Adapter, example: Example) -> None:
    shown = redact(adapter, example.webhook, RECEIVER).body or ""
    receiver = declared_values(adapter, example, Subject.RECEIVER)
    others = declared_values(adapter, example) - receiver - plain_values(adapter, example)

    assert [] == [value for value in receiver if value.isalnum() and value not in shown]
    assert [] == [value for value in others if f'"{value}"' in shown]


def test_of_a_carrier_that_said_nothing_only_what_is_mapped_is_shown() -> None:
    table: dict[str, JSON] = {
        "documentation": "https://docs.example/",
        "verification": {"scheme": "bearer"},
        "parcel": {"tracking_number": "number"},
        "events": {"code": "code"},
        "statuses": {"ok": "DELIVERED"},
    }
    sent = webhook('{"number": "QX0000017", "code": "ok", "who": "Somebody Invented", "age": 44, "Some body": 1}')
    shown = redact(declare("acme", table), sent, NOBODY).body or ""

    assert "QX0000017" in shown
    assert '"ok"' in shown
    for hidden in ("Somebody", "44", "Some body"):
        assert hidden not in shown
    assert '"who": "[unlisted: text of 17-32]"' in shown


def test_a_declared_carrier_may_say_what_it_sends() -> None:
    table: dict[str, JSON] = {
        "documentation": "https://docs.example/",
        "verification": {"scheme": "bearer"},
        "parcel": {"tracking_number": "number"},
        "events": {"code": "code", "description": "remark"},
        "statuses": {"ok": "DELIVERED"},
        "personal": {
            "receiver": {"name": ["who"], "free_text": ["remark"]},
            "not_personal": {"hub": "a place of theirs"},
        },
    }
    adapter = declare("acme", table)
    sent = webhook('{"number": "QX0000017", "code": "ok", "who": "Somebody", "remark": "for Somebody", "hub": "H 1"}')
    viewed, supported = redact(adapter, sent, NOBODY).body or "", redact(adapter, sent, RECEIVER).body or ""

    assert "Somebody" not in viewed
    assert '"[name of the receiver: text of 5-8]"' in viewed
    assert '"H 1"' in viewed
    assert '"for Somebody"' in supported
    assert shown_words(adapter, "for Somebody", "remark", NOBODY) == "[free text of the receiver: text of 9-16]"


def test_xml_is_shown_with_its_attributes_masked() -> None:
    told = PersonalData(
        receiver={Kind.NAME: ("track.to.@name", "track.to")}, plain={"track.code": "a code", "track.@at": "a time"}
    )
    body = '<track at="now"><to name="Ann A">Ann <b>B</b></to><to name="Zoe"/><code>OK</code><new who="Eve"/></track>'
    shown = redact(carrier(told), webhook(body, "text/xml"), NOBODY).body or ""

    for hidden in ("Ann", "Zoe", "Eve"):
        assert hidden not in shown
    assert "<code>OK</code>" in shown
    assert "[name of the receiver: text of 5-8]" in shown


@pytest.mark.parametrize(
    "body", [b"{", b'{"a": ', b"<a>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", b"[" * 100_000, b'{"a": 1}x']
)
def test_what_cannot_be_read_is_not_shown(body: bytes) -> None:
    assert redact(carrier(PersonalData()), webhook(body), NOBODY).body is None


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "iso-8859-1", "windows-1252", "unheard-of"])
def test_an_encoding_hides_nothing(charset: str) -> None:
    known = charset if charset != "unheard-of" else "utf-8"
    sent = webhook('{"who": "José Inventado"}'.encode(known), f"application/json; charset={charset}")
    shown = redact(carrier(PersonalData(receiver={Kind.NAME: ("who",)})), sent, NOBODY).body or ""

    assert "Inventado" not in shown


def test_of_an_unknown_carrier_nothing_is_shown() -> None:
    shown = redact(None, webhook('{"code": "ok", "n": [1, true]}', query="who=Somebody&n=1"), NOBODY)

    for hidden in ("ok", "code", "Somebody", "who"):
        assert hidden not in f"{shown.body} {shown.query}"


def test_a_mask_tells_lengths_apart_only_roughly() -> None:
    told = carrier(PersonalData(receiver={Kind.NAME: ("who",)}))
    masks = {redact(told, webhook(f'{{"who": "{"x" * length}"}}'), NOBODY).body for length in range(9, 17)}

    assert len(masks) == 1


def test_a_query_is_masked_too() -> None:
    told = carrier(PersonalData(receiver={Kind.NAME: ("?who",)}, plain={"?code": "a code"}))
    shown = redact(told, webhook("{}", query="who=Ann+Invented&code=7&new=Eve"), NOBODY).query

    assert "code=7" in shown
    for hidden in ("Ann", "Eve"):
        assert hidden not in shown


def test_words_from_a_place_that_is_declared_are_masked_and_others_scrubbed() -> None:
    told = carrier(PersonalData(courier={Kind.FREE_TEXT: ("events.remark",)}))

    assert "[free text of the courier" in (shown_words(told, "all well", "$.events[1].remark", RECEIVER) or "")
    assert shown_words(told, "Received by: Ann", "$.events[1].text", NOBODY) == "Received by: ***"
    assert shown_words(replace(told, personal=None), "on the way", "text", NOBODY) == "on the way"
    assert shown_words(told, None, None, NOBODY) is None
