"""What keeps old rows longer than their age says: whatever is open, waits, was given up, or is disputed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, false, or_, select

from app.model import Milestone
from app.store.dialect import literally
from app.store.privacy_schema import holds, mentions
from app.store.schema import attempts, bodies, events, rows, shipments, subjects, webhooks

__all__ = [
    "Keeping",
    "Retention",
    "keeps_attempt",
    "keeps_body",
    "keeps_nothing",
    "keeps_shipment",
    "keeps_subject",
    "keeps_webhook",
]

_FINAL: Final = (Milestone.DELIVERED.value, Milestone.RETURNED.value, Milestone.CANCELLED.value)
"""Whoever disputes a parcel asks for the proof of its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long things are kept.

    Args:
        bodies: The bytes of webhooks and of refused requests.
        evidence: The bytes of webhooks that told of a parcel's end, or that could not be read.
        events: Events with their subjects and rows, shipments, and webhooks without their bytes.
        attempts: Calls to VTEX.
        ledger: How long a webhook is remembered as a duplicate.
        fingerprints: How long deleted events are known again.
        tallies: What was counted hour by hour.
        unknown_codes: Codes that nobody knew, since they came last.
        audit: Who did what and why; None for good.

    """

    bodies: timedelta = timedelta(days=30)
    evidence: timedelta = timedelta(days=180)
    events: timedelta = timedelta(days=180)
    attempts: timedelta = timedelta(days=30)
    ledger: timedelta = timedelta(days=35)
    fingerprints: timedelta = timedelta(days=730)
    tallies: timedelta = timedelta(days=400)
    unknown_codes: timedelta = timedelta(days=365)
    audit: timedelta | None = None


Keeping = Callable[[Retention, datetime], ColumnElement[bool]]
"""Tells of a row whether it is kept although it is old."""


def _is_open(shipment: Any = shipments) -> ColumnElement[bool]:  # noqa: ANN401 - the table or an alias of it
    """Tell of a shipment whether there is something to do for it, or somebody said that nothing of it may go."""
    row, hold = rows.alias(), holds.alias()
    unsettled = select(row.c.event_id).where(
        row.c.shipment_id == shipment.c.id, row.c.state.in_(("pending", "sent", "dead"))
    )
    held = select(hold.c.order_id).where(hold.c.account == shipment.c.account, hold.c.order_id == shipment.c.order_id)
    return or_(
        shipment.c.due_at.is_not(None),
        shipment.c.lease.is_not(None),
        shipment.c.dead_reason.is_not(None),
        unsettled.exists(),
        held.exists(),
    )


def _told_of(subject_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Tell of a subject whether it waits, or is shown on a shipment that is open."""
    row, event, shipment, subject = rows.alias(), events.alias(), shipments.alias(), subjects.alias()
    shown = (
        select(row.c.event_id)
        .join(event, event.c.id == row.c.event_id)
        .join(shipment, shipment.c.id == row.c.shipment_id)
        .where(event.c.subject_id == subject_id, _is_open(shipment))
    )
    waits = select(subject.c.id).where(subject.c.id == subject_id, subject.c.state == literally("parked"))
    return or_(shown.exists(), waits.exists())


def keeps_body(retention: Retention, now: datetime) -> ColumnElement[bool]:
    """Keep bytes that are to be read or that tell of what is open; the proof of an end for longer."""
    brought = events.c.webhook_id == webhooks.c.id
    final = select(events.c.id).where(brought, events.c.milestone.in_(_FINAL)).exists()
    young = webhooks.c.received_at >= now - retention.evidence
    return or_(
        webhooks.c.state == literally("stored"),
        young & (final | (webhooks.c.state == literally("unmappable"))),
        select(events.c.id).where(brought, _told_of(events.c.subject_id)).exists(),
        select(mentions.c.subject_id)
        .where(mentions.c.webhook_id == webhooks.c.id, _told_of(mentions.c.subject_id))
        .exists(),
    )


def keeps_attempt(_retention: Retention, _now: datetime) -> ColumnElement[bool]:
    """Keep a call that is in flight, or of a shipment that is open."""
    of_open = select(shipments.c.id).where(shipments.c.id == attempts.c.shipment_id, _is_open()).exists()
    return or_(attempts.c.outcome.is_(None), of_open)


def keeps_shipment(retention: Retention, now: datetime) -> ColumnElement[bool]:
    """Keep a shipment whole while anything of it is young: a timeline is never kept in part."""
    before = now - retention.events
    on_it, told = events.alias(), events.alias()
    young = (
        select(rows.c.event_id)
        .join(on_it, on_it.c.id == rows.c.event_id)
        .join(told, told.c.subject_id == on_it.c.subject_id)
        .where(rows.c.shipment_id == shipments.c.id, told.c.received_at >= before)
    )
    invoiced = and_(shipments.c.invoiced_at.is_not(None), shipments.c.invoiced_at >= before)
    return or_(_is_open(), invoiced, young.exists())


def keeps_subject(retention: Retention, now: datetime) -> ColumnElement[bool]:
    """Keep a subject that waits or is shown somewhere, or of which something came lately."""
    of_it = events.c.subject_id == subjects.c.id
    shown = select(rows.c.event_id).join(events, events.c.id == rows.c.event_id).where(of_it)
    young = select(events.c.id).where(of_it, events.c.received_at >= now - retention.events)
    waits = or_(subjects.c.state == literally("parked"), subjects.c.lookup_at.is_not(None))
    return or_(waits, subjects.c.since >= now - retention.events, shown.exists(), young.exists())


def keeps_webhook(_retention: Retention, _now: datetime) -> ColumnElement[bool]:
    """Keep a webhook while there are bytes or events of it."""
    has_bytes = select(bodies.c.webhook_id).where(bodies.c.webhook_id == webhooks.c.id)
    has_events = select(events.c.id).where(events.c.webhook_id == webhooks.c.id)
    return or_(webhooks.c.state == literally("stored"), has_bytes.exists(), has_events.exists())


def keeps_nothing(_retention: Retention, _now: datetime) -> ColumnElement[bool]:
    """Keep none: age alone decides."""
    return false()
