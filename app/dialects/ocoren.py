"""The occurrence codes of Proceda's OCOREN, which Brazilian carriers use in files and far beyond them.

The meanings of 0 to 99 are agreed; from 100 up each carrier has its own, which collide: those are unknown here, and a
source's ``statuses`` may say what they mean.
"""

from typing import Final

from app.model import Milestone
from app.payload import Text

__all__ = ["MILESTONES", "code_of"]

_GROUPS: Final = (
    # Transport begun; re-delivery, onward carrier, connecting flight, scheduled, arrived in the city of destination.
    (Milestone.IN_TRANSIT, "00 19 22 52 84 91 95 98"),
    # 02 is "outside the scheduled date"; at least one sender means "not delivered" by it: override it there.
    (Milestone.DELIVERED, "01 02 24"),
    # Refused by the receiver.
    (Milestone.FAILED_ATTEMPT, "03 04 07 08 09 10 11 16 17 18 35 41 42 51 56 59 61 62 66 68 71 72 74 88 94"),
    # Closed, absent, wrong address, no time.
    (Milestone.FAILED_ATTEMPT, "05 06 20 21 34 43 44 46 47 60 77 87"),
    (Milestone.RETURNED, "25"),
    (Milestone.AVAILABLE_FOR_PICKUP, "29"),
    # Loss, damage, theft, taxes, wrong routes; 31 is "closed with compensation".
    (Milestone.EXCEPTION, "12 13 14 15 23 26 27 28 30 31 32 33 36 37 38 39 40 45 48 49 50 53 54 55 57 58 63 64 65"),
    (Milestone.EXCEPTION, "69 70 73 75 76 78 79 80 81 82 83 85 86 89 90 92 93 96 97"),
    # Statistical, and "other".
    (Milestone.UNKNOWN, "67 99"),
)
MILESTONES: Final = {code: milestone for milestone, codes in _GROUPS for code in codes.split()}


def code_of(text: Text | None) -> Text | None:
    """Return a code as the table has it: two digits at least, whichever of ``1``, ``01`` and ``0001`` was sent."""
    if text is None or not (text.isascii() and text.isdecimal()):
        return text
    return Text(text.lstrip("0").zfill(2), text.path)
