"""Events and calls to VTEX as lists show them, whatever webhook or shipment they belong to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, select

from app.model import normalise_number
from app.store.queries.paging import Page, Through, between, page
from app.store.schema import attempts, events, shipments, subjects

__all__ = ["AttemptFilter", "AttemptSummary", "EventFilter", "EventSummary", "list_attempts", "list_events"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """Which events to list; None means any.

    Args:
        owners: Accounts or groups that their source may belong to.
        carrier: Who told of them.
        milestone: What they mean.
        code: As the carrier sent it.
        tracking_number: What they are about.
        placed: Whether their shipment is known.
        since: Not arrived before this time.
        until: Arrived before this time.

    """

    owners: tuple[str, ...] | None = None
    carrier: str | None = None
    milestone: str | None = None
    code: str | None = None
    tracking_number: str | None = None
    placed: bool | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSummary:
    """An event as a list shows it; ``resolution`` is the state of what it is about: placed, parked and so on."""

    id: int
    webhook_id: int
    owner: str
    carrier: str
    subject: str
    resolution: str
    received_at: datetime
    occurred_at: datetime | None
    code: str
    milestone: str
    city: str | None
    state: str | None
    description: str | None
    tracking_number: str | None
    trace: Mapping[str, str]


_OF_SUBJECT: Final = {"owner": "owner", "carrier": "carrier", "subject": "subject", "resolution": "state"}
_EVENT: Final = tuple(
    subjects.c[_OF_SUBJECT[field.name]].label(field.name) if field.name in _OF_SUBJECT else events.c[field.name]
    for field in fields(EventSummary)
)


def list_events(connection: Connection, wanted: EventFilter, *, before: int | None, limit: int) -> Page[EventSummary]:
    """List events, those that arrived last first."""
    times = between(connection, events, events.c.received_at, wanted.since, wanted.until)
    query = select(*_EVENT).join(subjects, subjects.c.id == events.c.subject_id)
    query = query.where(*times, *_about(wanted))
    through: Through | None = Through(table=events, conditions=times)
    if wanted.tracking_number is not None:
        through = None
        number = f"number:{normalise_number(wanted.tracking_number)}"
        query = query.where(events.c.subject_id.in_(select(subjects.c.id).where(subjects.c.subject == number)))
    return page(connection, query, events.c.id, _event, before=before, limit=limit, through=through)


def _about(wanted: EventFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.owners is not None:
        conditions.append(subjects.c.owner.in_(wanted.owners))
    if wanted.carrier is not None:
        conditions.append(subjects.c.carrier == wanted.carrier)
    if wanted.placed is not None:
        is_placed = subjects.c.state == "placed"
        conditions.append(is_placed if wanted.placed else ~is_placed)
    named = {"milestone": wanted.milestone, "code": wanted.code}
    return conditions + [events.c[name] == value for name, value in named.items() if value is not None]


def _event(row: Row[Any]) -> EventSummary:
    return EventSummary(**{field.name: getattr(row, field.name) for field in fields(EventSummary)})


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFilter:
    """Which calls to list; None means any.

    Args:
        accounts: The accounts that were called.
        outcome: What the answer said; ``failed`` for all but accepted ones.
        status: The HTTP status of the answer.
        call: Which call it was.
        since: Not begun before this time.
        until: Begun before this time.

    """

    accounts: tuple[str, ...] | None = None
    outcome: str | None = None
    status: int | None = None
    call: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptSummary:
    """A call to VTEX as a list shows it."""

    id: int
    account: str
    shipment_id: int
    order_id: str
    invoice_number: str
    call: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    status: int | None
    detail: str | None
    receipt: str | None


_OF_SHIPMENT: Final = frozenset({"order_id", "invoice_number"})
_ATTEMPT: Final = tuple(
    shipments.c[field.name] if field.name in _OF_SHIPMENT else attempts.c[field.name]
    for field in fields(AttemptSummary)
)
_FINE: Final = ("applied", "observed")


def list_attempts(
    connection: Connection, wanted: AttemptFilter, *, before: int | None, limit: int
) -> Page[AttemptSummary]:
    """List calls, newest first."""
    times = between(connection, attempts, attempts.c.started_at, wanted.since, wanted.until)
    query = select(*_ATTEMPT).join(shipments, shipments.c.id == attempts.c.shipment_id)
    query = query.where(*times, *_ended(wanted))
    through = Through(table=attempts, conditions=times)
    return page(connection, query, attempts.c.id, _attempt, before=before, limit=limit, through=through)


def _ended(wanted: AttemptFilter) -> Sequence[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.accounts is not None:
        conditions.append(attempts.c.account.in_(wanted.accounts))
    if wanted.outcome == "failed":
        conditions.append(attempts.c.outcome.not_in(_FINE))
    elif wanted.outcome is not None:
        conditions.append(attempts.c.outcome == wanted.outcome)
    named = {"status": wanted.status, "call": wanted.call}
    return conditions + [attempts.c[name] == value for name, value in named.items() if value is not None]


def _attempt(row: Row[Any]) -> AttemptSummary:
    return AttemptSummary(**{field.name: getattr(row, field.name) for field in fields(AttemptSummary)})
