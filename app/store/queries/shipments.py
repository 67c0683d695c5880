"""Shipments as operators and support agents search and read them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, select

from app.model import normalise_number
from app.store.facts import bare
from app.store.index import shown_numbers
from app.store.load import voices_of
from app.store.queries.journal import (
    AttemptDetail,
    EventDetail,
    RowDetail,
    attempts_where,
    events_where,
    rows_where,
)
from app.store.queries.paging import Page, Through, between, page
from app.store.schema import attempts, events, numbers, rows, shipments
from app.store.work import Voice

__all__ = [
    "ShipmentDetail",
    "ShipmentFilter",
    "ShipmentSummary",
    "list_shipments",
    "shipment",
    "shipment_summary",
    "summaries_of",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentFilter:
    """Which shipments to list; None means any.

    ``state`` is ``due`` (queued, or a call is in flight), ``idle`` or ``dead``; ``since`` and ``until`` are about when
    the relay was told of it; ``heard`` says whether any carrier has told of it.
    """

    accounts: tuple[str, ...] | None = None
    order_id: str | None = None
    tracking_number: str | None = None
    invoice_number: str | None = None
    state: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    heard: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentSummary:
    """A shipment as a list shows it."""

    id: int
    account: str
    order_id: str
    invoice_number: str
    invoice_key: str | None
    courier: str | None
    invoiced_at: datetime | None
    origin: str
    created_at: datetime
    due_at: datetime | None
    retrying: bool
    attempt_count: int
    failing_since: datetime | None
    delivered_at: datetime | None
    dead_reason: str | None
    news_at: datetime | None = None
    quiet_since: datetime | None = None
    tracking_numbers: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """Say whether there is something to do."""
        if self.dead_reason is not None:
            return "dead"
        return "idle" if self.due_at is None else "due"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShipmentDetail:
    """A shipment with what carriers said, what VTEX has, and the evidence.

    ``baseline`` are the rows of other writers that VTEX held when it was read at ``read_at``; ``voices`` are the
    carriers that owned the timeline, the last one now.
    """

    summary: ShipmentSummary
    read_at: datetime | None
    read_after: datetime | None
    delivered_date: str | None
    accepted_puts: int
    baseline: tuple[Mapping[str, str], ...]
    voices: tuple[Voice, ...]
    registration: str | None
    events: tuple[EventDetail, ...]
    rows: tuple[RowDetail, ...]
    attempts: tuple[AttemptDetail, ...]


_LISTED: Final = tuple(field.name for field in fields(ShipmentSummary) if field.name != "tracking_numbers")
_COLUMNS: Final = tuple(
    shipments.c.attempts.label(name) if name == "attempt_count" else shipments.c[name] for name in _LISTED
)


def list_shipments(
    connection: Connection, wanted: ShipmentFilter, *, before: int | None, limit: int
) -> Page[ShipmentSummary]:
    """List shipments, newest first."""
    times = between(connection, shipments, shipments.c.created_at, wanted.since, wanted.until)
    query = select(*_COLUMNS).where(*_conditions(wanted), *times)
    through = _through(wanted, times)
    found = page(connection, query, shipments.c.id, _summary, before=before, limit=limit, through=through)
    shown = _numbers(connection, [item.id for item in found.items])
    return replace(found, items=tuple(replace(item, tracking_numbers=shown[item.id]) for item in found.items))


def _through(wanted: ShipmentFilter, times: Sequence[ColumnElement[bool]]) -> Through | None:
    """Choose the index by which shipments are looked through; None when one finds what is wanted."""
    if wanted.order_id is not None or wanted.tracking_number is not None or wanted.invoice_number is not None:
        return None
    one = wanted.accounts[0] if wanted.accounts is not None and len(wanted.accounts) == 1 else None
    mine = [] if one is None else [shipments.c.account == one]
    if wanted.state == "dead":
        index = "ix_shipments_dead_id" if one is None else "ix_shipments_dead"
        return Through(table=shipments, index=index, conditions=[shipments.c.dead_reason.is_not(None), *mine, *times])
    if wanted.state == "due":
        return Through(
            table=shipments, index="ix_shipments_due_id", conditions=[shipments.c.due_at.is_not(None), *times]
        )
    index_of_all = None if one is None else "ix_shipments_account"
    return Through(table=shipments, index=index_of_all, conditions=[*mine, *times])


def summaries_of(connection: Connection, shipment_ids: Sequence[int]) -> Mapping[int, ShipmentSummary]:
    """Read what a list shows of some shipments."""
    found = connection.execute(select(*_COLUMNS).where(shipments.c.id.in_(shipment_ids))).all()
    shown = _numbers(connection, shipment_ids)
    return {row.id: replace(_summary(row), tracking_numbers=shown[row.id]) for row in found}


def _conditions(wanted: ShipmentFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.accounts is not None:
        one = len(wanted.accounts) == 1
        conditions.append(
            shipments.c.account == wanted.accounts[0] if one else shipments.c.account.in_(wanted.accounts)
        )
    if wanted.heard is not None:
        conditions.append(shipments.c.news_at.is_not(None) if wanted.heard else shipments.c.news_at.is_(None))
    if wanted.order_id is not None:
        conditions.append(shipments.c.order_id == wanted.order_id)
    if wanted.invoice_number is not None:
        # People read an invoice number off paper, where it has fewer zeros or more.
        conditions.append(shipments.c.invoice_bare == bare(wanted.invoice_number))
    if wanted.tracking_number is not None:
        held = select(numbers.c.shipment_id).where(numbers.c.number == normalise_number(wanted.tracking_number))
        if wanted.accounts is not None:
            held = held.where(numbers.c.account.in_(wanted.accounts))
        conditions.append(shipments.c.id.in_(held))
    if wanted.state == "dead":
        conditions.append(shipments.c.dead_reason.is_not(None))
    elif wanted.state is not None:
        conditions.append(shipments.c.dead_reason.is_(None))
        conditions.append(shipments.c.due_at.is_not(None) if wanted.state == "due" else shipments.c.due_at.is_(None))
    return conditions


def _numbers(connection: Connection, shipment_ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
    shown: dict[int, list[str]] = {id_: [] for id_ in shipment_ids}
    found = connection.execute(
        select(numbers.c.shipment_id, numbers.c.shown)
        .where(numbers.c.shipment_id.in_(shipment_ids))
        .order_by(numbers.c.added_at, numbers.c.number)
    )
    for row in found:
        shown[row.shipment_id].append(row.shown)
    return {id_: tuple(texts) for id_, texts in shown.items()}


def _summary(row: Row[Any]) -> ShipmentSummary:
    return ShipmentSummary(**{name: getattr(row, name) for name in _LISTED})


def shipment_summary(connection: Connection, shipment_id: int) -> ShipmentSummary | None:
    """Read what a list shows of one shipment, None when there is no such shipment."""
    row = connection.execute(select(*_COLUMNS).where(shipments.c.id == shipment_id)).one_or_none()
    if row is None:
        return None
    return replace(_summary(row), tracking_numbers=shown_numbers(connection, shipment_id))


def shipment(connection: Connection, shipment_id: int) -> ShipmentDetail | None:
    """Read one shipment with its history, None when there is no such shipment."""
    summary = shipment_summary(connection, shipment_id)
    if summary is None:
        return None
    row = connection.execute(select(shipments).where(shipments.c.id == shipment_id)).one()
    timeline = rows_where(connection, rows.c.shipment_id == shipment_id)
    on_it = select(rows.c.event_id).where(rows.c.shipment_id == shipment_id)
    return ShipmentDetail(
        summary=summary,
        read_at=row.read_at,
        read_after=row.read_after,
        delivered_date=row.delivered_date,
        accepted_puts=row.accepted_puts,
        baseline=tuple(row.baseline),
        voices=voices_of(row.voices),
        registration=row.registration,
        events=events_where(connection, events.c.id.in_(on_it)),
        rows=timeline,
        attempts=attempts_where(connection, attempts.c.shipment_id == shipment_id),
    )
