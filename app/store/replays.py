"""Reading stored webhooks again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, select

from app.store.auditing import write_audit
from app.store.exclusion import Exclusion
from app.store.mappings import Recorded, RecordMapping
from app.store.prepared import Prepared
from app.store.readings import KnownEvent
from app.store.redriving import revive
from app.store.remembering import recall, subject_digest
from app.store.schema import events, rows, subjects

__all__ = ["AuditReplay", "KnownReading", "known_events", "revive_shown"]

_CHUNK: Final = 500

_WANTED: Final = (
    (subjects.c.owner == bindparam("whose"))
    & (subjects.c.carrier == bindparam("of"))
    & subjects.c.subject.in_(bindparam("wanted", expanding=True))
)
# Built once: a replay asks these for each webhook.
_KNOWN: Final = Prepared(
    select(events, subjects.c.subject)
    .join(subjects, subjects.c.id == events.c.subject_id)
    .where(_WANTED)
    .order_by(events.c.id)
)
_SHOWN: Final = Prepared(
    select(rows.c.shipment_id)
    .join(events, events.c.id == rows.c.event_id)
    .join(subjects, subjects.c.id == events.c.subject_id)
    .where(_WANTED)
    .distinct()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownReading:
    """A known event, and how it was read; None where it was deleted, and only its fingerprint is left."""

    event: KnownEvent
    reading: Mapping[str, Any] | None


def known_events(connection: Connection, recording: RecordMapping) -> Mapping[str, Sequence[KnownReading]]:
    """Return what is known of a recording's subjects, each one's events in order of arrival."""
    wanted = sorted({fact.event.subject for fact in recording.facts})
    known: dict[str, list[KnownReading]] = {}
    for subject in wanted:
        deleted = recall(connection, subject_digest(recording.owner, recording.carrier, subject), recording.now)
        known[subject] = [KnownReading(event=event, reading=None) for event in deleted]
    for start in range(0, len(wanted), _CHUNK):
        for row in _KNOWN.all(connection, _about(recording, wanted[start : start + _CHUNK])):
            known[row.subject].append(_known(row))
    return known


def _known(row: Row[Any]) -> KnownReading:
    return KnownReading(
        event=KnownEvent(fingerprint=row.fingerprint, webhook_id=row.webhook_id),
        reading={
            "code": row.code,
            "milestone": row.milestone,
            "occurred_at": row.occurred_text,
            "city": row.city,
            "state": row.state,
            "description": row.description,
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReplay:
    """Record a reading made by a person's wish, and who wished it, in one transaction."""

    recording: RecordMapping
    actor: str
    reason: str

    @property
    def excludes(self) -> Exclusion:
        """Exclude what else touches its accounts."""
        return self.recording.excludes

    def run(self, connection: Connection) -> Recorded:
        """Record, take up again what was given up of its shipments, and audit."""
        recording = self.recording
        recorded = recording.run(connection)
        revived = revive_shown(connection, recording)
        write_audit(
            connection,
            self.recording.ids,
            self.recording.now,
            actor=self.actor,
            action="webhook.replayed",
            target=f"webhook:{self.recording.webhook_id}",
            reason=self.reason,
            detail={"new_events": recorded.new_events, "placed": recorded.placed, "revived": len(revived)},
        )
        return recorded


def revive_shown(connection: Connection, recording: RecordMapping) -> list[int]:
    """Take up again what was given up of the shipments that show what a recording is about."""
    return revive(connection, _shown_on(connection, recording), recording.now, later=recording.later)


def _shown_on(connection: Connection, recording: RecordMapping) -> list[int]:
    """Find the shipments that show what a recording is about."""
    wanted = sorted({fact.event.subject for fact in recording.facts})
    shown: set[int] = set()
    for start in range(0, len(wanted), _CHUNK):
        shown.update(_SHOWN.scalars(connection, _about(recording, wanted[start : start + _CHUNK])))
    return sorted(shown)


def _about(recording: RecordMapping, wanted: Sequence[str]) -> Mapping[str, Any]:
    return {"whose": recording.owner, "of": recording.carrier, "wanted": wanted}
