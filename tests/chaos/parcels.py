"""What there is to post: packages, their parcels' scans, and the webhooks that tell of them, all out of one seed."""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

__all__ = ["ACCOUNT", "Package", "Parcel", "Posting", "Row", "Scan", "World", "make_world"]

ACCOUNT: Final = "demo"

# What the carrier says on the way, with places; the last scan of a parcel says how it ended.
_ON_THE_WAY: Final = (
    ("pre_transit", "label_created", "Etiqueta emitida"),
    ("in_transit", "received_at_origin_facility", "Objeto coletado"),
    ("in_transit", "departed_facility", "Saiu da unidade de origem"),
    ("in_transit", "arrived_at_facility", "Chegou à unidade de tratamento"),
    ("in_transit", "departed_facility", "Em trânsito para a unidade de distribuição"),
    ("in_transit", "arrived_at_facility", "Chegou à unidade de distribuição"),
    ("in_transit", "delayed", "Atraso no transporte"),
    ("failure", "delivery_exception", "Destinatário ausente"),
    ("out_for_delivery", "out_for_delivery", "Saiu para entrega"),
)
_DELIVERED: Final = ("delivered", "arrived_at_destination", "Objeto entregue")
_PLACES: Final = (("Campinas", "SP"), ("Jundiaí", "SP"), ("Betim", "MG"), ("Curitiba", "PR"), ("Recife", "PE"))
_FIRST_TIMES_SHARE: Final = 0.85
"""The share of webhooks that tell something new; the others repeat an earlier one."""


