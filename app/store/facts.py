"""What is known of a subject and of the shipments that share something with it: the terms of every resolution."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from app.model import CarrierEvent, References, normalise_number
from app.numbering import NOTHING, Derived

__all__ = ["Candidate", "Facts", "Resolution", "Resolve", "bare", "facts_of", "keys_of", "stored_facts", "united"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A known shipment that shares something with an event.

    ``held`` are the subject's numbers that the shipment holds, normalised; ``origin`` is ``order`` when the whole order
    was read from VTEX, so that its other packages are known too, and ``return`` for a package that VTEX shows as coming
    back: no timeline is written for it.
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
    held: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a subject: enough to resolve it now or later.

    ``carrier`` is who said it, ``derived`` what the rules of its source make of it.
    """

    numbers: tuple[str, ...]
    references: References
    carrier: str = ""
    derived: Derived = NOTHING


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """Where a subject's events go: to shipments, or nowhere yet, or nowhere at all (``skip``).

    ``strategy`` names who decided, None when nobody could; ``reason`` says why; ``cause`` says in one word of a
    closed set why it is nowhere yet. ``yields`` says that a shipment which holds a number of the subject, should one
    appear, is meant instead.
    """

    shipments: tuple[int, ...] = ()
    skip: bool = False
    reason: str | None = None
    strategy: str | None = None
    cause: str | None = field(default=None, compare=False)
    yields: bool = field(default=False, compare=False)


Resolve = Callable[[Facts, Sequence[Candidate]], Resolution]


def keys_of(facts: Facts) -> set[tuple[str, str]]:
    """List what can lead to the subject's shipment, as kind and normalised value."""
    references = facts.references
    derived = facts.derived
    keys = {("number", normalise_number(number)) for number in (*facts.numbers, *derived.numbers)}
    if references.invoice_key:
        keys.add(("key", normalise_number(references.invoice_key)))
    if references.invoice_number:
        keys.add(("invoice", bare(references.invoice_number)))
    keys |= {("invoice", bare(invoice.number)) for invoice in derived.invoices}
    for order in (references.order_id, *references.alternative_order_ids, *derived.order_ids):
        if order:
            keys.add(("order", order))
    return {(kind, value) for kind, value in keys if value}


def bare(invoice_number: str) -> str:
    """Return an invoice number as it is compared: without leading zeros."""
    return invoice_number.strip().lstrip("0") or "0"


def facts_of(carrier: str, event: CarrierEvent, derived: Derived) -> Facts:
    """Take from an event what leads to its shipment."""
    numbers = tuple(str(number) for number in event.tracking_numbers)
    return Facts(numbers=numbers, references=event.references, carrier=carrier, derived=derived)


def stored_facts(subject: Row[Any]) -> Facts:
    """Read back what leads to a subject's shipment."""
    references = dict(subject.references)
    references["alternative_order_ids"] = tuple(references.get("alternative_order_ids") or ())
    return Facts(
        numbers=tuple(subject.numbers),
        references=References(**references),
        carrier=subject.carrier,
        derived=Derived.of(subject.derived),
    )


def united(before: Facts, after: Facts) -> Facts:
    """Add what was said later to what is known: numbers gather, and a reference stands until another is given."""
    shown: dict[str, str] = {}
    for number in (*before.numbers, *after.numbers):
        shown.setdefault(normalise_number(number), number)
    given = {
        field.name: value
        for field in fields(References)
        if (value := getattr(after.references, field.name)) not in {None, ()}
    }
    alternatives = (*after.references.alternative_order_ids, *before.references.alternative_order_ids)
    given["alternative_order_ids"] = tuple(dict.fromkeys(alternatives))
    return Facts(
        numbers=tuple(shown.values()),
        references=replace(before.references, **given),
        carrier=before.carrier or after.carrier,
        derived=before.derived.united(after.derived),
    )
