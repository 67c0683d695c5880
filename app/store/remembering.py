"""Events that were deleted and are not new when they come again."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, select

from app.store.dialect import insert
from app.store.prepared import Prepared
from app.store.privacy_schema import remembered
from app.store.readings import KnownEvent
from app.store.schema import events, subjects

__all__ = ["recall", "remember", "subject_digest"]

_NO_WEBHOOK: Final = 0

# Built once: building a statement costs more than running it, and this one runs with every webhook.
_RECALLED: Final = Prepared(
    select(remembered.c.fingerprint)
    .where(remembered.c.subject == bindparam("digest"), remembered.c.expires_at > bindparam("now"))
    .order_by(remembered.c.event_id)
)


def subject_digest(owner: str, carrier: str, subject: str) -> bytes:
    """Return under what a subject's deleted events are known."""
    return hashlib.sha256(f"{owner}\0{carrier}\0{subject}".encode("utf-8", "surrogatepass")).digest()[:16]


def remember(connection: Connection, subject_ids: Sequence[int], *, until: datetime) -> None:
    """Keep the fingerprints of some subjects' events, which are about to be deleted."""
    found = connection.execute(
        select(events.c.id, events.c.fingerprint, subjects.c.owner, subjects.c.carrier, subjects.c.subject)
        .join(subjects, subjects.c.id == events.c.subject_id)
        .where(subjects.c.id.in_(subject_ids))
    )
    entries = [
        {
            "subject": subject_digest(row.owner, row.carrier, row.subject),
            "event_id": row.id,
            "fingerprint": row.fingerprint,
            "expires_at": until,
        }
        for row in found
    ]
    if entries:
        connection.execute(insert(connection, remembered).on_conflict_do_nothing(), entries)


def recall(connection: Connection, digest: bytes, now: datetime) -> list[KnownEvent]:
    """List the deleted events of a subject, in the order in which they came."""
    fingerprints = _RECALLED.scalars(connection, {"digest": digest, "now": now})
    return [KnownEvent(fingerprint=fingerprint, webhook_id=_NO_WEBHOOK) for fingerprint in fingerprints]
