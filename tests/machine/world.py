"""What carriers said, and what timelines must therefore show, in plain Python."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from app.model import CarrierEvent, Milestone
from app.store import IndexedShipment
from tests.machine.vtex import POISON, Key, Row, Vtex
from tests.store.making import event, shipment

BEGAN: Final = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
FOREIGN: Final = Row(city="", state="", description="Nota fiscal emitida", at=BEGAN - timedelta(days=1))
MILESTONES: Final = {
    "A": Milestone.IN_TRANSIT,
    "B": Milestone.IN_TRANSIT,
    "T": Milestone.IN_TRANSIT,
    "X": Milestone.EXCEPTION,
    "D": Milestone.DELIVERED,
    "L": Milestone.IN_TRANSIT,
    "R": Milestone.RETURNING,
}
"""Codes in the order in which they happen; all parcels say T with the same words at the same moment, and VTEX refuses
X."""
CODES: Final = "".join(MILESTONES)
SHIPMENTS: Final[dict[Key, tuple[str, ...]]] = {
    ("v1-01", "1"): ("P0",),
    ("v1-01", "2"): ("P1", "P2"),
    ("v2-01", "1"): ("P3",),
}
PARCELS: Final = {parcel: key for key, parcels in SHIPMENTS.items() for parcel in parcels}
REVISED: Final = "P0"
"""The parcel whose carrier tells all of its history every time, and changes its mind about it."""
OWN_WORDS: Final = "Em viagem"


def happened(parcel: str, code: str) -> datetime:
    """Say when: each event has a moment of its own, but for those that all parcels share."""
    shared = 0 if code == "T" else int(parcel[1]) + 1
    return BEGAN + timedelta(hours=CODES.index(code), minutes=shared)


def indexed(key: Key) -> IndexedShipment:
    return shipment(*key, *SHIPMENTS[key])


@dataclass
class World:
    """What was said so far."""

    heard: dict[str, set[str]] = field(default_factory=lambda: {parcel: set() for parcel in PARCELS})
    versions: Counter[str] = field(default_factory=Counter)
    reworded: bool = False
    """Whether an operator changed the words of rows, so that one moment may be told in several."""
    ever_delivered: set[Key] = field(default_factory=set)

    def say(self, parcel: str, codes: str) -> Iterator[CarrierEvent]:
        """Tell events; a carrier that tells histories tells them whole, as it sees them now."""
        whole = parcel == REVISED
        self.heard[parcel] |= set(codes)
        for key in SHIPMENTS:
            if self.is_delivered(key):
                self.ever_delivered.add(key)
        for code in CODES:
            if code in (self.heard[parcel] if whole else codes):
                words = POISON if code == "X" else f"{code}{self.versions[code]}" if whole and code != "T" else code
                yield event(
                    parcel,
                    code,
                    happened(parcel, code),
                    milestone=MILESTONES[code],
                    description=words,
                    full_history=whole,
                )

    def is_delivered(self, key: Key) -> bool:
        """Tell whether each parcel's latest news is that it was delivered, and none goes back."""
        latest = [max(self.heard[parcel], key=CODES.index, default="") for parcel in SHIPMENTS[key]]
        return set(latest) == {"D"}

    def faults(self, key: Key, vtex: Vtex) -> Iterator[str]:
        """Compare a timeline at rest with what was said."""
        shown = vtex.packages[key][-1]
        counts = Counter(shown.rows)
        for row in vtex.foreign[key]:
            if counts.pop(row, 0) != 1:
                yield f"{key}: {row.description!r} of another writer is not there once"
        moments = Counter(row.at for row in counts.elements())
        expected = {happened(parcel, code) for parcel in SHIPMENTS[key] for code in self.heard[parcel] if code != "X"}
        # A row of others that reads as ours would is ours, unless an operator changed how ours read.
        theirs = {row.at for row in vtex.foreign[key]}
        for at in expected | moments.keys():
            most = len(SHIPMENTS[key]) if self.reworded and at == happened("P0", "T") else 1
            least = 1
            if at in theirs:
                least, most = 0, int(self.reworded)
            if at not in expected or not least <= moments[at] <= most:
                yield f"{key}: the row of {at:%d %H:%M} is there {moments[at]} times"
        if self.is_delivered(key) and not shown.finished:
            yield f"{key}: delivered, and VTEX does not know"
        if shown.finished and key not in self.ever_delivered:
            yield f"{key}: never delivered, and VTEX says so"
