"""What a person writes on a timeline: an event like any other, in the same rows and queue, and known for what it is."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from app.model import BY_HAND, Milestone, TimeQuality
from app.store.auditing import Audited
from app.store.dialect import insert
from app.store.placement import make_due
from app.store.schema import events, rows, shipments, subjects

__all__ = ["AddCorrection"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AddCorrection(Audited):
    """Put a text on a shipment's timeline. It means nothing but itself: what is delivered stays so, what is not, too.

    Args:
        shipment_id: The shipment; it must exist.
        text: What shoppers read.
        city: Where; empty for nowhere.
        state: The same.
        occurred_at: When.

    """

    shipment_id: int
    text: str
    city: str | None
    state: str | None
    occurred_at: datetime
    reason: str

    def run(self, connection: Connection) -> int | None:
        """Add it and return the event's id; None when the shipment was given up, so that nothing would be sent."""
        query = select(shipments.c.account, shipments.c.dead_reason).where(shipments.c.id == self.shipment_id)
        shipment = connection.execute(query.with_for_update()).one()
        if shipment.dead_reason is not None:
            return None
        subject_id = self._subject(connection, shipment.account)
        event_id = self.ids.next()
        connection.execute(
            events.insert().values(
                id=event_id,
                subject_id=subject_id,
                fingerprint=f"by hand {event_id}",
                webhook_id=0,
                received_at=self.now,
                code="correction",
                milestone=Milestone.UNKNOWN.value,
                occurred_at=self.occurred_at,
                occurred_text=self.occurred_at.isoformat(),
                quality=TimeQuality.OFFSET.value,
                city=self.city,
                state=self.state,
                description=self.text,
                reverses=[],
                trace={},
                warnings=[],
            )
        )
        connection.execute(rows.insert().values(shipment_id=self.shipment_id, event_id=event_id, state="pending"))
        make_due(connection, [self.shipment_id], self.now)
        detail = {"text": self.text, "occurred_at": self.occurred_at.isoformat()}
        self.audit(connection, "shipment.corrected", f"shipment:{self.shipment_id}", detail)
        return event_id

    def _subject(self, connection: Connection, account: str) -> int:
        """Find what people's words on this shipment are about, or make it: the shipment itself, for good."""
        mine = {"owner": account, "carrier": BY_HAND, "subject": f"shipment:{self.shipment_id}"}
        connection.execute(
            insert(connection, subjects)
            .values(
                id=self.ids.next(),
                **mine,
                numbers=[],
                references={},
                derived={},
                state="placed",
                strategy="by-hand",
                reason="a person wrote it",
                since=self.now,
                created_at=self.now,
                placed_at=self.now,
                linked_to=self.shipment_id,
                lookups=0,
            )
            .on_conflict_do_nothing(index_elements=["owner", "carrier", "subject"])
        )
        same = [subjects.c[name] == value for name, value in mine.items()]
        return int(connection.execute(select(subjects.c.id).where(*same)).scalar_one())
