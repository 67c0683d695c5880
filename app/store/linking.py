"""What people say of where a subject belongs: it holds until they take it back, whatever the relay would decide."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, or_, select, update

from app.store.auditing import Audited
from app.store.facts import Resolve, stored_facts
from app.store.placement import EARLIER_PARCEL, event_ids, place_subject
from app.store.schema import events, rows, shipments, subjects

__all__ = ["LinkSubject", "Linked", "UnlinkSubject"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """What became of a wish: None done, or in ``refusal`` why not; ``rows`` of the shipment's timeline it is about."""

    refusal: str | None = None
    rows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish(Audited):
    """What a person wants of one subject.

    Args:
        subject_id: The subject.
        resolve: Decides where a subject goes that nobody linked.
        members: The accounts among which an owner's shipments are sought.

    """

    subject_id: int
    resolve: Resolve
    members: Callable[[str], Sequence[str]]

    def subject(self, connection: Connection) -> Row[Any] | None:
        """Read the subject, and let nobody else change it meanwhile."""
        return connection.execute(
            select(subjects).where(subjects.c.id == self.subject_id).with_for_update()
        ).one_or_none()

    def place(self, connection: Connection, linked_to: int | None) -> None:
        """Link the subject or take its link back, and put its events where they belong now."""
        mine = update(subjects).where(subjects.c.id == self.subject_id)
        subject = connection.execute(mine.values(linked_to=linked_to).returning(subjects)).one()
        place_subject(
            connection,
            subject,
            stored_facts(subject),
            event_ids(connection, subject.id),
            accounts=self.members(subject.owner),
            resolve=self.resolve,
            now=self.now,
        )

    def note(self, connection: Connection, action: str, detail: Mapping[str, Any]) -> None:
        """Write down who did what to the subject."""
        self.audit(connection, action, f"subject:{self.subject_id}", detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSubject(_Wish):
    """Show a waiting subject's events, and those that come, on a shipment that a person names."""

    shipment_id: int

    def run(self, connection: Connection) -> Linked:
        """Link, unless the subject does not wait or the shipment cannot be meant."""
        subject = self.subject(connection)
        if subject is None or subject.state not in {"parked", "unmatched"}:
            return Linked(refusal="it does not wait for a shipment any more")
        shipment = connection.execute(select(shipments).where(shipments.c.id == self.shipment_id)).one_or_none()
        if shipment is None or shipment.account not in self.members(subject.owner):
            return Linked(refusal="the shipment is of none of the accounts among which its shipment is sought")
        if shipment.origin == "return":
            return Linked(refusal="the shipment comes back to the seller, and no timeline is written for it")
        shown = select(func.count()).where(events.c.subject_id == subject.id)
        if shipment.invoiced_at is not None:
            shown = shown.where(events.c.received_at >= shipment.invoiced_at - EARLIER_PARCEL)
        count = connection.execute(shown).scalar_one()
        if not count:
            return Linked(refusal="all its events came more than 30 days before the shipment was invoiced")
        self.place(connection, shipment.id)
        self.note(connection, "subject.linked", {"shipment_id": shipment.id, "before": subject.state, "rows": count})
        return Linked(rows=count)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlinkSubject(_Wish):
    """Take a link back as long as nothing of it was sent; the relay then decides again."""

    def run(self, connection: Connection) -> Linked:
        """Unlink, unless VTEX may have seen rows of it."""
        subject = self.subject(connection)
        if subject is None or subject.linked_to is None:
            return Linked(refusal="nobody linked it")
        of_subject = select(events.c.id).where(events.c.subject_id == subject.id)
        on_it = (rows.c.shipment_id == subject.linked_to) & rows.c.event_id.in_(of_subject)
        went_out = or_(
            rows.c.state.in_(("sent", "applied")), rows.c.sent_at.is_not(None) & (rows.c.state != "observed")
        )
        sent = connection.execute(select(func.count()).where(on_it, went_out)).scalar_one()
        if sent:
            return Linked(
                refusal=f"{sent} of its rows went to VTEX already, where nothing can be taken back", rows=sent
            )
        removed = connection.execute(delete(rows).where(on_it)).rowcount
        self.place(connection, None)
        self.note(connection, "subject.unlinked", {"shipment_id": subject.linked_to, "rows": removed})
        return Linked(rows=removed)
