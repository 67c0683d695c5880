"""The ways in which a subject leads to its shipments, one function each, in the order in which they are asked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.model import normalise_number
from app.resolution.couriers import contradicts
from app.resolution.references import named_invoices, named_orders, same_invoice, same_issuer
from app.store import Candidate, Facts

__all__ = ["STRATEGIES", "Answer", "Strategy"]

_OPEN: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Which shipments are meant and why; ``parks`` says that they cannot be told apart or do not fit."""

    shipments: Sequence[Candidate]
    why: str
    parks: bool = False


Ask = Callable[[Facts, Sequence[Candidate], datetime], Answer | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """One way, with the name that traces show; it answers, or leaves the question to the next.

    What it found may ``yield`` to a shipment that appears later and holds the carrier's number.
    """

    name: str
    ask: Ask
    yields: bool = False


def by_order_and_invoice(facts: Facts, candidates: Sequence[Candidate], _now: datetime) -> Answer | None:
    """Take the shipment whose order and invoice are both named; zeros before the invoice number do not matter."""
    orders = named_orders(facts)
    for invoice in named_invoices(facts):
        meant = [c for c in candidates if c.order_id in orders and same_invoice(c.invoice_number, invoice.number)]
        if meant:
            return Answer(
                shipments=meant, why=f"it names the order {meant[0].order_id} and the invoice {invoice.number}"
            )
    return None


def by_invoice_key(facts: Facts, candidates: Sequence[Candidate], _now: datetime) -> Answer | None:
    """Take the shipment whose NF-e access key is named."""
    key = normalise_number(facts.references.invoice_key or "")
    meant = [c for c in candidates if key and c.invoice_key == key]
    return Answer(shipments=meant, why=f"it names the NF-e key {key}") if meant else None


def by_number(facts: Facts, candidates: Sequence[Candidate], now: datetime) -> Answer | None:
    """Take every open shipment that holds one of the carrier's numbers."""
    return _holding(facts, facts.numbers, candidates, now)


def by_derived_number(facts: Facts, candidates: Sequence[Candidate], now: datetime) -> Answer | None:
    """Take every open shipment that holds a number which the source's rules make of what the carrier says."""
    return _holding(facts, facts.derived.numbers, candidates, now)


def by_invoice_alone(facts: Facts, candidates: Sequence[Candidate], _now: datetime) -> Answer | None:
    """Take the only shipment with that invoice number, for carriers that say nothing else."""
    references = facts.references
    says_more = facts.numbers or references.invoice_key or references.order_id or references.alternative_order_ids
    if references.invoice_number and says_more:
        return None
    fitting = {
        c.id: c
        for invoice in named_invoices(facts)
        for c in candidates
        if same_invoice(c.invoice_number, invoice.number) and same_issuer(c, invoice)
    }
    if len(fitting) != 1:
        return None
    meant = list(fitting.values())
    return Answer(shipments=meant, why=f"only {meant[0].order_id} has the invoice {meant[0].invoice_number}")


def by_whole_order(facts: Facts, candidates: Sequence[Candidate], _now: datetime) -> Answer | None:
    """Take the only package of an order that was read from VTEX, so that no other package can be meant."""
    if named_invoices(facts) or facts.references.invoice_key:
        return None
    for order in named_orders(facts):
        packages = [candidate for candidate in candidates if candidate.order_id == order]
        if packages:
            # Each account of a group that has the order has to have one package of it.
            is_certain = len({package.account for package in packages}) == len(packages)
            is_certain = is_certain and all(package.origin == "order" for package in packages)
            why = f"it names the order {order}, which has one package in VTEX"
            return Answer(shipments=packages, why=why) if is_certain else None
    return None


STRATEGIES: Final = (
    Strategy(name="order-and-invoice", ask=by_order_and_invoice),
    Strategy(name="invoice-key", ask=by_invoice_key),
    Strategy(name="tracking-number", ask=by_number),
    Strategy(name="number-rule", ask=by_derived_number, yields=True),
    Strategy(name="invoice-number", ask=by_invoice_alone, yields=True),
    Strategy(name="whole-order", ask=by_whole_order, yields=True),
)


def _holding(facts: Facts, numbers: Sequence[str], candidates: Sequence[Candidate], now: datetime) -> Answer | None:
    """Take the open shipments that all numbers agree on.

    A number that only finished or old shipments hold was used again: it is silent while another finds open ones. Two
    numbers that find different shipments contradict each other.
    """
    found = {
        number: holders
        for number in numbers
        if (holders := [candidate for candidate in candidates if normalise_number(number) in candidate.held])
    }
    still_open = {
        number: current for number, held in found.items() if (current := [c for c in held if _is_open(c, now)])
    }
    votes = still_open or {number: [max(held, key=lambda c: c.since)] for number, held in found.items()}
    if not votes:
        return None
    everyone = {candidate.id: candidate for held in votes.values() for candidate in held}
    agreed = [c for id_, c in sorted(everyone.items()) if all(c in held for held in votes.values())]
    shown = " and ".join(votes)
    if not agreed:
        return Answer(shipments=list(everyone.values()), why=f"{shown} belong to different shipments", parks=True)
    if any(contradicts(facts.carrier, candidate.courier) for candidate in agreed):
        why = f"{facts.carrier} speaks of {shown}, and VTEX names another courier"
        return Answer(shipments=agreed, why=why, parks=True)
    verb = "carry" if len(agreed) > 1 else "carries"
    return Answer(shipments=agreed, why=f"{_counted(agreed)} {verb} {shown}")


def _is_open(candidate: Candidate, now: datetime) -> bool:
    return not candidate.delivered and now - candidate.since <= _OPEN


def _counted(meant: Sequence[Candidate]) -> str:
    return "the package" if len(meant) == 1 else f"{len(meant)} open packages"
