"""Reading stored webhooks again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from app.store.mappings import Recorded, RecordMapping
from app.store.schema import audit, events, subjects

__all__ = ["AuditReplay", "known_events"]


def known_events(connection: Connection, recording: RecordMapping) -> Mapping[tuple[str, str], Mapping[str, Any]]:
    """Return what is known of a recording's events, by subject and fingerprint."""
    wanted = {fact.event.subject for fact in recording.facts}
    found = connection.execute(
        select(events, subjects.c.subject)
        .join(subjects, subjects.c.id == events.c.subject_id)
        .where(
            subjects.c.owner == recording.owner,
            subjects.c.carrier == recording.carrier,
            subjects.c.subject.in_(wanted),
        )
    )
    return {
        (row.subject, row.fingerprint): {
            "code": row.code,
            "milestone": row.milestone,
            "occurred_at": row.occurred_text,
            "city": row.city,
            "state": row.state,
            "description": row.description,
        }
        for row in found
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReplay:
    """Record a reading made by a person's wish, and who wished it, in one transaction."""

    recording: RecordMapping
    actor: str
    reason: str

    def run(self, connection: Connection) -> Recorded:
        """Record and audit."""
        recorded = self.recording.run(connection)
        connection.execute(
            audit.insert().values(
                id=self.recording.ids.next(),
                at=self.recording.now,
                actor=self.actor,
                action="webhook.replayed",
                target=f"webhook:{self.recording.webhook_id}",
                reason=self.reason,
                detail={"new_events": recorded.new_events, "placed": recorded.placed},
            )
        )
        return recorded
