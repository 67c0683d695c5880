"""Ask the strategies in their order, and put the first answer into a decision."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from app.resolution.references import named_orders
from app.resolution.strategies import STRATEGIES, Answer
from app.store import Candidate, Facts, Resolution

__all__ = ["resolver"]


def resolver(now: Callable[[], datetime]) -> Callable[[Facts, Sequence[Candidate]], Resolution]:
    """Make the decision that the store asks for when it places a subject or wakes a parked one."""

    def resolve(facts: Facts, candidates: Sequence[Candidate]) -> Resolution:
        numbered = [candidate for candidate in candidates if candidate.held]
        if numbered and all(candidate.origin == "return" for candidate in numbered):
            # Whatever else the carrier says, a parcel that comes back must not show on the timeline of the one sent.
            reason = f"a return: {_names(numbered)} comes back to the seller"
            return Resolution(skip=True, reason=reason, strategy="return")
        candidates = [candidate for candidate in candidates if candidate.origin != "return"]
        for strategy in STRATEGIES:
            answer = strategy.ask(facts, candidates, now())
            if answer is not None:
                return replace(_decision(strategy.name, answer, facts), yields=strategy.yields)
        cause = "ambiguous" if candidates else "unknown-number" if facts.numbers else "unknown-references"
        return Resolution(reason=_why_none(facts, candidates), cause=cause)

    return resolve


def _decision(strategy: str, answer: Answer, facts: Facts) -> Resolution:
    meant = list(answer.shipments)
    if answer.parks:
        return Resolution(reason=f"{answer.why}: {_placed_names(meant)}", strategy=strategy, cause="contradicting")
    if len({candidate.account for candidate in meant}) > 1:
        # Another reference may tell the members of a group apart.
        orders = named_orders(facts)
        named = [candidate for candidate in meant if candidate.order_id in orders]
        accounts = {candidate.account for candidate in named}
        if len(accounts) != 1:
            reason = f"it fits shipments of several accounts: {_placed_names(meant)}"
            return Resolution(reason=reason, strategy=strategy, cause="several-accounts")
        why = f"{answer.why}, in several accounts, of which {accounts.pop()} has the order that it names"
        return Resolution(shipments=tuple(each.id for each in named), strategy=strategy, reason=why)
    return Resolution(shipments=tuple(candidate.id for candidate in meant), strategy=strategy, reason=answer.why)


def _why_none(facts: Facts, candidates: Sequence[Candidate]) -> str:
    if candidates:
        return f"nothing tells which of these shipments it is: {_names(candidates)}"
    if facts.numbers:
        return f"no shipment with the tracking number {facts.numbers[0]} is known"
    return "no shipment with its references is known"


def _names(candidates: Sequence[Candidate]) -> str:
    return ", ".join(f"{c.order_id}/{c.invoice_number}" for c in candidates[:5])


def _placed_names(candidates: Sequence[Candidate]) -> str:
    """Name shipments with all that a person needs to choose between them."""
    shown = (
        f"{c.account} {c.order_id}/{c.invoice_number}{f' ({c.courier})' if c.courier else ''}" for c in candidates[:5]
    )
    return ", ".join(shown)
