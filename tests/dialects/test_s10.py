"""Postal item numbers."""

import pytest

from app.dialects.s10 import doubts


@pytest.mark.parametrize(
    "number", ["AA123456785BR", "AN402118737BR", "QQ000000014BR", "QQ999999995BR", "QQ123456706BR", "an 402 118 737 br"]
)
def test_a_sound_number_is_beyond_doubt(number: str) -> None:
    assert doubts(number) == ()


@pytest.mark.parametrize(("number", "expected"), [("AA123456789BR", 5), ("AN402118735BR", 7), ("QQ999999990BR", 5)])
def test_a_wrong_check_digit_is_named_with_the_right_one(number: str, expected: int) -> None:
    assert (f"the check digit of {number} is wrong: {expected} is expected",) == doubts(number)


@pytest.mark.parametrize("number", ["", "ME1234567890BR", "57710044921", "AN40211873?BR"])
def test_another_kind_of_number_is_doubted(number: str) -> None:
    assert (f"{number} is no item number of thirteen characters, such as AA000000005BR",) == doubts(number)
