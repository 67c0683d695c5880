"""Postal item numbers as the Universal Postal Union's standard S10 makes them: two letters, nine digits, a country.

The ninth digit checks the eight before it. Numbers that look like S10 and are not are in use everywhere, the most
copied sample among them: a wrong digit is worth a warning and never a refusal.
"""

import re
from typing import Final

from app.model import normalise_number

__all__ = ["doubts"]

_NUMBER: Final = re.compile(r"[A-Z]{2}([0-9]{8})([0-9])[A-Z]{2}")
_WEIGHTS: Final = (8, 6, 4, 2, 3, 5, 9, 7)
_EXCEPTIONS: Final = {10: 0, 11: 5}


def doubts(number: str) -> tuple[str, ...]:
    """Say what is wrong with an item number, for a person; nothing when it is sound."""
    match = _NUMBER.fullmatch(normalise_number(number))
    if match is None:
        return (f"{number} is no item number of thirteen characters, such as AA000000005BR",)
    rest = 11 - sum(int(digit) * weight for digit, weight in zip(match[1], _WEIGHTS, strict=True)) % 11
    expected = str(_EXCEPTIONS.get(rest, rest))
    return () if match[2] == expected else (f"the check digit of {number} is wrong: {expected} is expected",)
