"""Which shipments an event belongs to: the index, the parked, and the step between them.

Resolving or parking an event and indexing a shipment exclude each other: both run in write transactions, and each
looks for what the other left. The decision itself is a pure function handed in by the caller.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, or_, select, update

from app.model import CarrierEvent, References, normalise_number
from app.store.dialect import insert
from app.store.schema import events, numbers, rows, shipments, subject_keys, subjects

__all__ = ["Candidate", "Facts", "Resolution", "Resolve", "keys_of", "place_subject", "wake"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A known shipment that shares something with an event.

    ``by_number`` tells whether the shipment holds one of the event's tracking numbers; ``origin`` is ``order`` when
    the whole order was read from VTEX, so that its other packages are known too.
    """

    id: int
    account: str
    order_id: str
    invoice_number: str
    invoice_key: str | None
    courier: str | None
    since: datetime
    delivered: bool
    origin: str
    by_number: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a subject: enough to resolve it now or later."""

    numbers: tuple[str, ...]
    references: References


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """Where a subject's events go: to shipments, or nowhere yet, with the reason."""

    shipments: tuple[int, ...] = ()
    reason: str | None = None


Resolve = Callable[[Facts, Sequence[Candidate]], Resolution]


def keys_of(facts: Facts) -> set[tuple[str, str]]:
    """List what can lead to the subject's shipment, as kind and normalised value."""
    references = facts.references
    keys = {("number", normalise_number(number)) for number in facts.numbers}
    if references.invoice_key:
        keys.add(("key", normalise_number(references.invoice_key)))
    if references.invoice_number:
        keys.add(("invoice", bare(references.invoice_number)))
    for order in (references.order_id, *references.alternative_order_ids):
        if order:
            keys.add(("order", order))
    return {(kind, value) for kind, value in keys if value}


def bare(invoice_number: str) -> str:
    """Return an invoice number as it is compared: without leading zeros."""
    return invoice_number.strip().lstrip("0") or "0"


def facts_of(event: CarrierEvent) -> Facts:
    """Take from an event what leads to its shipment."""
    return Facts(numbers=tuple(str(number) for number in event.tracking_numbers), references=event.references)


def candidates(connection: Connection, accounts: Sequence[str], facts: Facts) -> list[Candidate]:
    """Find the shipments that share a number, key, order or invoice with a subject."""
    keys = keys_of(facts)
    values = {kind: [value for key, value in keys if key == kind] for kind in ("number", "key", "invoice", "order")}
    numbered = select(numbers.c.shipment_id).where(
        numbers.c.account.in_(accounts), numbers.c.number.in_(values["number"])
    )
    by_number = set(connection.execute(numbered).scalars())
    shared = [
        shipments.c.id.in_(by_number),
        *([shipments.c.invoice_key.in_(values["key"])] if values["key"] else []),
        *([shipments.c.order_id.in_(values["order"])] if values["order"] else []),
        *([shipments.c.invoice_bare.in_(values["invoice"])] if values["invoice"] else []),
    ]
    found = connection.execute(
        select(shipments).where(shipments.c.account.in_(accounts), or_(*shared)).order_by(shipments.c.id)
    )
    return [_candidate(row, by_number) for row in found]


def _candidate(row: Row[Any], by_number: set[int]) -> Candidate:
    return Candidate(
        id=row.id,
        account=row.account,
        order_id=row.order_id,
        invoice_number=row.invoice_number,
        invoice_key=row.invoice_key,
        courier=row.courier,
        since=row.invoiced_at or row.created_at,
        delivered=row.delivered_at is not None,
        origin=row.origin,
        by_number=row.id in by_number,
    )


def place_subject(
    connection: Connection,
    subject_id: int,
    facts: Facts,
    event_ids: Sequence[int],
    *,
    accounts: Sequence[str],
    resolve: Resolve,
    now: datetime,
) -> Resolution:
    """Resolve a subject, and put its events on the shipments found or park it under its keys."""
    resolution = resolve(facts, candidates(connection, accounts, facts))
    connection.execute(delete(subject_keys).where(subject_keys.c.subject_id == subject_id))
    if resolution.shipments:
        add_rows(connection, resolution.shipments, event_ids, now)
        state = {"state": "placed", "reason": None, "lookup_at": None}
    else:
        entries = [
            {"account": account, "kind": kind, "value": value, "subject_id": subject_id}
            for account in accounts
            for kind, value in sorted(keys_of(facts))
        ]
        if entries:
            connection.execute(insert(connection, subject_keys).on_conflict_do_nothing(), entries)
        state = {"state": "parked", "reason": resolution.reason}
    changed = update(subjects).where(subjects.c.id == subject_id)
    connection.execute(changed.where(subjects.c.state != state["state"]).values(since=now))
    connection.execute(changed.values(**state))
    return resolution


def add_rows(connection: Connection, shipment_ids: Iterable[int], event_ids: Sequence[int], now: datetime) -> None:
    """Give shipments events to show, and make them due unless they are claimed or waiting already."""
    ids = list(shipment_ids)
    entries = [
        {"shipment_id": shipment, "event_id": event, "state": "pending"} for shipment in ids for event in event_ids
    ]
    if not entries:
        return
    connection.execute(insert(connection, rows).on_conflict_do_nothing(), entries)
    make_due(connection, ids, now)


def make_due(connection: Connection, shipment_ids: Sequence[int], now: datetime) -> None:
    """Queue shipments that are not queued, claimed or dead."""
    idle = shipments.c.due_at.is_(None) & shipments.c.dead_reason.is_(None)
    connection.execute(
        update(shipments).where(shipments.c.id.in_(shipment_ids), idle).values(due_at=now, retrying=False)
    )


def wake(
    connection: Connection,
    account: str,
    keys: Iterable[tuple[str, str]],
    *,
    resolve: Resolve,
    members: Callable[[str], Sequence[str]],
    now: datetime,
) -> int:
    """Resolve again every parked subject that waits for one of these keys; return how many found their shipment."""
    wanted = [(subject_keys.c.kind == kind) & (subject_keys.c.value == value) for kind, value in keys]
    if not wanted:
        return 0
    waiting = connection.execute(
        select(subjects)
        .where(
            subjects.c.state.in_(("parked", "unmatched")),
            subjects.c.id.in_(select(subject_keys.c.subject_id).where(subject_keys.c.account == account, or_(*wanted))),
        )
        .order_by(subjects.c.id)
    ).all()
    found = 0
    for subject in waiting:
        resolution = place_subject(
            connection,
            subject.id,
            stored_facts(subject),
            event_ids(connection, subject.id),
            accounts=members(subject.owner),
            resolve=resolve,
            now=now,
        )
        found += bool(resolution.shipments)
    return found


def event_ids(connection: Connection, subject_id: int) -> list[int]:
    """List a subject's events, oldest first."""
    return list(
        connection.execute(select(events.c.id).where(events.c.subject_id == subject_id).order_by(events.c.id)).scalars()
    )


def stored_facts(subject: Row[Any]) -> Facts:
    """Read back what leads to a subject's shipment."""
    references = dict(subject.references)
    references["alternative_order_ids"] = tuple(references.get("alternative_order_ids") or ())
    return Facts(numbers=tuple(subject.numbers), references=References(**references))


def count_parked(connection: Connection) -> int:
    """Count parked subjects; for a sampled gauge, not for a request."""
    return connection.execute(select(func.count()).where(subjects.c.state == "parked")).scalar_one()
