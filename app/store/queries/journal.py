"""Events, rows and attempts as people look at them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, select

from app.store.schema import attempts, events, rows, subjects, webhooks

__all__ = ["AttemptDetail", "EventDetail", "RowDetail", "attempts_where", "events_where", "rows_where", "words_of"]

_CHUNK: Final = 500
_ATTEMPTS_SHOWN: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class EventDetail:
    """An event: what its carrier said, how it was read, and how its sender was proven.

    ``scheme`` is None when the webhook that brought it is no longer kept. ``strategy`` and ``resolution_reason`` say
    how its subject led to where it is.
    """

    id: int
    subject: str
    webhook_id: int
    carrier: str
    scheme: str | None
    strategy: str | None
    resolution_reason: str | None
    received_at: datetime
    code: str
    milestone: str
    occurred_at: datetime | None
    occurred_text: str | None
    time_text: str | None
    quality: str | None
    city: str | None
    state: str | None
    description: str | None
    event_id: str | None
    tracking_number: str | None
    reverses: tuple[str, ...]
    revises: int | None
    trace: Mapping[str, str]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDetail:
    """An event on one shipment's timeline: as it was frozen for VTEX, and what became of it."""

    shipment_id: int
    event_id: int
    state: str
    reason: str | None
    city: str | None
    uf: str | None
    description: str | None
    date: str | None
    sent_at: datetime | None
    applied_at: datetime | None
    attempt_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptDetail:
    """One call to VTEX, with its answer; ``outcome`` is None while it is in flight."""

    id: int
    shipment_id: int
    call: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None
    status: int | None
    detail: str | None
    receipt: str | None
    body: Mapping[str, Any] | None


def events_where(connection: Connection, condition: ColumnElement[bool]) -> tuple[EventDetail, ...]:
    """Read the events that meet a condition on events, in order of arrival."""
    found = connection.execute(
        select(
            events,
            subjects.c.subject,
            subjects.c.carrier,
            subjects.c.strategy,
            subjects.c.reason.label("resolution_reason"),
            webhooks.c.scheme,
        )
        .join(subjects, subjects.c.id == events.c.subject_id)
        .join(webhooks, webhooks.c.id == events.c.webhook_id, isouter=True)
        .where(condition)
        .order_by(events.c.id)
    )
    return tuple(_event(row) for row in found)


def _event(row: Row[Any]) -> EventDetail:
    values = {field.name: getattr(row, field.name) for field in fields(EventDetail)}
    return EventDetail(**values | {"reverses": tuple(row.reverses), "warnings": tuple(row.warnings)})


def rows_where(connection: Connection, condition: ColumnElement[bool]) -> tuple[RowDetail, ...]:
    """Read the timeline rows that meet a condition on rows."""
    found = connection.execute(select(rows).where(condition).order_by(rows.c.shipment_id, rows.c.event_id))
    return tuple(RowDetail(**{field.name: getattr(row, field.name) for field in fields(RowDetail)}) for row in found)


def attempts_where(connection: Connection, condition: ColumnElement[bool]) -> tuple[AttemptDetail, ...]:
    """Read the latest calls that meet a condition on attempts, newest first."""
    found = connection.execute(select(attempts).where(condition).order_by(attempts.c.id.desc()).limit(_ATTEMPTS_SHOWN))
    return tuple(
        AttemptDetail(**{field.name: getattr(row, field.name) for field in fields(AttemptDetail)}) for row in found
    )


def words_of(connection: Connection, event_ids: Sequence[int]) -> dict[int, tuple[str, str | None, Mapping[str, str]]]:
    """Read of some events whose words they are, the words, and from where in the document they were taken."""
    found: dict[int, tuple[str, str | None, Mapping[str, str]]] = {}
    for start in range(0, len(event_ids), _CHUNK):
        query = select(events.c.id, subjects.c.carrier, events.c.description, events.c.trace)
        chunk = event_ids[start : start + _CHUNK]
        for row in connection.execute(
            query.join(subjects, subjects.c.id == events.c.subject_id).where(events.c.id.in_(chunk))
        ):
            found[row.id] = (row.carrier, row.description, row.trace)
    return found
