"""What a carrier knows of a parcel, how it tells it in a webhook, and what must stand on VTEX's timeline for it."""

import hashlib
import hmac
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from tests.emulator import Row, VtexEmulator

SECRET: Final = "an-invented-webhook-secret"
ZONE: Final = ZoneInfo("America/Sao_Paulo")

_SCANS: Final = (
    ("pre_transit", "label_created", "Etiqueta emitida", "Campinas", "SP"),
    ("in_transit", "received_at_origin_facility", "Objeto coletado", "Campinas", "SP"),
    ("in_transit", "departed_facility", "Saiu da unidade de origem", "Campinas", "SP"),
    ("out_for_delivery", "out_for_delivery", "Saiu para entrega", "Curitiba", "PR"),
    ("delivered", "arrived_at_destination", "Objeto entregue", "Curitiba", "PR"),
)
SCANS: Final = len(_SCANS)
"""How many scans a parcel has on its way; the last one delivers it."""


class ShownRow(NamedTuple):
    """One row as VTEX holds it, letter by letter."""

    city: str
    state: str
    description: str
    date: str


FOREIGN: Final = ShownRow("Recife", "PE", "Registrado por outro sistema", "2026-01-05T11:00:00.0000000+00:00")
"""A row that somebody else wrote before the relay came, as VTEX shows it: what it shows is what can be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One parcel of one invoice."""

    number: int
    began: datetime
    account: str = "demo"

    @property
    def tracking_number(self) -> str:
        return f"QX{self.number:09}BR"

    @property
    def order(self) -> str:
        return f"1527{self.number:09}-01"

    @property
    def invoice(self) -> str:
        return f"{self.number:09}"

    def at(self, scan: int) -> datetime:
        """Say when a scan was made; scans count from 0."""
        return self.began + timedelta(hours=7 * scan, minutes=self.number % 60)

    def rows(self, length: int = SCANS) -> list[ShownRow]:
        """List the rows that the first scans are on the timeline, oldest first."""
        return [
            ShownRow(city, state, message, self.at(scan).astimezone(ZONE).isoformat())
            for scan, (_, _, message, city, state) in enumerate(_SCANS[:length])
        ]

    @property
    def delivered_date(self) -> str:
        """Say when it was delivered, as VTEX is told."""
        return self.at(SCANS - 1).astimezone(ZONE).strftime("%Y-%m-%d %H:%M")

    def webhook(self, length: int, *, event: str | None = None) -> bytes:
        """Tell the first scans, as the carrier does each time something new happens."""
        status, detail, *_ = _SCANS[length - 1]
        tracker = {
            "id": f"trk_{self.number}",
            "object": "Tracker",
            "tracking_code": self.tracking_number,
            "status": status,
            "status_detail": detail,
            "updated_at": _stamp(self.at(length - 1)),
            "carrier": "Exemplo",
            "tracking_details": [self._detail(scan) for scan in range(length)],
            "finalized": False,
            "is_return": False,
        }
        event = event or f"evt_{self.number}_{length}"
        document = {"object": "Event", "id": event, "description": "tracker.updated", "result": tracker}
        return json.dumps(document, ensure_ascii=False).encode()

    def _detail(self, scan: int) -> dict[str, object]:
        status, detail, message, city, state = _SCANS[scan]
        return {
            "object": "TrackingDetail",
            "message": message,
            "status": status,
            "status_detail": detail,
            "datetime": _stamp(self.at(scan)),
            "tracking_location": {"city": city, "state": state, "country": "BR", "zip": "00000-000"},
        }


def parcels(count: int, *, first: int = 1, account: str = "demo") -> list[Parcel]:
    """Make parcels whose way began nine days ago."""
    began = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(days=9)
    return [Parcel(number=number, began=began, account=account) for number in range(first, first + count)]


def add_orders(emulator: VtexEmulator, sent: Sequence[Parcel], *, numbers: bool = True) -> None:
    """Give VTEX the parcels' orders, invoiced the day before the first scan."""
    for parcel in sent:
        issued = (parcel.began - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S.0000000+00:00")
        invoice = {"invoiceNumber": parcel.invoice, "issuanceDate": issued}
        if numbers:
            invoice["trackingNumber"] = parcel.tracking_number
        emulator.add_order(parcel.order, [invoice], account=parcel.account)


def add_foreign_row(emulator: VtexEmulator, parcel: Parcel) -> None:
    """Write a row before the relay does."""
    emulator.add_row(parcel.order, parcel.invoice, FOREIGN._asdict(), account=parcel.account)


def signature(body: bytes, secret: str = SECRET) -> str:
    """Sign as the carrier's documentation says, without the product's code."""
    return "hmac-sha256-hex=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def shown(rows: Sequence[Row]) -> list[ShownRow]:
    """Leave out what VTEX adds to a row by itself."""
    return [ShownRow(row.city, row.state, row.description, row.date) for row in rows]


def timeline(emulator: VtexEmulator, parcel: Parcel) -> list[ShownRow]:
    """Give what VTEX holds of a parcel, oldest first."""
    return shown(emulator.timeline(parcel.order, parcel.invoice, account=parcel.account))


def deviations(emulator: VtexEmulator, sent: Sequence[Parcel], *, foreign: bool = False) -> list[str]:
    """Name every way in which the parcels' timelines are not exactly right; all of them have been delivered."""
    found: list[str] = []
    for parcel in sent:
        held, wanted = timeline(emulator, parcel), [*([FOREIGN] if foreign else []), *parcel.rows()]
        if Counter(held) != Counter(wanted):
            found += [f"{parcel.order} lacks {row}" for row in (Counter(wanted) - Counter(held)).elements()]
            found += [f"{parcel.order} has too many {row}" for row in (Counter(held) - Counter(wanted)).elements()]
        shipment = emulator.shipment(parcel.order, parcel.invoice, account=parcel.account)
        delivery = (shipment.finished, shipment.delivered_date)
        if delivery != (True, parcel.delivered_date):
            found.append(f"{parcel.order} is delivered {delivery}, and should be on {parcel.delivered_date}")
    return found


def misdeeds(emulator: VtexEmulator) -> list[str]:
    """Name what no call may do, however the timeline looks in the end."""
    found = list(emulator.violations)
    found += [f"{first.order}: two calls at a time" for first, _ in emulator.overlaps()]
    found += [f"{call.order}: delivered, and then not" for call in emulator.undeliveries()]
    for call in emulator.puts():
        dates = [event["date"] for event in call.body["events"]]
        if dates != sorted(dates):
            found.append(f"{call.order}: rows out of order: {dates}")
    return found


def _stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
