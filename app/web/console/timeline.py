"""One shipment as a support agent reads it: step by step what the carrier said, and when the shopper could see it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.web import schemas

__all__ = ["Flag", "Step", "flags_of", "latest_of", "shown_by_vtex", "steps_of"]

_LATE: Final = timedelta(hours=1)
_SLOW: Final = timedelta(minutes=5)
_AHEAD: Final = timedelta(minutes=5)
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
    def is_proven(self) -> bool | None:
        """Tell whether a signature or secret proved the sender; None when that is no longer kept."""
        return None if self.event.scheme is None else self.event.scheme != _UNSIGNED

    @property
    def at(self) -> datetime:
        """Return when it stands in the order of things."""
        return self.occurred_at or self.event.received_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """Something that whoever reads the timeline should know; the text is a sentence of the console."""

    level: str
    text: str
    count: int = 0
    length: timedelta = timedelta(0)


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


def flags_of(shipment: schemas.ShipmentDetail, steps: Sequence[Step], account: schemas.AccountItem) -> tuple[Flag, ...]:
    """Say what stands out."""
    return (*_of_account(account), *_of_shipment(shipment), *_of_steps(steps))


def _of_account(account: schemas.AccountItem) -> Iterator[Flag]:
    if account.state != "open":
        text = "VTEX is not being called for {account} now; nothing reaches the shopper until that is over."
        yield Flag(level="bad", text=text)
    if account.mode == "observe":
        yield Flag(level="info", text="The account is only observed: nothing is written to VTEX.")


def _of_shipment(shipment: schemas.ShipmentDetail) -> Iterator[Flag]:
    if shipment.dead_reason is not None:
        yield Flag(level="bad", text="The relay gave up on this shipment. A person must look at it.")
    elif shipment.failing_since is not None:
        yield _counted(
            "warn",
            shipment.attempt_count,
            "Calls to VTEX failed once; the relay goes on trying.",
            "Calls to VTEX have failed {n} times in a row; the relay goes on trying.",
        )
    if dead := sum(row.state == "dead" for row in shipment.rows):
        one, many = "VTEX refused one of the events for good.", "VTEX refused {n} of the events for good."
        yield _counted("bad", dead, one, many)
    if not shipment.tracking_numbers:
        yield Flag(level="warn", text="No tracking number is known for this shipment.")
    if shipment.baseline:
        yield _counted(
            "info",
            len(shipment.baseline),
            "Somebody else wrote one row to this order; the relay leaves it alone.",
            "Somebody else wrote {n} rows to this order; the relay leaves them alone.",
        )


def _of_steps(steps: Sequence[Step]) -> Iterator[Flag]:
    if any(step.is_proven is False for step in steps):
        text = "The carrier does not sign: its sender is known by a secret address only."
        yield Flag(level="warn", text=text)
    # What a strategy placed names it; without one it was a person.
    if any(step.event.strategy is None and step.row is not None for step in steps):
        yield Flag(level="info", text="A person linked the parcel to this order.")
    yield from _of_delays(steps)
    if ahead := sum(step.to_relay is not None and step.to_relay < -_AHEAD for step in steps):
        one, many = "One event carries a time that is in the future.", "{n} events carry a time that is in the future."
        yield _counted("warn", ahead, one, many)
    if unknown := sum(step.event.milestone == "UNKNOWN" for step in steps):
        yield _counted(
            "warn",
            unknown,
            "One event has a code that the relay does not know; it is shown as the carrier's words.",
            "{n} events have a code that the relay does not know; they are shown as the carrier's words.",
        )
    if any(step.is_reversed for step in steps):
        yield Flag(level="info", text="The carrier took an event back later.")


def _of_delays(steps: Sequence[Step]) -> Iterator[Flag]:
    if late := [step.to_relay for step in steps if step.to_relay is not None and step.to_relay > _LATE]:
        yield _counted(
            "info",
            len(late),
            "The carrier told of one event more than an hour after it happened: {length} after.",
            "The carrier told of {n} events more than an hour after they happened, at most {length} after.",
            length=max(late),
        )
    if slow := [step.to_shopper for step in steps if step.to_shopper is not None and step.to_shopper > _SLOW]:
        yield _counted(
            "warn",
            len(slow),
            "One event took more than 5 minutes from the carrier's webhook to the shopper: {length}.",
            "{n} events took more than 5 minutes from the carrier's webhook to the shopper, at most {length}.",
            length=max(slow),
        )


def _counted(level: str, count: int, one: str, many: str, *, length: timedelta = timedelta(0)) -> Flag:
    return Flag(level=level, text=one if count == 1 else many, count=count, length=length)
