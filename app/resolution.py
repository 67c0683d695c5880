"""Whose order is it: from what a carrier said to the shipments it is about. Pure; nothing is guessed.

Each strategy looks at the known shipments that share something with the subject and says which of them it means, or
leaves the question to the next. What none answers stays parked until a shipment appears that does.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from app.model import References, normalise_number
from app.store import Candidate, Facts, Resolution

__all__ = ["STRATEGIES", "resolver"]

_OPEN: Final = timedelta(days=30)

Strategy = Callable[[Facts, Sequence[Candidate], datetime], Sequence[Candidate]]


def resolver(now: Callable[[], datetime]) -> Callable[[Facts, Sequence[Candidate]], Resolution]:
    """Make the decision that the store asks for when it places a subject or wakes a parked one."""

    def resolve(facts: Facts, candidates: Sequence[Candidate]) -> Resolution:
        numbered = [candidate for candidate in candidates if candidate.by_number]
        if numbered and all(candidate.origin == "return" for candidate in numbered):
            # Whatever else the carrier says, a parcel that comes back must not show on the timeline of the one sent.
            return Resolution(skip=True, reason=f"a return: {_names(numbered)} comes back to the seller")
        candidates = [candidate for candidate in candidates if candidate.origin != "return"]
        for strategy in STRATEGIES:
            meant = strategy(facts, candidates, now())
            if not meant:
                continue
            accounts = sorted({candidate.account for candidate in meant})
            if len(accounts) > 1:
                reason = f"it fits shipments of several accounts: {', '.join(accounts)}"
                return Resolution(reason=reason, cause="several-accounts")
            return Resolution(shipments=tuple(candidate.id for candidate in meant))
        cause = "ambiguous" if candidates else "unknown-number" if facts.numbers else "unknown-references"
        return Resolution(reason=_why_none(facts, candidates), cause=cause)

    return resolve


def by_order_and_invoice(facts: Facts, candidates: Sequence[Candidate], _now: datetime) -> Sequence[Candidate]:
    """Take the shipment whose order and invoice are both named; zeros before the invoice number do not matter."""
    references = facts.references
    if not references.invoice_number:
        return ()
    orders = _orders(references)
    return [
        c for c in candidates if c.order_id in orders and _same_invoice(c.invoice_number, references.invoice_number)
    ]


def by_invoice_key(facts: Facts, candidates: Sequence[Candidate], _now: datetime) -> Sequence[Candidate]:
    """Take the shipment whose NF-e access key is named."""
    key = normalise_number(facts.references.invoice_key or "")
    return [c for c in candidates if key and c.invoice_key == key]


def by_number(facts: Facts, candidates: Sequence[Candidate], now: datetime) -> Sequence[Candidate]:
    """Take every open shipment that holds one of the numbers; carriers recycle those of finished ones."""
    holding = [candidate for candidate in candidates if candidate.by_number]
    if len(holding) <= 1 or not facts.numbers:
        return holding
    still_open = [c for c in holding if not c.delivered and now - c.since <= _OPEN]
    return still_open or [max(holding, key=lambda candidate: candidate.since)]


def by_invoice_alone(facts: Facts, candidates: Sequence[Candidate], _now: datetime) -> Sequence[Candidate]:
    """Take the only shipment with that invoice number, for carriers that say nothing else."""
    references = facts.references
    if facts.numbers or not references.invoice_number or references.invoice_key or _orders(references):
        return ()
    same = [c for c in candidates if _same_invoice(c.invoice_number, references.invoice_number)]
    fitting = [c for c in same if _same_issuer(c, references)]
    return fitting if len(fitting) == 1 else ()


def by_whole_order(facts: Facts, candidates: Sequence[Candidate], _now: datetime) -> Sequence[Candidate]:
    """Take the only package of an order that was read from VTEX, so that no other package can be meant."""
    if facts.references.invoice_number or facts.references.invoice_key:
        return ()
    for order in _orders(facts.references):
        packages = [candidate for candidate in candidates if candidate.order_id == order]
        if packages:
            return packages if len(packages) == 1 and packages[0].origin == "order" else ()
    return ()


STRATEGIES: Final[tuple[Strategy, ...]] = (
    by_order_and_invoice,
    by_invoice_key,
    by_number,
    by_invoice_alone,
    by_whole_order,
)


def _orders(references: References) -> tuple[str, ...]:
    named = (references.order_id, *references.alternative_order_ids)
    return tuple(str(order) for order in named if order)


def _same_invoice(left: str, right: str) -> bool:
    return left.strip().lstrip("0") == right.strip().lstrip("0")


_SERIES: Final = slice(22, 25)
_ISSUER: Final = slice(6, 20)


def _same_issuer(candidate: Candidate, references: References) -> bool:
    """Compare issuer and series with those that the shipment's NF-e key encodes, where both sides have them."""
    key = candidate.invoice_key
    if not key:
        return references.issuer is None and references.invoice_series is None
    same_issuer = references.issuer is None or key[_ISSUER] == normalise_number(references.issuer)
    series = references.invoice_series
    return same_issuer and (series is None or key[_SERIES].lstrip("0") == series.strip().lstrip("0"))


def _why_none(facts: Facts, candidates: Sequence[Candidate]) -> str:
    if candidates:
        return f"nothing tells which of these shipments it is: {_names(candidates)}"
    if facts.numbers:
        return f"no shipment with the tracking number {facts.numbers[0]} is known"
    return "no shipment with its references is known"


def _names(candidates: Sequence[Candidate]) -> str:
    return ", ".join(f"{c.order_id}/{c.invoice_number}" for c in candidates[:5])
