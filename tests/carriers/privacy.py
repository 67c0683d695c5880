"""Tell invented persons from real ones: examples are public, and a copied payload is somebody's parcel."""

import re
from collections.abc import Iterator
from typing import Final

_ALLOWED_DOMAINS: Final = re.compile(r"(?:.+\.)?(?:example|test|invalid|localhost)|(?:.+\.)?example\.(?:com|net|org)")
_EMAIL: Final = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)*)")
_CPF: Final = re.compile(r"(?<![\w.-])\d{3}\.?\d{3}\.?\d{3}-?\d{2}(?![\w-])")
_PHONE: Final = re.compile(r"(?<![\w.])\+\d[\d ().-]{7,16}\d|\(\d{2,3}\) ?9?\d{3,4}-\d{4}")
_FICTION: Final = re.compile(r"0{5}|555-?01\d\d")
"""Numbers that nobody has: five zeros in a row, and the range that telephone companies keep free for films."""


def personal_data(text: str) -> list[str]:
    """Return what in a text could be a real person's."""
    return [*_emails(text), *_cpfs(text), *_phones(text)]


def is_cpf(text: str) -> bool:
    """Tell whether a text is a Brazilian taxpayer number with right check digits."""
    digits = [int(digit) for digit in re.sub(r"\D", "", text)]
    if len(digits) != 11 or len(set(digits)) == 1:
        return False
    return all(_check_digit(digits[:length]) == digits[length] for length in (9, 10))


def _check_digit(digits: list[int]) -> int:
    total = sum(digit * weight for digit, weight in zip(digits, range(len(digits) + 1, 1, -1), strict=True))
    return total * 10 % 11 % 10


def _emails(text: str) -> Iterator[str]:
    return (found[0] for found in _EMAIL.finditer(text) if not _ALLOWED_DOMAINS.fullmatch(found[1].lower()))


def _cpfs(text: str) -> Iterator[str]:
    return (found[0] for found in _CPF.finditer(text) if is_cpf(found[0]))


def _phones(text: str) -> Iterator[str]:
    return (found[0] for found in _PHONE.finditer(text) if not _FICTION.search(found[0]))
