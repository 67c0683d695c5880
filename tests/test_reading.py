"""Reading: zones, order, repetition, overrides, and what a person is told."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from app.adapter import Adapter, Result
from app.carriers import find
from app.errors import MalformedPayload
from app.examples import example
from app.model import CarrierEvent, Ignored, Milestone, Moment, References, Webhook
from app.payload import Text, read_moment
from app.reading import as_document, read, trace

WEBHOOK = Webhook(
    method="POST", path="/", query="", headers=(), body=b"", received_at=datetime(2026, 11, 23, tzinfo=UTC)
)
TOKYO = ZoneInfo("Asia/Tokyo")


def carrier(*results: Result, zone: str | None = None) -> Adapter:
    """Return a carrier that always says the same."""

    def parse(_webhook: Webhook) -> Iterable[Result]:
        return results

    return replace(find("easypost"), parse=parse, zone=zone)


def event(name: str, time: str | None = None, *, zone: str | None = None, number: str = "A1") -> CarrierEvent:
    moment = read_moment(time, zone=zone) if time else None
    return CarrierEvent(
        code=name, milestone=Milestone.IN_TRANSIT, raw=(name, time), tracking_numbers=(number,), occurred_at=moment
    )


def at(moment: Moment | None) -> str | None:
    return moment.at.isoformat() if moment else None


@pytest.mark.parametrize(
    ("sent", "adapter_zone", "source_zone", "account_zone", "expected", "warning"),
    [
        ("2026-11-20T12:00:00Z", "UTC", TOKYO, TOKYO, "2026-11-20T12:00:00+00:00", ()),
        ("2026-11-20T12:00:00", None, TOKYO, None, "2026-11-20T12:00:00+09:00", ()),
        (
            "2026-11-20T12:00:00",
            None,
            None,
            TOKYO,
            "2026-11-20T12:00:00+09:00",
            ("zone assumed: Asia/Tokyo (account)",),
        ),
        ("2026-11-20", None, None, TOKYO, "2026-11-20T00:00:00+09:00", ("zone assumed: Asia/Tokyo (account)",)),
        (
            "2026-11-20T12:00:00",
            "America/Bogota",
            None,
            TOKYO,
            "2026-11-20T12:00:00-05:00",
            ("zone assumed: America/Bogota (adapter)",),
        ),
        ("2026-11-20T12:00:00", None, None, None, "2026-11-20T12:00:00+00:00", ("zone assumed: UTC (none is known)",)),
    ],
)
def test_a_time_without_a_zone_gets_the_first_that_is_known(
    sent: str,
    adapter_zone: str | None,
    source_zone: ZoneInfo | None,
    account_zone: ZoneInfo | None,
    expected: str,
    warning: tuple[str, ...],
) -> None:
    reading = read(carrier(event("x", sent), zone=adapter_zone), WEBHOOK, zone=source_zone, account_zone=account_zone)

    assert (expected, warning) == (at(reading.events[0].occurred_at), reading.warnings)


def test_a_zone_that_parse_gave_is_the_adapters_and_the_sources_goes_before_it() -> None:
    adapter = carrier(event("x", "2026-11-20T12:00:00", zone="America/Sao_Paulo"))

    assert ("zone assumed: America/Sao_Paulo (adapter)",) == read(adapter, WEBHOOK, account_zone=TOKYO).warnings
    assert "2026-11-20T12:00:00+09:00" == at(read(adapter, WEBHOOK, zone=TOKYO).events[0].occurred_at)


def codes(*events: CarrierEvent) -> list[str]:
    return [event.code for event in read(carrier(*events, zone="UTC"), WEBHOOK).events]


def test_events_are_in_the_order_in_which_they_happened() -> None:
    assert ["a", "b", "c"] == codes(event("b", "2026-11-20"), event("c", "2026-11-21"), event("a", "2026-11-19"))


def test_where_times_tie_the_payloads_own_order_holds_whichever_way_it_runs() -> None:
    older, first, second = event("a", "2026-11-19"), event("b", "2026-11-20"), event("c", "2026-11-20")

    assert ["a", "b", "c"] == codes(older, first, second)
    assert ["a", "b", "c"] == codes(second, first, older)


def test_an_event_without_a_time_stays_with_its_neighbour() -> None:
    assert ["a", "b", "c"] == codes(event("a", "2026-11-19"), event("b"), event("c", "2026-11-21"))
    assert ["a", "b", "c"] == codes(event("c", "2026-11-21"), event("b"), event("a", "2026-11-19"))
    assert ["x", "y", "z"] == codes(event("x"), event("y"), event("z"))


def test_parcels_of_a_batch_are_put_in_order_each_for_itself() -> None:
    newest_first = (event("b", "2026-11-20"), event("a", "2026-11-20"), event("z", "2026-11-19"))
    other = (event("p", "2026-11-18", number="B2"), event("q", "2026-11-21", number="B2"))

    assert ["p", "z", "a", "b", "q"] == codes(*newest_first, *other)


def test_what_a_document_says_twice_counts_once() -> None:
    again = event("a", "2026-11-19")

    assert ["a", "a"] == codes(again, again, event("a", "2026-11-19", number="B2"))


def test_a_sources_own_meaning_of_a_code_goes_before_the_table() -> None:
    unlisted = replace(event("b"), unknown_code="zz")
    adapter = carrier(event("a"), unlisted, event("c"))
    overrides = {"a": Milestone.DELIVERED, "b": Milestone.EXCEPTION, "zz": Milestone.CANCELLED}

    milestones = [event.milestone for event in read(adapter, WEBHOOK, overrides=overrides).events]

    assert [Milestone.DELIVERED, Milestone.CANCELLED, Milestone.IN_TRANSIT] == milestones


def test_a_person_is_told_each_thing_once() -> None:
    strange = replace(event("a"), unknown_code="zz", warnings=("odd",))
    broken = Ignored(reason="could not be read: $[1]", unreadable=True)
    foreign = Ignored(reason="an event about a batch")

    reading = read(carrier(strange, replace(strange, raw=("other",)), broken, foreign, foreign), WEBHOOK)

    assert ("unknown code zz", "odd", "could not be read: $[1]") == reading.warnings
    assert ("could not be read: $[1]", "an event about a batch") == reading.ignored


def test_a_document_without_anything_says_so() -> None:
    assert ("the document holds no events",) == read(carrier(), WEBHOOK).ignored


def test_an_event_about_nothing_is_malformed() -> None:
    with pytest.raises(MalformedPayload, match=r"\$ has an event without tracking number, invoice or order"):
        read(carrier(event("a"), replace(event("a"), tracking_numbers=())), WEBHOOK)


def test_a_reading_is_printed_with_every_key() -> None:
    adapter = carrier(
        replace(event("a", "2026-11-19T10:00:00-03:00"), references=References(order_id="o-1", invoice_number="007")),
        replace(event("b"), tracking_numbers=(), references=References(invoice_key="35")),
    )

    document = as_document(adapter, read(adapter, WEBHOOK))

    assert document == {
        "carrier": "easypost",
        "adapter_version": 1,
        "events": [
            {
                "tracking_number": None,
                "code": "b",
                "milestone": "IN_TRANSIT",
                "occurred_at": None,
                "city": None,
                "state": None,
                "description": None,
                "event_id": None,
                "references": {"order_id": None, "invoice_number": None, "invoice_key": "35"},
            },
            {
                "tracking_number": "A1",
                "code": "a",
                "milestone": "IN_TRANSIT",
                "occurred_at": "2026-11-19T10:00:00-03:00",
                "city": None,
                "state": None,
                "description": None,
                "event_id": None,
                "references": {"order_id": "o-1", "invoice_number": "007", "invoice_key": None},
            },
        ],
        "ignored": [],
        "warnings": [],
    }


def test_a_trace_says_where_each_field_was_taken_from() -> None:
    delivered = read(find("intelipost"), example("intelipost", "out-for-delivery").webhook).events[0]

    assert trace(delivered) == {
        "tracking_number": "$.tracking_code",
        "code": "$.history.shipment_order_volume_state",
        "occurred_at": "$.history.event_date_iso",
        "city": "$.history.location.city",
        "state": "$.history.location.state_code",
        "description": "$.history.shipment_volume_micro_state.name",
        "event_id": "$.history.shipment_order_volume_state_history",
        "references.order_id": "$.sales_order_number",
        "references.invoice_number": "$.invoice.invoice_number",
        "references.invoice_series": "$.invoice.invoice_series",
        "references.invoice_key": "$.invoice.invoice_key",
    }
    assert trace(replace(event("a"), unknown_code=Text("zz", "$.code"))) == {"unknown_code": "$.code"}
