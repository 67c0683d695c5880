"""A delivery after a parcel turned round went to its sender."""

from datetime import UTC, datetime

from app.dialects.returns import returned_to_sender
from app.model import CarrierEvent, Milestone, Moment, TimeQuality


def event(code: str, milestone: Milestone, day: int | None) -> CarrierEvent:
    at = datetime(2026, 11, day, tzinfo=UTC) if day else None
    moment = Moment(at=at, quality=TimeQuality.UTC, text=str(day)) if at else None
    return CarrierEvent(code=code, milestone=milestone, raw=(code,), tracking_numbers=("N1",), occurred_at=moment)


def test_only_what_was_delivered_after_the_turn_is_a_return() -> None:
    before, turned, after = (
        event("5", Milestone.DELIVERED, 20),
        event("41", Milestone.RETURNING, 21),
        event("5", Milestone.DELIVERED, 22),
    )
    timeless = event("5", Milestone.DELIVERED, None)

    found = returned_to_sender([after, timeless, turned, before], "5/return")

    assert [("5/return", Milestone.RETURNED), ("5", Milestone.DELIVERED)] == [(e.code, e.milestone) for e in found[:2]]
    assert [turned, before] == found[2:]


def test_a_history_that_never_turned_stays_as_it_is() -> None:
    history = [event("5", Milestone.DELIVERED, 20), event("41", Milestone.RETURNING, None)]

    assert history == returned_to_sender(history, "5/return")
