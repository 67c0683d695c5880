"""Find an order by whatever a person has in hand; every way goes by an index, and nothing is scanned."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Connection, func, literal, or_, select, union_all

from app.model import normalise_number
from app.store.facts import bare
from app.store.queries.parked import SubjectState, states_of
from app.store.queries.shipments import ShipmentSummary, summaries_of
from app.store.schema import numbers, shipments, subject_keys, subjects

__all__ = ["Found", "FoundShipment", "search"]

_PARTS: Final = range(1, 100)
_PART: Final = re.compile(r"-\d{2}$")
_AFTER_Z: Final = "{"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundShipment:
    """A shipment, and what of it was typed: ``tracking-number``, ``order-id``, ``order-group`` and so on."""

    summary: ShipmentSummary
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found: shipments, and what waits for its own; ``is_more`` tells whether something was left out."""

    shipments: tuple[FoundShipment, ...]
    waiting: tuple[SubjectState, ...]
    is_more: bool


def search(
    connection: Connection, accounts: Sequence[str], owners: Sequence[str] | None, text: str, *, limit: int
) -> Found:
    """Look for everything that a text may be, the surest first.

    Args:
        connection: Of the reading.
        accounts: The accounts whose shipments are looked through.
        owners: The accounts and groups whose waiting parcels are; None for all.
        text: A tracking number, an order's id, group or sequence, an invoice's number, or the key of an NF-e.
        limit: How many of each kind at most.

    """
    found: dict[int, str] = {}
    is_more = False
    for by, condition in _ways(accounts, text.strip()):
        query = select(shipments.c.id).where(shipments.c.account.in_(accounts), condition)
        # Not by the id itself: an engine may read all ids from the newest on, and look for one that fits.
        newest = (shipments.c.id + literal(0)).desc()
        ids = connection.execute(query.order_by(newest).limit(limit + 1)).scalars().all()
        is_more |= len(ids) > limit
        for id_ in ids[:limit]:
            found.setdefault(id_, by)
    shown = summaries_of(connection, list(found))
    waiting = _waiting(connection, accounts, owners, text.strip(), limit)
    return Found(
        shipments=tuple(FoundShipment(summary=shown[id_], by=by) for id_, by in found.items()),
        waiting=waiting[:limit],
        is_more=is_more or len(waiting) > limit,
    )


def _ways(accounts: Sequence[str], text: str) -> Iterator[tuple[str, ColumnElement[bool]]]:
    number = normalise_number(text)
    if number:
        held = select(numbers.c.shipment_id).where(numbers.c.account.in_(accounts), numbers.c.number == number)
        yield "tracking-number", shipments.c.id.in_(held)
        yield "invoice-key", shipments.c.invoice_key == number
    yield "order-id", shipments.c.order_id == text
    if not _PART.search(text):
        # In one piece of the index, where the names stand together.
        within = shipments.c.order_id.between(f"{text}-{_PARTS[0]:02d}", f"{text}-{_PARTS[-1]:02d}")
        yield "order-group", within & (func.length(shipments.c.order_id) == len(text) + len("-01"))
    if text.isdecimal():
        yield "sequence", shipments.c.sequence == text
        # The id of an order of the alphanumeric form tells its sequence, whether or not VTEX was asked for it.
        first = f"v{text}"
        yield "sequence", (shipments.c.order_id >= f"{first}a") & (shipments.c.order_id < f"{first}{_AFTER_Z}")
    yield "invoice-number", shipments.c.invoice_bare == bare(text)


def _parts(group: str) -> list[str]:
    """List what the orders of a group are called: one for each seller that it was split over."""
    return [f"{group}-{part:02d}" for part in _PARTS]


def _waiting(
    connection: Connection, accounts: Sequence[str], owners: Sequence[str] | None, text: str, limit: int
) -> tuple[SubjectState, ...]:
    """Find what carriers told of and whose shipment is not known."""
    number = normalise_number(text)
    orders = [text] if _PART.search(text) else [text, *_parts(text)]
    keys = {"number": [number], "key": [number], "invoice": [bare(text)], "order": orders}
    # Kind by kind: of pairs an engine takes no more from an index than the account, and reads all that it has.
    keyed = union_all(
        *(
            select(subject_keys.c.subject_id).where(
                subject_keys.c.account.in_(accounts), subject_keys.c.kind == kind, subject_keys.c.value.in_(values)
            )
            for kind, values in keys.items()
        )
    )
    about = subjects.c.subject.in_((f"number:{number}", f"key:{number}"))
    wanted = [or_(about, subjects.c.id.in_(keyed)), subjects.c.state.in_(("parked", "unmatched"))]
    if owners is not None:
        wanted.append(subjects.c.owner.in_(owners))
    return states_of(connection, wanted, limit=limit + 1)
