"""What every carrier keeps, whoever wrote it: there is no other test of a single carrier."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from app.adapter import Adapter, Maturity, Result, fingerprint
from app.carriers import adapters
from app.dialects import english, keywords
from app.errors import MalformedPayload
from app.examples import FOLDER, Example, examples
from app.model import CarrierEvent, Ignored, Milestone, Webhook
from app.reading import as_document, read, trace
from tests.carriers.documents import decode, mutations, texts, turned, with_tree, with_value
from tests.carriers.golden import golden
from tests.carriers.privacy import personal_data

UNLISTED = "zz-unlisted"
SOURCE = re.compile(r"docs https://\S+|(?:captured|written from .+) 20\d\d-[01]\d-[0-3]\d")


def results(adapter: Adapter, webhook: Webhook) -> list[Result]:
    return list(adapter.parse(webhook))


def readable(adapter: Adapter, webhook: Webhook) -> list[Result]:
    """Return what is read, nothing where the payload cannot be: any other error is the adapter's."""
    try:
        found = results(adapter, webhook)
        json.dumps(as_document(adapter, read(replace(adapter, parse=lambda _: found), webhook)))
    except MalformedPayload:
        return []
    return found


def outcome_codes(found: list[Result]) -> set[str]:
    return {result.code for result in found if result.code}


def code_variants(adapter: Adapter, cases: list[Example], code: str) -> Iterator[Webhook]:
    """Yield the cases with another code in each place from which they took one."""
    for case in cases:
        tree = decode(case.webhook)
        paths = {getattr(result.code, "path", None) for result in results(adapter, case.webhook)}
        for path in sorted(filter(None, paths)):
            yield with_tree(case.webhook, with_value(tree, path, code))


def is_unlisted(code: str) -> bool:
    """Tell whether a code is, or holds, the unlisted one, or as much of it as a narrow field has room for."""
    return UNLISTED in code.lower() or (len(code) > 1 and UNLISTED.startswith(code.lower()))


def mappable(adapter: Adapter) -> list[Example]:
    return [example for example in examples(adapter.slug) if readable(adapter, example.webhook)]


# --- the adapter ---------------------------------------------------------------------------------


def test_an_adapter_is_consistent(adapter: Adapter) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", adapter.slug)
    assert adapter.documentation.startswith("https://")
    assert adapter.maturity in Maturity
    assert set() == set(adapter.milestones) & set(adapter.ignored)
    assert all(isinstance(milestone, Milestone) for milestone in adapter.milestones.values())
    assert all(adapter.ignored.values()), "each ignored code has its reason"
    assert adapter.zone is None or adapter.zone in available_timezones()
    assert adapter.verification.describe()
    assert not (adapter.handshake or adapter.enrich) or adapter.hosts, "name the hosts that may be called"


def test_a_carrier_has_examples_and_one_is_a_delivery(adapter: Adapter) -> None:
    milestones = [
        result.milestone
        for example in mappable(adapter)
        for result in results(adapter, example.webhook)
        if isinstance(result, CarrierEvent)
    ]

    assert Milestone.DELIVERED in milestones


def test_every_code_of_the_tables_can_be_produced(adapter: Adapter) -> None:
    """A row that no case reaches, even with its code put in another's place, is dead or lacks a case."""
    cases = mappable(adapter)
    seen = {code for example in cases for code in outcome_codes(results(adapter, example.webhook))}
    for code in {*adapter.milestones, *adapter.ignored} - seen:
        for webhook in code_variants(adapter, cases, code):
            seen |= outcome_codes(readable(adapter, webhook))
            if code in seen:
                break

    assert set() == {*adapter.milestones, *adapter.ignored} - seen


def test_a_code_can_be_traced_and_an_unlisted_one_is_unknown(adapter: Adapter) -> None:
    """It is counted; unless a less specific code or the carrier's words decide, its milestone is UNKNOWN."""
    unknown = [
        (event, webhook)
        for webhook in code_variants(adapter, mappable(adapter), UNLISTED)
        for event in readable(adapter, webhook)
        if isinstance(event, CarrierEvent) and is_unlisted(event.unknown_code or "")
    ]

    assert unknown, "an event's code is taken with text(), so that it knows where it stood"
    for event, webhook in unknown:
        said = {speak(text) for text in texts(decode(webhook)) for speak in (keywords.classify, english.classify)}
        known = adapter.milestones.get(event.code)
        assert event.milestone is known if known else event.milestone in {Milestone.UNKNOWN, *said}


def test_maturity_is_backed_by_captures(adapter: Adapter) -> None:
    captured = [example for example in examples(adapter.slug) if example.source.startswith("captured ")]
    shown = {
        result.milestone
        for example in captured
        for result in results(adapter, example.webhook)
        if isinstance(result, CarrierEvent)
    }

    if adapter.maturity is Maturity.SANDBOX:
        assert captured
    if adapter.maturity is Maturity.LIVE:
        assert shown >= set(adapter.milestones.values())


