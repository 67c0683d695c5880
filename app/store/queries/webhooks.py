"""Webhooks as operators search and read them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, exists, select, union

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
from app.store.queries.paging import Page, Through, between, page
from app.store.schema import attempts, bodies, events, numbers, rows, subjects, webhooks

__all__ = [
    "SubjectDetail",
    "WebhookDetail",
    "WebhookFilter",
    "WebhookSummary",
    "list_webhooks",
    "looked_through",
    "matching",
    "summaries_of",
    "tracking_numbers",
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
        milestone: Of an event that it brought first.
        code: Of such an event, as the carrier sent it.
        adapter_version: Which reading of its carrier read it last.

    """

    owners: tuple[str, ...] | None = None
    accounts: tuple[str, ...] = ()
    carrier: str | None = None
    state: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    tracking_number: str | None = None
    unknown: bool = False
    milestone: str | None = None
    code: str | None = None
    adapter_version: int | None = None


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
_COLUMNS: Final = tuple(webhooks.c[name] for name in _LISTED)


def list_webhooks(
    connection: Connection, wanted: WebhookFilter, *, before: int | None, limit: int
) -> Page[WebhookSummary]:
    """List webhooks, newest first."""
    query = select(*_COLUMNS).where(*matching(wanted))
    through, times = looked_through(connection, wanted)
    found = page(connection, query.where(*times), webhooks.c.id, _summary, before=before, limit=limit, through=through)
    shown = tracking_numbers(connection, [item.id for item in found.items])
    return replace(found, items=tuple(replace(item, tracking_numbers=shown[item.id]) for item in found.items))


def looked_through(connection: Connection, wanted: WebhookFilter) -> tuple[Through | None, list[ColumnElement[bool]]]:
    """Say through which rows a filter is looked for, None when an index finds them, and the conditions of its times."""
    times = between(connection, webhooks, webhooks.c.received_at, wanted.since, wanted.until)
    is_found = wanted.tracking_number is not None or wanted.unknown
    return (None if is_found else _through(wanted, times)), times


def _through(wanted: WebhookFilter, times: Sequence[ColumnElement[bool]]) -> Through:
    """Choose the index by which webhooks are looked through: that which leaves the fewest."""
    if wanted.state is not None and wanted.state != "mapped":
        return Through(table=webhooks, index="ix_webhooks_state", conditions=[webhooks.c.state == wanted.state, *times])
    if wanted.owners is not None and len(wanted.owners) == 1:
        return Through(
            table=webhooks, index="ix_webhooks_owner", conditions=[webhooks.c.owner == wanted.owners[0], *times]
        )
    if wanted.carrier is not None:
        return Through(
            table=webhooks, index="ix_webhooks_carrier", conditions=[webhooks.c.carrier == wanted.carrier, *times]
        )
    return Through(table=webhooks, conditions=times)


def matching(wanted: WebhookFilter) -> list[ColumnElement[bool]]:
    """List the conditions that a filter stands for."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.owners is not None:
        one = len(wanted.owners) == 1
        conditions.append(webhooks.c.owner == wanted.owners[0] if one else webhooks.c.owner.in_(wanted.owners))
    named = {"carrier": wanted.carrier, "state": wanted.state, "adapter_version": wanted.adapter_version}
    conditions += [webhooks.c[name] == value for name, value in named.items() if value is not None]
    if wanted.since is not None:
        conditions.append(webhooks.c.received_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(webhooks.c.received_at < wanted.until)
    told = [
        events.c[name] == value
        for name, value in (("milestone", wanted.milestone), ("code", wanted.code))
        if value is not None
    ]
    if told:
        conditions.append(exists().where(events.c.webhook_id == webhooks.c.id, *told))
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


def tracking_numbers(connection: Connection, webhook_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
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


def summaries_of(connection: Connection, webhook_ids: Sequence[int]) -> tuple[WebhookSummary, ...]:
    """Read what a list shows of some webhooks, in their order."""
    found = {
        row.id: _summary(row) for row in connection.execute(select(*_COLUMNS).where(webhooks.c.id.in_(webhook_ids)))
    }
    shown = tracking_numbers(connection, webhook_ids)
    return tuple(replace(found[id_], tracking_numbers=shown[id_]) for id_ in webhook_ids)


def webhook_summary(connection: Connection, webhook_id: int) -> WebhookSummary | None:
    """Read what a list shows of one webhook, None when there is no such webhook."""
    row = connection.execute(select(webhooks).where(webhooks.c.id == webhook_id)).one_or_none()
    if row is None:
        return None
    kept = connection.execute(select(bodies.c.webhook_id).where(bodies.c.webhook_id == webhook_id)).first()
    shown = tracking_numbers(connection, [webhook_id])[webhook_id]
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
