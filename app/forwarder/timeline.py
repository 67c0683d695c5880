"""Fold a shipment's events into what its timeline must say. Pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from app.model import Milestone, normalise_number
from app.store import EventRow

__all__ = ["chronological", "delivered_at", "moment", "revisions"]

_SAYS_NOTHING: Final = frozenset({Milestone.UNKNOWN})
_GOING_BACK: Final = frozenset({Milestone.RETURNING, Milestone.RETURNED})


def moment(row: EventRow) -> datetime:
    """Say when an event happened: when its carrier says so, else when it arrived."""
    return row.occurred_at or row.received_at


def chronological(rows: Sequence[EventRow]) -> list[EventRow]:
    """Order events by when they happened, those of one moment by arrival."""
    return sorted(rows, key=lambda row: (moment(row), row.event_id))


def delivered_at(rows: Sequence[EventRow], tracking_numbers: Sequence[str]) -> datetime | None:
    """Say when the whole package was delivered, None while it is not.

    Every tracking number of the package must be delivered; an event without a number counts when the package holds at
    most one. A parcel on its way back is not delivered to the shopper, whatever its last scan is called.
    """
    numbers = {normalise_number(number) for number in tracking_numbers}
    ordered = chronological([row for row in rows if row.row_state != "dead"])
    if len(numbers) <= 1:
        return _delivered(ordered)
    times = [_delivered([row for row in ordered if number in row.numbers]) for number in numbers]
    known = [at for at in times if at is not None]
    return max(known) if len(known) == len(times) else None


def revisions(rows: Sequence[EventRow]) -> dict[int, set[int]]:
    """Return, for each event, all that it stands for: the one that it revises, the one that that revised, and so on."""
    earlier: dict[int, set[int]] = {}
    for row in sorted(rows, key=lambda row: row.event_id):
        earlier[row.event_id] = set() if row.revises is None else {row.revises} | earlier.get(row.revises, set())
    return earlier


def _delivered(ordered: Sequence[EventRow]) -> datetime | None:
    standing: list[EventRow] = []
    for row in ordered:
        standing = [earlier for earlier in standing if earlier.code not in row.reverses]
        if row.milestone not in _SAYS_NOTHING:
            standing.append(row)
    if not standing or standing[-1].milestone is not Milestone.DELIVERED:
        return None
    if any(row.milestone in _GOING_BACK for row in standing):
        return None
    return moment(standing[-1])