def test_every_folder_of_examples_belongs_to_a_carrier() -> None:
    folders = {path.name for path in FOLDER.iterdir() if path.is_dir() and path.name != "__pycache__"}

    assert folders <= set(adapters())


# --- each case -----------------------------------------------------------------------------------


def test_a_case_maps_to_what_its_expected_file_says(adapter: Adapter, example: Example) -> None:
    assert example.expected, f"make golden SLUG={adapter.slug} writes it, for review"
    assert json.loads(example.expected) == golden(adapter, example)


def test_a_case_says_where_it_comes_from(adapter: Adapter, example: Example) -> None:
    assert SOURCE.fullmatch(example.source), (
        "X-Fixture-Source: docs <url> | captured <date> | written from <what> <date>"
    )


def test_a_case_is_about_nobody(adapter: Adapter, example: Example) -> None:
    webhook = example.webhook
    said = [webhook.path, webhook.query, *(value for _, value in webhook.headers), *texts(decode(webhook))]

    assert [] == [found for text in said for found in personal_data(text)]


def test_a_case_comes_as_its_carrier_sends(adapter: Adapter, example: Example) -> None:
    assert example.webhook.method in adapter.methods
    assert adapter.accepts(example.webhook.content_type)


def test_reading_twice_gives_the_same(adapter: Adapter, example: Example) -> None:
    assert readable(adapter, example.webhook) == readable(adapter, example.webhook)
    if adapter.identity:
        assert adapter.identity(example.webhook) == adapter.identity(example.webhook)


def test_events_are_complete_values(adapter: Adapter, example: Example) -> None:
    for result in readable(adapter, example.webhook):
        if isinstance(result, Ignored):
            assert result.reason
            assert result.code not in adapter.milestones
            continue
        assert result.subject
        assert result.raw, "the fingerprint is made of raw values"
        assert result.occurred_at is None or result.occurred_at.at.utcoffset() is not None
        listed = adapter.milestones.get(result.code)
        assert result.milestone is listed if listed else result.unknown_code or not result.code
        assert result.reverses <= set(adapter.milestones)
        assert trace(result)


def test_a_fingerprint_does_not_depend_on_how_the_relay_reads(adapter: Adapter, example: Example) -> None:
    if not readable(adapter, example.webhook):
        return
    overrides = dict.fromkeys(adapter.milestones, Milestone.UNKNOWN)
    plain = read(adapter, example.webhook)
    other = read(adapter, example.webhook, zone=ZoneInfo("Asia/Tokyo"), overrides=overrides)

    assert {fingerprint(adapter, e) for e in plain.events} == {fingerprint(adapter, e) for e in other.events}
    assert len(plain.events) == len({(e.subject, fingerprint(adapter, e)) for e in plain.events})


def test_the_order_of_a_history_means_nothing(adapter: Adapter, example: Example) -> None:
    """Carriers send histories either way, and change their minds."""
    found = readable(adapter, example.webhook)
    times = [event.occurred_at.at for event in found if isinstance(event, CarrierEvent) and event.occurred_at]
    if not times or len(set(times)) < len(found):
        return
    there, back = (
        read(adapter, w) for w in (example.webhook, with_tree(example.webhook, turned(decode(example.webhook))))
    )

    assert [(e.code, e.raw) for e in there.events] == [(e.code, e.raw) for e in back.events]


def test_a_byte_order_mark_changes_nothing(adapter: Adapter, example: Example) -> None:
    if isinstance(decode(example.webhook), dict | list):
        marked = replace(example.webhook, body=b"\xef\xbb\xbf" + example.webhook.body)

        assert readable(adapter, example.webhook) == readable(adapter, marked)


# --- damage --------------------------------------------------------------------------------------


def broken_bodies(body: bytes) -> list[bytes]:
    whole = [b"", b" ", b"null", b"[]", b"{}", b"0", b'""', b"true", b"<a/>", b"a=b", b"\xff\xfe", b"[" * 100_000]
    cuts = sorted({1, len(body) // 4, len(body) // 2, len(body) * 3 // 4, len(body) - 1})
    middle = len(body) // 2
    return [
        *whole,
        *(body[:cut] for cut in cuts),
        *(body[:cut] + b"\xff" + body[cut:] for cut in cuts),
        body[:middle] + b"\0" + body[middle:],
        body + b"}",
    ]


def ask_everything(adapter: Adapter, webhook: Webhook) -> None:
    readable(adapter, webhook)
    for question in (adapter.identity, adapter.probe, adapter.handshake, adapter.enrich):
        if question:
            question(webhook)


def test_a_damaged_body_is_malformed_or_read(adapter: Adapter, example: Example) -> None:
    for body in broken_bodies(example.webhook.body):
        ask_everything(adapter, replace(example.webhook, body=body))


def test_a_body_with_anything_anywhere_is_malformed_or_read(adapter: Adapter, example: Example) -> None:
    tree: Any = decode(example.webhook)
    for changed in mutations(tree):
        ask_everything(adapter, with_tree(example.webhook, changed))
