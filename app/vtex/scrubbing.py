"""Take personal data out of a carrier's words before a shopper's page, and everyone it is shown to, gets them.

Documents, phone numbers and e-mail addresses are blanked wherever they stand; the name of who received a parcel is cut
where carriers announce it. Nothing else is touched: the carrier's words are what the merchant chose to show.
"""

import re
from typing import Final

from app.personal import BLANK

__all__ = ["scrub"]

_DOCUMENT: Final = re.compile(
    r"\b\d{3}\.\d{3}\.\d{3}-\d{2}\b"  # CPF as people write it
    r"|\b\d{2}\.\d{3}\.\d{3}/\d{4}-\d{2}\b"  # CNPJ
    r"|\b(?:CPF|CNPJ|RG|CURP|RUT|DNI|NIT|CUIT|C[ÉE]DULA|DOC(?:UMENTO)?)\b[\s.:nº°#-]*[\dXx][\d.\-/Xx]{4,}",
    re.IGNORECASE,
)
_PHONE: Final = re.compile(r"(?<![\w/])(?:\+?55[\s.-]?)?\(\d{2}\)\s?\d{4,5}[\s.-]?\d{4}\b|(?<!\w)\+\d{10,14}\b")
_EMAIL: Final = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
_RECEIVER: Final = re.compile(
    r"\b((?:recebid[oa]|assinad[oa]|retirad[oa])\s+por|recebedor(?:a)?|recibid[oa]\s+por|firmad[oa]\s+por"
    # A full stop ends the name, but for that of an initial or a title.
    r"|received\s+by|signed\s+(?:for\s+)?by)\b(\s*:?\s*)(?:\b(?:[^\W\d_]|sra?|dra?|mrs?|ms|jr)\.|[^.;,()|\n])+",
    re.IGNORECASE,
)


def scrub(text: str) -> str:
    """Return the text without documents, phone numbers, e-mail addresses and the receiver's name."""
    # The name last: its end is looked for in punctuation, of which documents and numbers are full.
    text = _PHONE.sub(BLANK, _DOCUMENT.sub(BLANK, _EMAIL.sub(BLANK, text)))
    return _RECEIVER.sub(rf"\1\2{BLANK}", text)
