"""Webhooks as operators search and read them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, select, union

from app.model import normalise_number
from app.store.dialect import literally
from app.store.queries.journal import (
    AttemptDetail,
    EventDetail,
    RowDetail,
    attempts_where,
    events_where,
    rows_where,
)
from app.store.queries.paging import Page, page
from app.store.schema import attempts, bodies, events, numbers, rows, subjects, webhooks

__all__ = [
    "SubjectDetail",
    "WebhookDetail",
    "WebhookFilter",
    "WebhookSummary",
    "list_webhooks",
    "matching",
    "webhook",
    "webhook_summary",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookFilter:
    """Which webhooks to list; None means any.

    Args:
        owners: Accounts or groups that their source may belong to.
        accounts: Accounts whose shipments are looked through for ``tracking_number``.
        tracking_number: Of an event that the webhook brought, or of the shipment that the event went to.
        unknown: Whether it must have brought an event whose code had no meaning.

    """

    owners: tuple[str, ...] | None = None
    accounts: tuple[str, ...] = ()
    carrier: str | None = None
    state: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    tracking_number: str | None = None
    unknown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookSummary:
    """A webhook as a list shows it.

    ``tracking_numbers`` are those of the events it brought first; lists do not look whether its body is still kept.
    """

    id: int
    owner: str
    carrier: str
    received_at: datetime
    method: str
    path: str
    peer: str
    size: int
    scheme: str
    secret: int
    state: str
    reason: str | None
    adapter_version: int | None
    mapped_at: datetime | None
    duplicates: int
    tracking_numbers: tuple[str, ...] = ()
    body_kept: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectDetail:
    """What some events are about, and where they went."""

    subject: str
    numbers: tuple[str, ...]
    references: Mapping[str, Any]
    derived: tuple[str, ...]
    state: str
    strategy: str | None
    reason: str | None
    since: datetime
    lookup_at: datetime | None
    lookups: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDetail:
    """A webhook with everything that became of it; ``body`` is None when it is no longer kept."""

    summary: WebhookSummary
    query: str
    headers: tuple[tuple[str, str], ...]
    body_sha256: str
    body: bytes | None
    notes: Mapping[str, Sequence[str]]
    events: tuple[EventDetail, ...]
    subjects: tuple[SubjectDetail, ...]
    rows: tuple[RowDetail, ...]
    attempts: tuple[AttemptDetail, ...]


_LOOKED_UP: Final = frozenset({"tracking_numbers", "body_kept"})
_LISTED: Final = tuple(field.name for field in fields(WebhookSummary) if field.name not in _LOOKED_UP)


def list_webhooks(
    connection: Connection, wanted: WebhookFilter, *, before: int | None, limit: int
) -> Page[WebhookSummary]:
    """List webhooks, newest first."""
    query = select(*(webhooks.c[name] for name in _LISTED)).where(*matching(wanted))
    found = page(connection, query, webhooks.c.id, _summary, before=before, limit=limit)
    shown = _tracking_numbers(connection, [item.id for item in found.items])
    return replace(found, items=tuple(replace(item, tracking_numbers=shown[item.id]) for item in found.items))


def matching(wanted: WebhookFilter) -> list[ColumnElement[bool]]:
    """List the conditions that a filter stands for."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.owners is not None:
        conditions.append(webhooks.c.owner.in_(wanted.owners))
    named = {"carrier": wanted.carrier, "state": wanted.state}
    conditions += [webhooks.c[name] == value for name, value in named.items() if value is not None]
    if wanted.since is not None:
        conditions.append(webhooks.c.received_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(webhooks.c.received_at < wanted.until)
    if wanted.tracking_number is not None:
        conditions.append(webhooks.c.id.in_(_speaking_of(wanted.tracking_number, wanted.accounts)))
    if wanted.unknown:
        unknown = select(events.c.webhook_id).where(events.c.milestone == literally("UNKNOWN"))
        conditions.append(webhooks.c.id.in_(unknown))
    return conditions


def _speaking_of(tracking_number: str, accounts: tuple[str, ...]) -> Select[Any]:
    """Select the webhooks whose events are about a number, or went to a shipment that holds it."""
    number = normalise_number(tracking_number)
    named = (
        select(events.c.webhook_id)
        .join(subjects, subjects.c.id == events.c.subject_id)
        .where(subjects.c.subject == f"number:{number}")
    )
    on_its_shipment = (
        select(events.c.webhook_id)
        .join(rows, rows.c.event_id == events.c.id)
        .join(numbers, numbers.c.shipment_id == rows.c.shipment_id)
        .where(numbers.c.account.in_(accounts), numbers.c.number == number)
    )
    found = union(named, on_its_shipment).subquery()
    return select(found.c.webhook_id)


def _tracking_numbers(connection: Connection, webhook_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Find the numbers that webhooks brought events of, in order of arrival."""
    shown: dict[int, dict[str, None]] = {id_: {} for id_ in webhook_ids}
    found = connection.execute(
        select(events.c.webhook_id, events.c.tracking_number)
        .where(events.c.webhook_id.in_(webhook_ids), events.c.tracking_number.is_not(None))
        .order_by(events.c.id)
    )
    for row in found:
        shown[row.webhook_id][row.tracking_number] = None
    return {id_: tuple(texts) for id_, texts in shown.items()}


def _summary(row: Row[Any]) -> WebhookSummary:
    return WebhookSummary(**{name: getattr(row, name) for name in _LISTED})


def webhook_summary(connection: Connection, webhook_id: int) -> WebhookSummary | None:
    """Read what a list shows of one webhook, None when there is no such webhook."""
    row = connection.execute(select(webhooks).where(webhooks.c.id == webhook_id)).one_or_none()
    if row is None:
        return None
    kept = connection.execute(select(bodies.c.webhook_id).where(bodies.c.webhook_id == webhook_id)).first()
    shown = _tracking_numbers(connection, [webhook_id])[webhook_id]
    return replace(_summary(row), tracking_numbers=shown, body_kept=kept is not None)


def webhook(connection: Connection, webhook_id: int) -> WebhookDetail | None:
    """Read one webhook with everything that became of it, None when there is no such webhook."""
    summary = webhook_summary(connection, webhook_id)
    if summary is None:
        return None
    row = connection.execute(
        select(webhooks.c.query, webhooks.c.headers, webhooks.c.body_sha256, webhooks.c.notes, bodies.c.body)
        .join(bodies, bodies.c.webhook_id == webhooks.c.id, isouter=True)
        .where(webhooks.c.id == webhook_id)
    ).one()
    its_events = select(events.c.id).where(events.c.webhook_id == webhook_id)
    its_shipments = select(rows.c.shipment_id).where(rows.c.event_id.in_(its_events))
    return WebhookDetail(
        summary=summary,
        query=row.query,
        headers=tuple((name, value) for name, value in row.headers),
        body_sha256=row.body_sha256,
        body=row.body,
        notes=row.notes or {},
        events=events_where(connection, events.c.webhook_id == webhook_id),
        subjects=_subjects(connection, webhook_id),
        rows=rows_where(connection, rows.c.event_id.in_(its_events)),
        attempts=attempts_where(connection, attempts.c.shipment_id.in_(its_shipments)),
    )


def _subjects(connection: Connection, webhook_id: int) -> tuple[SubjectDetail, ...]:
    spoken_of = select(events.c.subject_id).where(events.c.webhook_id == webhook_id)
    found = connection.execute(select(subjects).where(subjects.c.id.in_(spoken_of)).order_by(subjects.c.id))
    return tuple(
        SubjectDetail(
            subject=row.subject,
            numbers=tuple(row.numbers),
            references={name: value for name, value in row.references.items() if value},
            derived=tuple(row.derived.get("trace", ())),
            state=row.state,
            strategy=row.strategy,
            reason=row.reason,
            since=row.since,
            lookup_at=row.lookup_at,
            lookups=row.lookups,
        )
        for row in found
    )
