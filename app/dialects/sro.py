"""The events of Correios' tracking system SRO: a type of two or three letters and a number of two digits.

A type alone means nothing: write-offs (BDE, BDI, BDR: external, internal, corrective) hold deliveries, failed attempts,
losses and returns under the same numbers. Keys are ``TYPE/NN``.
"""

import re
from typing import Final

from app.model import Milestone
from app.payload import Maybe, Text

__all__ = ["DELIVERIES", "MILESTONES", "REVERSAL", "code_of"]

REVERSAL: Final = "EST"
"""The type that says: disregard the event before this one."""

_WRITE_OFFS: Final = "BDE BDI BDR"
_GROUPS: Final = (
    (_WRITE_OFFS, Milestone.DELIVERED, "00 01 67 70 79"),
    (_WRITE_OFFS, Milestone.FAILED_ATTEMPT, "02 07 18 19 20 25 34 35 46"),
    (_WRITE_OFFS, Milestone.IN_TRANSIT, "15 32 45 53 57 66 69 84 85 87"),
    # In a post-office box, in a smart locker.
    (_WRITE_OFFS, Milestone.AVAILABLE_FOR_PICKUP, "24 68"),
    (_WRITE_OFFS, Milestone.EXCEPTION, "03 09 12 13 22 28 29 30 37 38 39 41 43 44 47 50 51 52 54 55 58 59 60 61 71 72"),
    (_WRITE_OFFS, Milestone.EXCEPTION, "73 74 75 76 77 80 81 82 83 86 98"),
    (_WRITE_OFFS, Milestone.RETURNING, "04 05 06 08 10 14 21 26 33 36 40 42 48 49 56 62 89"),
    # "Entregue", to the sender.
    (_WRITE_OFFS, Milestone.RETURNED, "23"),
    ("BDR", Milestone.IN_TRANSIT, "31"),
    ("BDR", Milestone.RETURNING, "63 64"),
    # Blocked, suspended at the sender's wish, unblocked.
    ("BLQ", Milestone.EXCEPTION, "01 02 04 11 21 30 31 41 42 51"),
    ("BLQ", Milestone.RETURNING, "05 22"),
    ("BLQ", Milestone.IN_TRANSIT, "24 44 54 61"),
    # Checked and received at units, vehicles coming and going, sorting, forwarding.
    ("CAR CMR PMT", Milestone.IN_TRANSIT, "01"),
    ("CMT TRI", Milestone.IN_TRANSIT, "00"),
    ("CUN RO", Milestone.IN_TRANSIT, "00 01"),
    ("CD", Milestone.IN_TRANSIT, "00 01 02 03"),
    ("DO", Milestone.IN_TRANSIT, "00 01 02"),
    # Collection.
    ("CO", Milestone.IN_TRANSIT, "01"),
    ("CO", Milestone.PRE_TRANSIT, "02 03 04 05 07 12 14"),
    ("CO", Milestone.CANCELLED, "06 09 10 13"),
    ("CO", Milestone.DELIVERED, "08"),
    ("CO", Milestone.EXCEPTION, "11"),
    (REVERSAL, Milestone.UNKNOWN, "01 02 03 04 05 06 09"),
    ("FC", Milestone.RETURNING, "01 47"),
    ("FC", Milestone.IN_TRANSIT, "02 10 55"),
    ("FC", Milestone.FAILED_ATTEMPT, "04 07"),
    ("FC", Milestone.EXCEPTION, "03 05 08 09 11 12 13 19 24 26 27 29 31 32 33 34 35 37 41 42 51"),
    # Indemnity.
    ("IDC", Milestone.EXCEPTION, "01 02 03 04 05 06 07"),
    # Out for delivery to the sender.
    ("LDE", Milestone.RETURNING, "00 09"),
    ("LDI", Milestone.AVAILABLE_FOR_PICKUP, "00 01 02 03 04 11 13 14"),
    ("OEC", Milestone.OUT_FOR_DELIVERY, "00 01"),
    ("OEC", Milestone.RETURNING, "09"),
    # International; 15 is the arrival in the country, which some call a delivery.
    ("PAR", Milestone.IN_TRANSIT, "10 15 16 17 18 19 20 21 22 24 27 28 29 31 34 42"),
    ("PAR", Milestone.EXCEPTION, "11 12 14 23 25 26 30 32 33 41"),
    ("PAR", Milestone.RETURNING, "13 40"),
    ("PO", Milestone.IN_TRANSIT, "00 01 09"),
)
MILESTONES: Final = {
    f"{kind}/{number}": milestone
    for kinds, milestone, numbers in _GROUPS
    for kind in kinds.split()
    for number in numbers.split()
}
DELIVERIES: Final = frozenset(code for code, milestone in MILESTONES.items() if milestone is Milestone.DELIVERED)

_WRITTEN_TOGETHER: Final = re.compile(r"([A-Z]{2,3})[ /-]?([0-9]{1,2})")


def code_of(kind: Maybe, number: Maybe) -> Text | None:
    """Return an event's code as the table has it, None without a type.

    The number is compared as a number: ``1``, ``01`` and 1 are one. Some write both into the type: ``BDE 01``.
    """
    text = kind.text()
    if text is None:
        return None
    together = _WRITTEN_TOGETHER.fullmatch(text.upper())
    digits = together[2] if together else number.text() or ""
    if digits.isascii() and digits.isdecimal():
        digits = digits.lstrip("0").zfill(2)
    return Text("/".join(filter(None, (together[1] if together else text.upper(), digits))), text.path)
