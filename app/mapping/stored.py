"""What mapping does to webhooks and readings as the store keeps them."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.adapter import Adapter, fingerprint
from app.carriers import adapters
from app.errors import MalformedPayload
from app.model import Webhook
from app.numbering import derive
from app.reading import Reading, trace
from app.source import Source
from app.store import Fact, RecordMapping
from app.store.inbox import StoredWebhook
from app.store.readings import base_of, news
from app.store.replays import KnownReading
from app.verification import Credentials

__all__ = ["as_webhook", "difference", "facts", "unconfigured"]


def facts(source: Source, reading: Reading) -> tuple[Fact, ...]:
    """List a reading's events with their identities, the places they were read from, and what rules make of them."""
    return tuple(
        Fact(
            fingerprint=fingerprint(source.adapter, event),
            event=event,
            trace=trace(event),
            derived=derive(source.number_rules, event),
        )
        for event in reading.events
    )


def as_webhook(stored: StoredWebhook) -> Webhook:
    """Give a stored webhook the form in which adapters read it; what it pointed to takes the place of its body."""
    return Webhook(
        method=stored.method,
        path=stored.path,
        query=stored.query,
        headers=stored.headers,
        body=stored.fetched or stored.body or b"",
        received_at=stored.received_at,
        peer=stored.peer,
    )


def unconfigured(stored: StoredWebhook, carriers: Mapping[str, Adapter]) -> Source:
    """Stand in for a source that was taken out of the settings: its webhooks can still be read."""
    adapter = carriers.get(stored.carrier) or adapters().get(stored.carrier)
    if adapter is None:
        raise MalformedPayload("$", f"is of the carrier {stored.carrier!r}, which is neither known nor declared here")
    return Source(
        owner=stored.owner,
        accounts=(stored.owner,),
        adapter=adapter,
        credentials=Credentials(),
    )


_COMPARED: Final = ("code", "milestone", "occurred_at", "city", "state", "description")


def difference(
    events: Sequence[Mapping[str, Any]],
    recording: RecordMapping,
    known: Mapping[str, Sequence[KnownReading]],
    *,
    was_read: bool,
) -> dict[str, Any]:
    """Say which events a recording would add, and which known ones are read differently now."""
    by_subject: dict[str, list[Fact]] = {}
    for fact in recording.facts:
        by_subject.setdefault(fact.event.subject, []).append(fact)
    added = {
        id(fact)
        for subject, told in by_subject.items()
        for fact, _ in news(
            told, [each.event for each in known.get(subject, ())], webhook_id=recording.webhook_id, was_read=was_read
        )
    }
    new: list[Mapping[str, Any]] = []
    changed: list[dict[str, Any]] = []
    for event, fact in zip(events, recording.facts, strict=True):
        if id(fact) in added:
            new.append(event)
        same = [
            each for each in known.get(fact.event.subject, ()) if base_of(each.event.fingerprint) == fact.fingerprint
        ]
        read = [each.reading for each in same if each.reading is not None]
        differs = [reading for reading in read if any(reading[name] != event[name] for name in _COMPARED)]
        if differs:
            changed.append({"before": dict(differs[0]), "after": {name: event[name] for name in _COMPARED}})
    unchanged = len(recording.facts) - len(new) - len(changed)
    return {"new": tuple(new), "changed": tuple(changed), "unchanged": max(0, unchanged)}
