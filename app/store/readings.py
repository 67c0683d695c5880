"""What a reading says of events, and which of them are news: pure, so that a preview tells what recording would do."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.model import CarrierEvent
from app.numbering import NOTHING, Derived

__all__ = ["Fact", "KnownEvent", "base_of", "news", "readings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """An event to be kept: its identity within its subject, its reading, and where each value came from.

    ``derived`` is what the rules of its source make of it: it helps to find the shipment and changes nothing else.
    """

    fingerprint: str
    event: CarrierEvent
    trace: Mapping[str, str]
    derived: Derived = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownEvent:
    """An event of a subject, as far as it tells what is news: its fingerprint, and which webhook brought it first."""

    fingerprint: str
    webhook_id: int


def news(
    facts: Sequence[Fact], known: Sequence[KnownEvent], *, webhook_id: int, was_read: bool
) -> Iterator[tuple[Fact, str]]:
    """List the facts of one subject that are not known yet, each with the fingerprint under which it is new.

    Args:
        facts: What a webhook was read as.
        known: The subject's events, in order of arrival.
        webhook_id: The webhook.
        was_read: Whether these bytes gave events before: then every known one may be theirs, even where an event
            without a time may repeat.

    """
    fingerprints = {event.fingerprint for event in known}
    read_before = {base_of(event.fingerprint) for event in known if was_read or event.webhook_id == webhook_id}
    latest = known[-1].fingerprint if known else ""
    for fact in facts:
        fingerprint = _occurrence(fact, fingerprints, latest)
        if fingerprint is None or fact.fingerprint in read_before:
            continue
        fingerprints.add(fingerprint)
        latest = fingerprint
        yield fact, fingerprint


def base_of(fingerprint: str) -> str:
    """Return the fingerprint of an event's first occurrence: ``…#1`` is the second one."""
    return fingerprint.partition("#")[0]


def readings(fact: Fact) -> dict[str, Any]:
    """List what an event was read as: everything that a later adapter may read differently."""
    event = fact.event
    occurred = event.occurred_at
    return {
        "code": str(event.code),
        "milestone": event.milestone.value,
        "occurred_at": occurred.at if occurred else None,
        "occurred_text": occurred.at.isoformat() if occurred else None,
        "time_text": occurred.text if occurred else None,
        "quality": occurred.quality.value if occurred else None,
        "city": event.place.city,
        "state": event.place.state,
        "description": event.description,
        "event_id": event.event_id,
        "tracking_number": event.tracking_numbers[0] if event.tracking_numbers else None,
        "reverses": sorted(event.reverses),
        "trace": dict(fact.trace),
        "warnings": list(event.warnings),
    }


def _occurrence(fact: Fact, known: set[str], latest: str) -> str | None:
    """Return the fingerprint under which an event is new, None when it is known.

    An event without a time repeats only the latest one of its subject: a parcel may be out for delivery twice.
    """
    base = fact.fingerprint
    if fact.event.occurred_at is not None or fact.event.full_history:
        return None if base in known else base
    if base_of(latest) == base:
        return None
    times = sum(base_of(fingerprint) == base for fingerprint in known)
    return f"{base}#{times}" if times else base
