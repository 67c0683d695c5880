"""What a parcel's whole history tells that a single scan does not: it turned round before it was "delivered"."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from app.model import CarrierEvent, Milestone

__all__ = ["returned_to_sender"]

_GOING_BACK: Final = frozenset({Milestone.RETURNING, Milestone.RETURNED})


def returned_to_sender(history: Sequence[CarrierEvent], code: str) -> list[CarrierEvent]:
    """Return a history in which a delivery after the parcel turned round is a return, decided by ``code``."""
    turns = [e.occurred_at.at for e in history if e.milestone in _GOING_BACK and e.occurred_at]
    if not turns:
        return list(history)
    turned = min(turns)
    return [
        replace(event, code=code, milestone=Milestone.RETURNED)
        if event.milestone is Milestone.DELIVERED and event.occurred_at and event.occurred_at.at > turned
        else event
        for event in history
    ]
