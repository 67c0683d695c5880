"""What stands out on a shipment: told to whoever answers the shopper."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.web import schemas
from app.web.console.timeline import Step

__all__ = ["Flag", "flags_of"]

_LATE: Final = timedelta(hours=1)
_SLOW: Final = timedelta(minutes=5)
_AHEAD: Final = timedelta(minutes=5)
_SOON: Final = timedelta(hours=2)
_SILENT: Final = timedelta(days=5)
_ABOUT_TO_BE: Final = frozenset({"OUT_FOR_DELIVERY", "AVAILABLE_FOR_PICKUP", "FAILED_ATTEMPT"})
_CONTRADICTS: Final = frozenset(
    {"OUT_FOR_DELIVERY", "FAILED_ATTEMPT", "EXCEPTION", "RETURNING", "RETURNED", "CANCELLED"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """Something that whoever reads the timeline should know; the text is a sentence of the console."""

    level: str
    text: str
    count: int = 0
    length: timedelta = timedelta(0)
    place: str = ""
    other: str = ""


def flags_of(
    shipment: schemas.ShipmentDetail, steps: Sequence[Step], account: schemas.AccountItem, now: datetime
) -> tuple[Flag, ...]:
    """Say what stands out."""
    return (
        *_of_account(account),
        *_of_shipment(shipment),
        *_of_delivery(shipment, steps),
        *_of_steps(steps),
        *_of_silence(shipment, now),
    )


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


def _of_delivery(shipment: schemas.ShipmentDetail, steps: Sequence[Step]) -> Iterator[Flag]:
    """Say what makes a delivery doubtful: where it was, how soon it came, and what was told after it."""
    delivered = next(
        (step for step in reversed(steps) if step.event.milestone == "DELIVERED" and not step.is_reversed), None
    )
    if delivered is None:
        return
    before = steps[steps.index(delivered) + 1 :]
    yield from _of_place(delivered, before)
    starts = [step.exact for step in before if step.exact is not None]
    if delivered.exact is not None and starts and delivered.exact - min(starts) < _SOON:
        text = "The carrier says that it was delivered {length} after its first scan."
        yield Flag(level="warn", text=text, length=delivered.exact - min(starts))
    if delivered.exact is not None and shipment.invoiced_at is not None and delivered.exact < shipment.invoiced_at:
        text = "The carrier says that it was delivered {length} before it was invoiced."
        yield Flag(level="warn", text=text, length=shipment.invoiced_at - delivered.exact)
    after = [step for step in steps[: steps.index(delivered)] if step.event.milestone in _CONTRADICTS]
    if after:
        yield _counted(
            "warn",
            len(after),
            "After the delivery the carrier told of something that contradicts it.",
            "After the delivery the carrier told of {n} things that contradict it.",
        )


def _of_place(delivered: Step, before: Sequence[Step]) -> Iterator[Flag]:
    """Hold where it was delivered against where it was last about to be; by states, for cities are spelt anyhow."""
    about = (step for step in before if step.event.milestone in _ABOUT_TO_BE)
    there = next((_state(step) for step in about if _state(step)), "")
    if there and _state(delivered) and there != _state(delivered):
        text = "It was out for delivery in {place}, and the carrier says that it was delivered in {other}."
        yield Flag(level="bad", text=text, place=there, other=_state(delivered))


def _state(step: Step) -> str:
    return (step.event.state or "").strip().upper()


def _of_silence(shipment: schemas.ShipmentDetail, now: datetime) -> Iterator[Flag]:
    if shipment.quiet_since is not None and now - shipment.quiet_since > _SILENT:
        text = "Nothing has been heard of it for {length}: ask the carrier."
        yield Flag(level="warn", text=text, length=now - shipment.quiet_since)


def _of_steps(steps: Sequence[Step]) -> Iterator[Flag]:
    if any(step.is_proven is False for step in steps):
        text = "The carrier does not sign: its sender is known by a secret address only."
        yield Flag(level="warn", text=text)
    # What a strategy placed names it; without one it was a person.
    if any(step.event.strategy is None and step.row is not None for step in steps):
        yield Flag(level="info", text="A person linked the parcel to this order.")
    if any(step.is_by_hand for step in steps):
        yield Flag(level="info", text="A person wrote on the timeline by hand.")
    yield from _of_delays([step for step in steps if not step.is_by_hand])
    if ahead := sum(step.to_relay is not None and step.to_relay < -_AHEAD for step in steps):
        one, many = "One event carries a time that is in the future.", "{n} events carry a time that is in the future."
        yield _counted("warn", ahead, one, many)
    if unknown := sum(step.event.milestone == "UNKNOWN" and not step.is_by_hand for step in steps):
        yield _counted(
            "warn",
            unknown,
            "One event has a code that the relay does not know; it is shown as the carrier's words.",
            "{n} events have a code that the relay does not know; they are shown as the carrier's words.",
        )
    if failed := sum(step.event.milestone == "FAILED_ATTEMPT" for step in steps):
        yield _counted("info", failed, "One attempt to deliver it failed.", "{n} attempts to deliver it failed.")
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
