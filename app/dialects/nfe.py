"""The access key of Brazilian electronic invoices, which leads from a parcel to its invoice.

44 characters: state 2, year and month 4, issuer's CNPJ 14, model 2, series 3, number 9, emission type 1, random code 8,
check digit 1. CNPJs issued since July 2026 may hold letters, so a key is not always digits.
"""

import re
from dataclasses import dataclass
from typing import Final, Self

from app.model import References, normalise_number

_KEY: Final = re.compile(r"[0-9A-Z]{20}[0-9]{23}[0-9A-Z]")
_INVOICE_MODELS: Final = frozenset({"55", "65"})
_HEAVIEST: Final = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessKey:
    """An access key, cut into what it says.

    Args:
        text: Its 44 characters.
        issuer: The CNPJ of who issued the document.
        model: The kind of document: 55 and 65 are invoices, 57 and 67 a carrier's freight documents.
        series: Without leading zeros.
        number: Without leading zeros.

    """

    text: str
    issuer: str
    model: str
    series: str
    number: str

    @classmethod
    def read(cls, text: str) -> Self | None:
        """Read a key in any of its spellings (``NFe`` before it, groups of four); None when the text is none."""
        key = normalise_number(text).removeprefix("NFE")
        if not _KEY.fullmatch(key):
            return None
        series, number = key[22:25].lstrip("0"), key[25:34].lstrip("0")
        return cls(text=key, issuer=key[6:20], model=key[20:22], series=series or "0", number=number or "0")

    @property
    def is_invoice(self) -> bool:
        """Tell whether the number is the merchant's invoice and not the carrier's own document."""
        return self.model in _INVOICE_MODELS

    @property
    def check_digit(self) -> str:
        """Return the digit that the 43 characters before it demand."""
        total, weight = 0, 2
        for character in reversed(self.text[:-1]):
            total += (ord(character) - ord("0")) * weight
            weight = 2 if weight == _HEAVIEST else weight + 1
        remainder = total % 11
        return "0" if remainder < 2 else str(11 - remainder)  # noqa: PLR2004 - the rule of the digit: 10 and 11 are 0

    @property
    def is_sound(self) -> bool:
        """Tell whether the check digit is right."""
        return self.text[-1] == self.check_digit


def invoice_references(
    *,
    key: str | None,
    number: str | None = None,
    series: str | None = None,
    issuer: str | None = None,
) -> tuple[References, tuple[str, ...]]:
    """Say what leads to an invoice, the sender's own fields first and the key for what they lack.

    A key with a wrong check digit is used all the same: senders mask and mistype them, and resolution verifies.

    Returns:
        The references, and warnings for a person.

    """
    parsed = AccessKey.read(key) if key else None
    warnings = []
    if key and parsed is None:
        warnings.append(f"{key!r} is no NF-e access key")
    if parsed and not parsed.is_invoice:
        warnings.append(f"the access key {parsed.text} is of model {parsed.model}, which is no invoice")
        parsed = None
    if parsed and not parsed.is_sound:
        warnings.append(f"the check digit of the access key {parsed.text} is wrong: {parsed.check_digit} is expected")
    references = References(
        invoice_number=number or (parsed.number if parsed else None),
        invoice_series=series or (parsed.series if parsed else None),
        invoice_key=key if parsed else None,
        issuer=issuer or (parsed.issuer if parsed else None),
    )
    return references, tuple(warnings)
