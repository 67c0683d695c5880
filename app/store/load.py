"""Read a shipment with everything that planning it needs."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row, bindparam, select

from app.model import Milestone, normalise_number
from app.store.accounts import Learnt, learnt
from app.store.index import shown_numbers
from app.store.prepared import Prepared
from app.store.schema import events, rows, shipments, subjects
from app.store.work import EventRow, Frozen, PackageFields, Voice, Work

__all__ = ["load_work", "voices_of", "written_voices"]


# Nothing but what is asked for: each value costs more to read than to select, and documents most of all.
_SHIPMENT: Final = Prepared(
    select(
        shipments.c.id,
        shipments.c.account,
        shipments.c.order_id,
        shipments.c.invoice_number,
        shipments.c.invoiced_at,
        shipments.c.attempts,
        shipments.c.failing_since,
        shipments.c.read_after,
        shipments.c.read_at,
        shipments.c.baseline,
        shipments.c.delivered_at,
        shipments.c.delivered_date,
        shipments.c.accepted_hash,
        shipments.c.accepted_puts,
        shipments.c.split,
        shipments.c.voices,
        shipments.c.package,
        shipments.c.registration,
    ).where(shipments.c.id == bindparam("of"))
)
_ROWS: Final = Prepared(
    select(
        events.c.id,
        events.c.received_at,
        events.c.code,
        events.c.milestone,
        events.c.occurred_at,
        events.c.occurred_text,
        events.c.quality,
        events.c.city,
        events.c.state,
        events.c.description,
        events.c.tracking_number,
        events.c.reverses,
        events.c.revises,
        subjects.c.carrier,
        subjects.c.numbers.label("subject_numbers"),
        subjects.c.derived,
        rows.c.state.label("row_state"),
        rows.c.city.label("row_city"),
        rows.c.uf.label("row_uf"),
        rows.c.description.label("row_description"),
        rows.c.date.label("row_date"),
        rows.c.sent_at.label("row_sent_at"),
        rows.c.likeness,
    )
    .join(rows, rows.c.event_id == events.c.id)
    .join(subjects, subjects.c.id == events.c.subject_id)
    .where(rows.c.shipment_id == bindparam("of"))
    .order_by(events.c.id)
)


def load_work(connection: Connection, shipment_id: int, known: Learnt | None = None) -> Work:
    """Read one shipment; it must exist. ``known`` is what is known of its account's PUT, where that was read."""
    row = _SHIPMENT.first(connection, {"of": shipment_id})
    found = _ROWS.all(connection, {"of": shipment_id})
    return Work(
        shipment_id=row.id,
        account=row.account,
        order_id=row.order_id,
        invoice_number=row.invoice_number,
        tracking_numbers=shown_numbers(connection, shipment_id),
        invoiced_at=row.invoiced_at,
        attempts=row.attempts,
        failing_since=row.failing_since,
        read_after=row.read_after,
        read_at=row.read_at,
        baseline=tuple(Frozen(**entry) for entry in row.baseline),
        delivered_date=row.delivered_date,
        delivered=row.delivered_at is not None,
        accepted_hash=row.accepted_hash,
        accepted_puts=row.accepted_puts,
        split=row.split,
        learnt=known or learnt(connection, row.account),
        rows=tuple(_event_row(entry) for entry in found),
        voices=voices_of(row.voices),
        package=None if row.package is None else PackageFields(**row.package),
        registration=row.registration,
    )


def voices_of(entries: Sequence[Mapping[str, Any]]) -> tuple[Voice, ...]:
    """Read back who owned a timeline."""
    return tuple(
        Voice(
            carrier=entry["carrier"],
            since=datetime.fromisoformat(entry["since"]),
            told=datetime.fromisoformat(entry["told"]) if entry["told"] else None,
        )
        for entry in entries
    )


def written_voices(voices: Sequence[Voice]) -> list[dict[str, Any]]:
    """Write down who owned a timeline."""
    return [
        {
            "carrier": voice.carrier,
            "since": voice.since.isoformat(),
            "told": voice.told.isoformat() if voice.told else None,
        }
        for voice in voices
    ]


def _event_row(row: Row[Any]) -> EventRow:
    frozen = None
    if row.row_date is not None:
        frozen = Frozen(city=row.row_city, state=row.row_uf, description=row.row_description, date=row.row_date)
    return EventRow(
        event_id=row.id,
        row_state=row.row_state,
        carrier=row.carrier,
        code=row.code,
        milestone=Milestone(row.milestone),
        occurred_at=row.occurred_at,
        occurred_text=row.occurred_text,
        quality=row.quality,
        received_at=row.received_at,
        city=row.city,
        state=row.state,
        description=row.description,
        tracking_number=row.tracking_number,
        numbers=frozenset(
            normalise_number(number) for number in (*row.subject_numbers, *row.derived.get("numbers", ()))
        ),
        reverses=frozenset(row.reverses),
        revises=row.revises,
        frozen=frozen,
        sent_at=row.row_sent_at,
        likeness=row.likeness,
    )
