"""The judge: what was posted and answered, against what stands on the timelines."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tests.chaos.parcels import Package, Posting, Row

__all__ = ["Expected", "Ledger", "Verdict", "judge", "rows_of", "unsorted_bodies"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What one timeline must hold."""

    rows: frozenset[Row]
    foreign: Counter[Row]
    is_delivered: bool


class Ledger:
    """Which webhooks the relay took responsibility for."""

    def __init__(self) -> None:
        self.posted = 0
        self.refused = 0
        """How often a webhook was answered 503: it is posted again."""
        self.ids: set[str] = set()
        """Under which names the relay keeps what it answered."""
        self._longest: dict[str, int] = {}
        self.answered = 0

    def note_answered(self, posting: Posting, id_: str = "") -> None:
        """Remember a webhook that was answered 2xx, and how the relay calls it."""
        self.answered += 1
        self.ids.add(id_)
        number = posting.parcel.number
        self._longest[number] = max(posting.length, self._longest.get(number, 0))

    def expected(self, package: Package) -> Expected:
        """Say what the timeline of a package must hold: every scan of every answered webhook, once."""
        told = {parcel: parcel.scans[: self._longest.get(parcel.number, 0)] for parcel in package.parcels}
        return Expected(
            rows=frozenset(scan.row for scans in told.values() for scan in scans),
            foreign=Counter(package.foreign),
            is_delivered=all(scans and scans[-1].status == "delivered" for scans in told.values()),
        )


@dataclass(slots=True, kw_only=True)
class Verdict:
    """What was found wrong, over all timelines."""

    expected: int = 0
    on_timeline: int = 0
    missing: int = 0
    doubled: int = 0
    strange: int = 0
    """Rows that nobody told of."""
    wrongly_delivered: int = 0
    """Packages whose isDelivered is not what their parcels' scans say."""
    out_of_order: int = 0
    overlapping: int = 0
    undelivered: int = 0
    """Calls that took back what was delivered."""
    violations: int = 0
    """Deviations from VTEX's schema."""
    faults: list[str] = field(default_factory=list)
    """What ended the run, or its end: the relay died, refused a webhook, or did not stop when asked to."""
    findings: list[str] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        """Tell whether every timeline is exactly right."""
        return not any(
            (
                self.missing,
                self.doubled,
                self.strange,
                self.wrongly_delivered,
                self.out_of_order,
                self.overlapping,
                self.undelivered,
                self.violations,
                self.faults,
            )
        )


def rows_of(shipment: Mapping[str, Any]) -> Counter[Row]:
    """Read the rows that the emulator holds, as it holds them."""
    return Counter(
        Row(row["description"], row["city"], row["state"], datetime.fromisoformat(row["date"]))
        for row in shipment["rows"]
    )


def judge(verdict: Verdict, package: Package, expected: Expected, shipment: Mapping[str, Any]) -> None:
    """Add one package's timeline to the verdict."""
    place = f"{package.order}/{package.invoice}"
    held = rows_of(shipment)
    wanted = Counter(expected.rows) + expected.foreign
    verdict.expected += wanted.total()
    verdict.on_timeline += held.total()
    missing = wanted - held
    too_many = held - wanted
    doubled = Counter({row: count for row, count in too_many.items() if row in wanted})
    strange = too_many - doubled
    verdict.missing += missing.total()
    verdict.doubled += doubled.total()
    verdict.strange += strange.total()
    verdict.findings += [*_named(place, "missing", missing), *_named(place, "doubled", doubled)]
    verdict.findings += _named(place, "strange", strange)
    if shipment["finished"] is not expected.is_delivered:
        verdict.wrongly_delivered += 1
        verdict.findings.append(f"{place}: isDelivered is {shipment['finished']}, not {expected.is_delivered}")


def unsorted_bodies(puts: Iterable[Mapping[str, Any]], foreign: Mapping[tuple[str, str], Sequence[Row]]) -> list[str]:
    """Find the PUTs whose own rows are not in the order of their times; where a baseline stands is no matter."""
    return [
        f"{put['order']}/{put['invoice']}: a PUT's rows are out of order"
        for put in puts
        if not _is_sorted(put["body"] or {}, set(foreign.get((put["order"], put["invoice"]), ())))
    ]


def _is_sorted(body: Mapping[str, Any], foreign: set[Row]) -> bool:
    held = rows_of({"rows": body.get("events", [])})
    times = [row.at for row in held if row not in foreign]
    return times == sorted(times)


def _named(place: str, what: str, found: Counter[Row]) -> Iterator[str]:
    for row, count in found.items():
        yield f"{place}: {what} {count} × {row.description!r} {row.city} {row.at.isoformat()}"
