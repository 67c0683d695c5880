"""One shipment as a support agent reads it: step by step what the carrier said, and when the shopper could see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.model import BY_HAND
from app.web import schemas

__all__ = ["Step", "latest_of", "shown_by_vtex", "steps_of"]

_UNSIGNED: Final = "Unsigned"
_DAY_ONLY: Final = "date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One event with its row.

    Args:
        event: What the carrier said.
        row: What became of it on this shipment.
        occurred_at: When it happened, as far as the carrier said.
        to_relay: How long the carrier took to tell; None where its time is no more than a day.
        to_shopper: How long the relay took to have it accepted by VTEX.
        in_all: How long it took from the event to the shopper.
        is_reversed: Whether a later event takes it back.

    """

    event: schemas.Event
    row: schemas.Row | None
    occurred_at: datetime | None
    to_relay: timedelta | None
    to_shopper: timedelta | None
    in_all: timedelta | None
    is_reversed: bool

    @property
    def is_day_only(self) -> bool:
        """Tell whether the carrier said a day and no time."""
        return self.event.quality == _DAY_ONLY

    @property
    def is_by_hand(self) -> bool:
        """Tell whether a person wrote it here."""
        return self.event.carrier == BY_HAND

    @property
    def exact(self) -> datetime | None:
        """Return when it happened, None where no more than the day is known."""
        return None if self.is_day_only else self.occurred_at

    @property
    def is_proven(self) -> bool | None:
        """Tell whether a signature or secret proved the sender; None when that is no longer kept."""
        return None if self.event.scheme is None else self.event.scheme != _UNSIGNED

    @property
    def at(self) -> datetime:
        """Return when it stands in the order of things."""
        return self.occurred_at or self.event.received_at


def steps_of(shipment: schemas.ShipmentDetail) -> tuple[Step, ...]:
    """Put events and rows together, latest first."""
    rows = {row.event_id: row for row in shipment.rows if row.shipment_id == shipment.id}
    codes = {(event.carrier, code) for event in shipment.events for code in event.reverses}
    steps = [_step(event, rows.get(event.id), (event.carrier, event.code) in codes) for event in shipment.events]
    return tuple(sorted(steps, key=lambda step: (step.at, step.event.id), reverse=True))


def _step(event: schemas.Event, row: schemas.Row | None, is_reversed: bool) -> Step:  # noqa: FBT001 - a fact
    occurred = datetime.fromisoformat(event.occurred_at) if event.occurred_at else None
    exact = None if event.quality == _DAY_ONLY else occurred
    applied = row.applied_at if row is not None and row.state == "applied" else None
    return Step(
        event=event,
        row=row,
        occurred_at=occurred,
        to_relay=event.received_at - exact if exact else None,
        to_shopper=applied - event.received_at if applied else None,
        in_all=applied - exact if applied and exact else None,
        is_reversed=is_reversed,
    )


def latest_of(steps: Sequence[Step]) -> Step | None:
    """Return the step that says where the parcel is: the latest with a meaning that nothing took back."""
    return next((step for step in steps if step.event.milestone != "UNKNOWN" and not step.is_reversed), None)


def shown_by_vtex(shipment: schemas.ShipmentDetail) -> tuple[tuple[str, str, str, bool], ...]:
    """List the rows that VTEX shows, latest first: date, place, words, and whether they are ours."""
    ours = [
        (row.date or "", _place(row.city, row.uf), row.description or "", True)
        for row in shipment.rows
        if row.state == "applied" and row.shipment_id == shipment.id
    ]
    others = [
        (row.get("date", ""), _place(row.get("city"), row.get("state")), row.get("description", ""), False)
        for row in shipment.baseline
    ]
    return tuple(sorted([*ours, *others], key=lambda row: row[0], reverse=True))


def _place(city: str | None, state: str | None) -> str:
    return ", ".join(part for part in (city, state) if part)
