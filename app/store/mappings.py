"""Keep what a webhook was read as: its events, each once, on their shipments or parked."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import reduce
from typing import Any

from sqlalchemy import Connection, func, select, update

from app.model import CarrierEvent
from app.numbering import NOTHING, Derived
from app.store.columns import Ids
from app.store.dialect import insert
from app.store.facts import Facts, Resolve, facts_of, keys_of, stored_facts, united
from app.store.match_counts import count_subject
from app.store.placement import EARLIER_PARCEL, event_ids, make_due, place_subject
from app.store.schema import events, rows, subjects, webhooks
from app.store.tallies import note_unknown_code, tally_webhook

__all__ = ["Fact", "RecordMapping", "RecordUnmappable", "Recorded"]


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
class Recorded:
    """What a mapping changed."""

    new_events: int
    placed: int
    parked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordUnmappable:
    """Say that an authentic webhook cannot be read, and why."""

    webhook_id: int
    reason: str
    adapter_version: int
    now: datetime

    def run(self, connection: Connection) -> None:
        """Change the webhook's state."""
        tally_webhook(connection, self.webhook_id, "unmappable", self.now)
        connection.execute(
            update(webhooks)
            .where(webhooks.c.id == self.webhook_id)
            .values(state="unmappable", reason=self.reason, mapped_at=self.now, adapter_version=self.adapter_version)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordMapping:
    """Keep a reading: new events are stored and placed, known ones are left as they are.

    Args:
        webhook_id: What was read.
        owner: Account or group of its source.
        carrier: The adapter's slug.
        accounts: The accounts among which its shipments are sought.
        adapter_version: Which reading this is.
        facts: The events, in order of occurrence.
        ignored: Why parts are no events.
        warnings: What a person should know.
        lookup: Whether the order that the references name may be looked up in VTEX.
        resolve: Decides where a subject's events go.
        ids: Makes ids.
        now: The time of the mapping.
        revise: Whether known events take over what this reading says of them.

    """

    webhook_id: int
    owner: str
    carrier: str
    accounts: tuple[str, ...]
    adapter_version: int
    facts: tuple[Fact, ...]
    ignored: tuple[str, ...]
    warnings: tuple[str, ...]
    lookup: bool
    resolve: Resolve
    ids: Ids
    now: datetime
    revise: bool = False

    def run(self, connection: Connection) -> Recorded:
        """Keep everything in one transaction."""
        by_subject: dict[str, list[Fact]] = {}
        for fact in self.facts:
            by_subject.setdefault(fact.event.subject, []).append(fact)
        new_events = placed = parked = 0
        for subject, facts in by_subject.items():
            subject_id, state, known = self._subject(connection, subject, facts)
            new = self._add_events(connection, subject_id, facts)
            new_events += len(new)
            if self.revise:
                self._revise(connection, subject_id, facts)
            if not new and state != "parked":
                continue
            # Even without new events a parked subject is resolved again: more may be known of it now.
            ids = new if state == "placed" else event_ids(connection, subject_id)
            resolution = place_subject(
                connection, subject_id, known, ids, accounts=self.accounts, resolve=self.resolve, now=self.now
            )
            placed += bool(resolution.shipments)
            parked += not (resolution.shipments or resolution.skip)
            if not (resolution.shipments or resolution.skip) and any(kind == "order" for kind, _ in keys_of(known)):
                self._ask_for_lookup(connection, subject_id)
        self._finish(connection)
        return Recorded(new_events=new_events, placed=placed, parked=parked)

    def _subject(self, connection: Connection, subject: str, facts: Sequence[Fact]) -> tuple[int, str, Facts]:
        """Return the subject's id and state, and all that is known of it with what the facts add."""
        same = (subjects.c.owner == self.owner) & (subjects.c.carrier == self.carrier) & (subjects.c.subject == subject)
        known = reduce(united, (facts_of(self.carrier, fact.event, fact.derived) for fact in facts))
        row = connection.execute(select(subjects).where(same).with_for_update()).one_or_none()
        # What a person said of an earlier parcel of the same number does not hold for the next one.
        values: dict[str, Any] = {"linked_to": None}
        if row is not None and not self._is_silent(connection, row.id):
            known = united(stored_facts(row), known)
            values = {}
        values |= {
            "numbers": list(known.numbers),
            "references": asdict(known.references),
            "derived": known.derived.document(),
        }
        new_id = self.ids.next()
        connection.execute(
            insert(connection, subjects)
            .values(
                id=new_id,
                owner=self.owner,
                carrier=self.carrier,
                subject=subject,
                state="parked",
                since=self.now,
                created_at=self.now,
                **values,
            )
            .on_conflict_do_update(index_elements=["owner", "carrier", "subject"], set_=values)
        )
        row = connection.execute(select(subjects.c.id, subjects.c.state).where(same)).one()
        if row.id == new_id:
            count_subject(connection, self.owner, self.carrier)
        return row.id, row.state, known

    def _is_silent(self, connection: Connection, subject_id: int) -> bool:
        """Tell whether nothing came for so long that the number may be another parcel's by now."""
        latest = select(func.max(events.c.received_at)).where(events.c.subject_id == subject_id)
        received_at = connection.execute(latest).scalar()
        return received_at is not None and self.now - received_at > EARLIER_PARCEL

    def _add_events(self, connection: Connection, subject_id: int, facts: Sequence[Fact]) -> list[int]:
        known = connection.execute(
            select(events.c.id, events.c.fingerprint, events.c.code, events.c.time_text, events.c.webhook_id)
            .where(events.c.subject_id == subject_id)
            .order_by(events.c.id)
        ).all()
        fingerprints = {row.fingerprint for row in known}
        # What was read from these very bytes before is known, even where an event without a time may repeat.
        read_before = {row.fingerprint.partition("#")[0] for row in known if row.webhook_id == self.webhook_id}
        if self.revise:
            read_before = {fingerprint.partition("#")[0] for fingerprint in fingerprints}
        latest = known[-1].fingerprint if known else ""
        withdrawn = {
            (row.code, row.time_text): row.id
            for row in known
            if row.fingerprint not in {fact.fingerprint for fact in facts}
        }
        new: list[int] = []
        for fact in facts:
            fingerprint = _occurrence(fact, fingerprints, latest)
            if fingerprint is None or fact.fingerprint in read_before:
                continue
            fingerprints.add(fingerprint)
            latest = fingerprint
            id_ = self.ids.next()
            revises = withdrawn.get(_moment_key(fact.event)) if fact.event.full_history else None
            connection.execute(
                events.insert().values({**self._columns(id_, subject_id, fingerprint, fact), "revises": revises})
            )
            new.append(id_)
            if fact.event.unknown_code is not None:
                code, brought = fact.event.unknown_code, self.webhook_id
                note_unknown_code(connection, self.owner, self.carrier, code, webhook_id=brought, now=self.now)
        return new

    def _revise(self, connection: Connection, subject_id: int, facts: Sequence[Fact]) -> None:
        """Read known events anew; their shipments are looked at again, since their state may have changed."""
        for fact in facts:
            connection.execute(
                update(events)
                .where(events.c.subject_id == subject_id, events.c.fingerprint == fact.fingerprint)
                .values(**_readings(fact))
            )
        of_subject = select(rows.c.shipment_id).join(events, events.c.id == rows.c.event_id)
        shipment_ids = (
            connection.execute(of_subject.where(events.c.subject_id == subject_id).distinct()).scalars().all()
        )
        make_due(connection, shipment_ids, self.now)

    def _columns(self, id_: int, subject_id: int, fingerprint: str, fact: Fact) -> dict[str, Any]:
        return {
            "id": id_,
            "subject_id": subject_id,
            "fingerprint": fingerprint,
            "webhook_id": self.webhook_id,
            "received_at": self.now,
            **_readings(fact),
        }

    def _ask_for_lookup(self, connection: Connection, subject_id: int) -> None:
        """Have the order asked for that the references name, unless it is being asked for or was."""
        if not self.lookup:
            return
        unasked = update(subjects).where(
            subjects.c.id == subject_id, subjects.c.lookups == 0, subjects.c.lookup_at.is_(None)
        )
        connection.execute(unasked.values(lookup_at=self.now))

    def _finish(self, connection: Connection) -> None:
        state = "mapped" if self.facts else "ignored"
        tally_webhook(connection, self.webhook_id, state, self.now)
        connection.execute(
            update(webhooks)
            .where(webhooks.c.id == self.webhook_id)
            .values(
                state=state,
                reason=None if self.facts else "; ".join(self.ignored) or "it holds no event",
                adapter_version=self.adapter_version,
                mapped_at=self.now,
                notes={"ignored": list(self.ignored), "warnings": list(self.warnings)},
            )
        )


def _readings(fact: Fact) -> dict[str, Any]:
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


def _moment_key(event: CarrierEvent) -> tuple[str, str | None]:
    return (str(event.code), event.occurred_at.text if event.occurred_at else None)


def _occurrence(fact: Fact, known: set[str], latest: str) -> str | None:
    """Return the fingerprint under which an event is new, None when it is known.

    An event without a time repeats only the latest one of its subject: a parcel may be out for delivery twice.
    """
    base = fact.fingerprint
    if fact.event.occurred_at is not None or fact.event.full_history:
        return None if base in known else base
    if latest.partition("#")[0] == base:
        return None
    times = sum(fingerprint.partition("#")[0] == base for fingerprint in known)
    return f"{base}#{times}" if times else base
