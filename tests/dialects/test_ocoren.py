"""Proceda's occurrence codes."""

import pytest

from app.dialects.ocoren import MILESTONES, code_of
from app.model import Milestone
from app.payload import Text


def test_the_agreed_codes_are_those_of_two_digits() -> None:
    assert [f"{number:02}" for number in range(100)] == sorted(MILESTONES)


@pytest.mark.parametrize(
    ("code", "milestone"),
    [
        ("00", Milestone.IN_TRANSIT),
        ("01", Milestone.DELIVERED),
        ("02", Milestone.DELIVERED),
        ("24", Milestone.DELIVERED),
        ("25", Milestone.RETURNED),
        ("29", Milestone.AVAILABLE_FOR_PICKUP),
        ("31", Milestone.EXCEPTION),
        ("46", Milestone.FAILED_ATTEMPT),
        ("80", Milestone.EXCEPTION),
        ("98", Milestone.IN_TRANSIT),
        ("99", Milestone.UNKNOWN),
    ],
)
def test_codes_mean_what_proceda_says(code: str, milestone: Milestone) -> None:
    assert milestone is MILESTONES[code]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("1", "01"),
        ("01", "01"),
        ("0001", "01"),
        ("0", "00"),
        ("000", "00"),
        ("105", "105"),
        ("0105", "105"),
        ("9A", "9A"),
    ],
)
def test_a_code_is_a_number_however_it_is_padded(sent: str, code: str) -> None:
    found = code_of(Text(sent, "$.code"))

    assert (code, "$.code") == (found, getattr(found, "path", None))


@pytest.mark.parametrize("sent", ["9" * 5000, "²", "٤٦"])
def test_a_code_may_be_anything(sent: str) -> None:
    assert sent == code_of(Text(sent, "$"))
    assert code_of(None) is None
