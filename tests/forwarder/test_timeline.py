"""When a package counts as delivered: by codes, in order of happening, and never because it came back."""

from datetime import UTC, datetime

import pytest

from app.forwarder.timeline import chronological, delivered_at, revisions
from app.model import Milestone
from app.store import EventRow
from tests.forwarder.making import row

M = Milestone


def story(*milestones: Milestone, number: str | None = "A1") -> list[EventRow]:
    """Tell what happened to a parcel, an hour after the other."""
    return [row(position, milestone, number=number) for position, milestone in enumerate(milestones, 1)]


@pytest.mark.parametrize(
    ("milestones", "delivered"),
    [
        ((), False),
        ((M.IN_TRANSIT, M.OUT_FOR_DELIVERY), False),
        ((M.IN_TRANSIT, M.DELIVERED), True),
        ((M.DELIVERED,), True),
        ((M.DELIVERED, M.DELIVERED), True),
        ((M.DELIVERED, M.UNKNOWN), True),
        ((M.UNKNOWN,), False),
        ((M.DELIVERED, M.IN_TRANSIT), False),
        ((M.DELIVERED, M.FAILED_ATTEMPT), False),
        ((M.DELIVERED, M.EXCEPTION), False),
        ((M.AVAILABLE_FOR_PICKUP, M.DELIVERED), True),
        ((M.RETURNING, M.DELIVERED), False),
        ((M.FAILED_ATTEMPT, M.RETURNING, M.RETURNED), False),
        ((M.RETURNED, M.DELIVERED), False),
        ((M.DELIVERED, M.RETURNED), False),
        ((M.CANCELLED,), False),
    ],
)
def test_the_latest_thing_that_happened_decides(milestones: tuple[Milestone, ...], delivered: bool) -> None:
    assert delivered == (delivered_at(story(*milestones), ["A1"]) is not None)


def test_what_happened_last_decides_not_what_arrived_last() -> None:
    told_late = [row(1, M.DELIVERED, hours=5), row(2, M.OUT_FOR_DELIVERY, hours=4)]

    assert datetime(2026, 3, 1, 5, tzinfo=UTC) == delivered_at(told_late, ["A1"])
    assert [2, 1] == [each.event_id for each in chronological(told_late)]


def test_a_delivery_that_was_undone_is_none_until_it_happens_again() -> None:
    undone = [row(1, M.DELIVERED), row(2, M.EXCEPTION, code="EST", reverses=frozenset({"DELIVERED"}))]
    done = [*undone, row(3, M.DELIVERED)]
    return_undone = [row(1, M.RETURNING), row(2, M.UNKNOWN, reverses=frozenset({"RETURNING"})), row(3, M.DELIVERED)]

    assert delivered_at(undone, ["A1"]) is None
    assert delivered_at(done, ["A1"]) is not None
    assert delivered_at(return_undone, ["A1"]) is not None


def test_a_row_that_vtex_refused_says_nothing_and_one_left_out_does() -> None:
    assert delivered_at([row(1, M.DELIVERED, state="dead")], ["A1"]) is None
    assert delivered_at([row(1, M.DELIVERED, state="skipped")], ["A1"]) is not None


def test_every_parcel_of_the_package_must_be_delivered_the_last_one_tells_when() -> None:
    first = row(1, M.DELIVERED, number="A1", hours=9)
    second = row(2, M.DELIVERED, number="a-2", hours=3)

    assert delivered_at([first], ["A1", "A2"]) is None
    assert datetime(2026, 3, 1, 9, tzinfo=UTC) == delivered_at([first, second], ["A1", "A 2"])
    assert delivered_at([first, second, row(3, M.RETURNING, number="A2", hours=10)], ["A1", "A2"]) is None


def test_an_event_without_a_number_counts_where_the_package_holds_at_most_one() -> None:
    nameless = [row(1, M.DELIVERED, number=None)]

    assert delivered_at(nameless, []) is not None
    assert delivered_at(nameless, ["A1"]) is not None
    assert delivered_at([*nameless, row(2, M.DELIVERED, number="A1")], ["A1", "A2"]) is None


def test_a_parcel_is_known_by_each_of_its_numbers() -> None:
    both = row(1, M.DELIVERED, number="CARRIER9", numbers=frozenset({"CARRIER9", "A1"}))

    assert delivered_at([both, row(2, M.DELIVERED, number="A2")], ["A1", "A2"]) is not None


def test_a_revision_stands_for_all_that_it_replaced() -> None:
    rows = [row(3, revises=2), row(1), row(2, revises=1), row(4), row(6, revises=5)]

    assert {1: set(), 2: {1}, 3: {1, 2}, 4: set(), 6: {5}} == revisions(rows)