class Row(NamedTuple):
    """One row as it must stand on a timeline; equal rows are the same row."""

    description: str
    city: str
    state: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """One fact about a parcel."""

    status: str
    detail: str
    row: Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One tracking number with everything that will ever be said of it, oldest first."""

    number: str
    scans: tuple[Scan, ...]

    @property
    def is_delivered(self) -> bool:
        """Tell how its way ends."""
        return self.scans[-1].status == "delivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One invoice of an order: a timeline."""

    order: str
    invoice: str
    parcels: tuple[Parcel, ...]
    foreign: tuple[Row, ...]
    """Rows of another writer that were there before."""
    registered_at: float
    """When the relay is told of its tracking numbers, as a share of all posting; before 0 is before it begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One webhook to post: a parcel's first scans, under an id of the sender's."""

    event: str
    parcel: Parcel
    length: int

    @property
    def scans(self) -> tuple[Scan, ...]:
        """List what it tells."""
        return self.parcel.scans[: self.length]

    def body(self) -> bytes:
        """Write it as the carrier would."""
        latest = self.scans[-1]
        tracker = {
            "id": f"trk_{self.parcel.number}",
            "object": "Tracker",
            "mode": "production",
            "tracking_code": self.parcel.number,
            "status": latest.status,
            "status_detail": latest.detail,
            "updated_at": _stamp(latest.row.at),
            "carrier": "Exemplo",
            "tracking_details": [_detail(scan) for scan in self.scans],
            "finalized": False,
            "is_return": False,
        }
        event = {"object": "Event", "id": self.event, "description": "tracker.updated", "result": tracker}
        return json.dumps(event, ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything that a run starts from."""

    packages: tuple[Package, ...]
    postings: tuple[Posting, ...]
    """In the order in which they are posted: not the order in which they came to be."""


def make_world(seed: int, webhooks: int, now: datetime, *, first: int = 0) -> World:
    """Make as many webhooks as asked for, and the packages they are about, which are numbered from ``first`` on."""
    dice = random.Random(seed)  # noqa: S311 - repeatable, and no secret
    start = now.replace(microsecond=0) - timedelta(days=8)
    packages: list[Package] = []
    told: list[tuple[float, Posting]] = []
    while len(told) < webhooks * _FIRST_TIMES_SHARE:
        package = _package(dice, first + len(packages), start)
        packages.append(package)
        told += _tellings(dice, package, first + len(told))
    del told[webhooks:]
    told += [_repeated(dice, told, first + number) for number in range(webhooks - len(told))]
    told.sort(key=lambda entry: entry[0])
    return World(packages=tuple(packages), postings=tuple(posting for _, posting in told))


def _package(dice: random.Random, number: int, start: datetime) -> Package:
    count = dice.choices((1, 2, 3), weights=(7, 2, 1))[0]
    begins = start + timedelta(minutes=dice.randrange(600))
    parcels = [_parcel(dice, f"QX{number:06}{index}BR", begins) for index in range(count)]
    if count > 1 and dice.random() < 0.3:
        # Two parcels that travel together are scanned together: one row tells of both.
        parcels[1] = Parcel(number=parcels[1].number, scans=parcels[0].scans)
    foreign = [
        Row("Registrado por outro sistema", "", "", begins + timedelta(minutes=minute))
        for minute in dice.sample(range(1, 3000), dice.choice((0, 0, 0, 1, 2)))
    ]
    # Two packages of one order now and then; its number is its packages' in common.
    order = f"15271{number - (number % 5 == 1):08}-01"
    return Package(
        order=order,
        invoice=f"{number + 1:09}",
        parcels=tuple(parcels),
        foreign=tuple(foreign),
        registered_at=dice.random() * 0.8 if dice.random() < 0.2 else -1.0,
    )


def _parcel(dice: random.Random, number: str, begins: datetime) -> Parcel:
    chosen = sorted(dice.sample(range(len(_ON_THE_WAY)), dice.randint(2, 7)))
    kinds = [_ON_THE_WAY[index] for index in chosen]
    if dice.random() < 0.7:
        kinds.append(_DELIVERED)
    at = begins
    scans: list[Scan] = []
    for status, detail, words in kinds:
        # Some scans share their second with the one before.
        at += timedelta(seconds=0 if scans and dice.random() < 0.1 else dice.randrange(60, 40_000))
        city, state = dice.choice(_PLACES)
        scans.append(Scan(status=status, detail=detail, row=Row(words, city, state, at)))
        if status != "delivered" and dice.random() < 0.15:
            # The same words at the same place again, another day.
            at += timedelta(days=1)
            scans.append(Scan(status=status, detail=detail, row=Row(words, city, state, at)))
    return Parcel(number=number, scans=tuple(scans))


def _tellings(dice: random.Random, package: Package, told: int) -> Iterator[tuple[float, Posting]]:
    """Give the growing histories of a package's parcels, with the moment of posting, which may be out of order."""
    begins = dice.random()
    for parcel in package.parcels:
        for length in range(1, len(parcel.scans) + 1):
            if length < len(parcel.scans) and dice.random() < 0.15:
                continue  # The carrier said nothing of its own about this one; a later history has it.
            told += 1
            moment = begins + 0.02 * length + dice.gauss(0, 0.03)
            yield moment, Posting(event=f"evt_{told:06}", parcel=parcel, length=length)


def _repeated(dice: random.Random, told: Sequence[tuple[float, Posting]], number: int) -> tuple[float, Posting]:
    """Tell something again a little later: the very same webhook, or the same history under a new id."""
    moment, posting = dice.choice(told)
    if dice.random() < 0.4:
        posting = Posting(event=f"evt_again_{number:06}", parcel=posting.parcel, length=posting.length)
    return moment + abs(dice.gauss(0, 0.05)), posting


def _detail(scan: Scan) -> dict[str, Any]:
    return {
        "object": "TrackingDetail",
        "message": scan.row.description,
        "status": scan.status,
        "status_detail": scan.detail,
        "datetime": _stamp(scan.row.at),
        "source": "Exemplo",
        "tracking_location": {"city": scan.row.city, "state": scan.row.state, "country": "BR", "zip": "00000-000"},
    }


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
