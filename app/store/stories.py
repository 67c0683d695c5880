"""Everything that the store knows of one order or parcel: what an export shows and an erasure deletes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Row, and_, or_, select

from app.model import normalise_number
from app.store.privacy_schema import mentions
from app.store.schema import events, numbers, rows, shipments, subject_keys, subjects, webhooks
from app.store.tombstones import Term

__all__ = ["Story", "story_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """What belongs to an order or a parcel.

    Args:
        shipment_ids: Its shipments.
        subject_ids: What carriers told of, that is shown on no other shipment.
        webhook_ids: The webhooks that told of them.
        terms: What it is known by.
        texts: How that was written.
        shared: How many subjects are shown on shipments of others as well.

    """

    shipment_ids: tuple[int, ...]
    subject_ids: tuple[int, ...]
    webhook_ids: tuple[int, ...]
    terms: frozenset[Term]
    texts: frozenset[str]
    shared: int


def story_of(
    connection: Connection,
    account: str,
    owners: Sequence[str],
    *,
    order_id: str | None = None,
    number: str | None = None,
    key: str | None = None,
) -> Story:
    """Find what is known of an order, or of the parcel with a tracking number or the key of its invoice.

    Args:
        connection: The database.
        account: Whose it is.
        owners: The account and its groups: whose webhooks may tell of it.
        order_id: The order; None to go by the number or the key.
        number: The tracking number.
        key: The key of the invoice.

    """
    shipped = _shipments(connection, account, order_id, number, key)
    ids = [row.id for row in shipped]
    held = connection.execute(
        select(numbers.c.number, numbers.c.shown, numbers.c.shipment_id).where(numbers.c.shipment_id.in_(ids))
    ).all()
    elsewhere = numbers.c.shipment_id.not_in(ids) & (numbers.c.account == account)
    others = set(
        connection.execute(
            select(numbers.c.number).where(elsewhere, numbers.c.number.in_([row.number for row in held]))
        ).scalars()
    )
    terms: set[Term] = {("number", account, row.number) for row in held if row.number not in others}
    terms |= {("key", account, row.invoice_key) for row in shipped if row.invoice_key}
    texts = {text for row in held if row.number not in others for text in (row.number, row.shown)}
    texts |= {row.invoice_key for row in shipped if row.invoice_key}
    if order_id is not None:
        terms.add(("order", account, order_id))
        texts.add(order_id)
    if number is not None:
        terms.add(("number", account, normalise_number(number)))
        texts |= {number, normalise_number(number)}
    if key is not None:
        terms.add(("key", account, normalise_number(key)))
        texts |= {key, normalise_number(key)}
    told, shared = _subjects(connection, owners, ids, terms)
    for row in told:
        terms.add(("subject", f"{row.owner}/{row.carrier}", row.subject))
        terms |= {("number", account, normalise_number(each)) for each in row.numbers}
        texts |= {text for each in row.numbers for text in (each, normalise_number(each))}
    subject_ids = [row.id for row in told]
    return Story(
        shipment_ids=tuple(ids),
        subject_ids=tuple(subject_ids),
        webhook_ids=_webhooks(connection, subject_ids),
        terms=frozenset(terms),
        texts=frozenset(texts),
        shared=shared,
    )


def _shipments(
    connection: Connection, account: str, order_id: str | None, number: str | None, key: str | None
) -> Sequence[Row[tuple[int, str | None]]]:
    query = select(shipments.c.id, shipments.c.invoice_key).where(shipments.c.account == account)
    if order_id is not None:
        query = query.where(shipments.c.order_id == order_id)
    elif key is not None:
        query = query.where(shipments.c.invoice_key == normalise_number(key))
    else:
        holding = select(numbers.c.shipment_id).where(
            numbers.c.account == account, numbers.c.number == normalise_number(number or "")
        )
        query = query.where(shipments.c.id.in_(holding))
    return connection.execute(query.order_by(shipments.c.id)).all()


def _subjects(
    connection: Connection, owners: Sequence[str], shipment_ids: Sequence[int], terms: Iterable[Term]
) -> tuple[list[Row[tuple[int, str, str, str, list[str]]]], int]:
    """Find what carriers told of: what is shown on the shipments, or names or waits for what they are known by."""
    named = [(kind, account, value) for kind, account, value in terms if kind != "subject"]
    shown = select(events.c.subject_id).join(rows, rows.c.event_id == events.c.id)
    keyed = [
        and_(subject_keys.c.account == account, subject_keys.c.kind == kind, subject_keys.c.value == value)
        for kind, account, value in named
    ]
    found = connection.execute(
        select(subjects.c.id, subjects.c.owner, subjects.c.carrier, subjects.c.subject, subjects.c.numbers).where(
            subjects.c.owner.in_(owners),
            or_(
                subjects.c.id.in_(shown.where(rows.c.shipment_id.in_(shipment_ids))),
                subjects.c.subject.in_([f"{kind}:{value}" for kind, _, value in named]),
                subjects.c.id.in_(select(subject_keys.c.subject_id).where(or_(*keyed))),
                subjects.c.linked_to.in_(shipment_ids),
            ),
        )
    ).all()
    ids = [row.id for row in found]
    on_others = shown.where(events.c.subject_id.in_(ids), rows.c.shipment_id.not_in(shipment_ids))
    shared = set(connection.execute(on_others.distinct()).scalars())
    return [row for row in found if row.id not in shared], len(shared)


def _webhooks(connection: Connection, subject_ids: Sequence[int]) -> tuple[int, ...]:
    brought = select(events.c.webhook_id).where(events.c.subject_id.in_(subject_ids))
    repeated = select(mentions.c.webhook_id).where(mentions.c.subject_id.in_(subject_ids))
    known = select(webhooks.c.id).where(webhooks.c.id.in_(brought) | webhooks.c.id.in_(repeated))
    return tuple(connection.execute(known.order_by(webhooks.c.id)).scalars())
