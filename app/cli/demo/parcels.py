"""The demonstration's parcels: orders of the bundled VTEX whose packages hold the samples' tracking numbers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from app.adapter import fingerprint
from app.carriers import adapters
from app.cli.samples import reading_of
from app.examples import example

__all__ = ["ACCOUNT", "PARCELS", "Parcel", "order_seeds"]

ACCOUNT: Final = "demo"

_BEFORE_FIRST_SCAN: Final = timedelta(days=1)
_OLDEST: Final = timedelta(days=700)
"""VTEX shows no order that is older than two years, and the samples only grow older."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A package of an order.

    Args:
        carrier: Slug of the carrier whose samples speak about it.
        order_id: The order; several parcels may be of one.
        invoice_number: The package, as VTEX knows it.
        item: What is in it.
        price: What it cost, in cents.
        cases: The samples that are relayed, in order.

    """

    carrier: str
    order_id: str
    invoice_number: str
    item: str
    price: int
    cases: tuple[str, ...]

    @property
    def courier(self) -> str:
        """Return the carrier's name."""
        return adapters()[self.carrier].name

    @property
    def tracking_number(self) -> str:
        """Return the number that the samples are about."""
        adapter, first = adapters()[self.carrier], example(self.carrier, self.cases[0])
        return next(str(number) for event in reading_of(adapter, first).events for number in event.tracking_numbers)

    @property
    def events(self) -> int:
        """Count the different events that the relayed samples report."""
        adapter = adapters()[self.carrier]
        readings = [reading_of(adapter, example(self.carrier, case)) for case in self.cases]
        return len({fingerprint(adapter, event) for reading in readings for event in reading.events})

    def invoiced_at(self, now: datetime) -> datetime:
        """Return a time for the invoice: before the first scan, and so that VTEX still shows the order."""
        adapter, first = adapters()[self.carrier], example(self.carrier, self.cases[0])
        times = [event.occurred_at.at for event in reading_of(adapter, first).events if event.occurred_at]
        before = min(times, default=now) - _BEFORE_FIRST_SCAN
        return min(max(before, now - _OLDEST), now - _BEFORE_FIRST_SCAN)


PARCELS: Final = (
    Parcel(
        carrier="intelipost",
        order_id="1502240771934-01",
        invoice_number="48213",
        item="Luminária de mesa",
        price=18990,
        cases=("in-transit", "out-for-delivery", "delivered"),
    ),
    Parcel(
        carrier="jt-express-br",
        order_id="1502240771934-01",
        invoice_number="48219",
        item="Abajur de cerâmica",
        price=25900,
        cases=("in-transit", "out-for-delivery"),
    ),
    Parcel(
        carrier="mandae",
        order_id="1502240772016-01",
        invoice_number="000048220",
        item="Cafeteira italiana",
        price=12450,
        cases=("in-transit",),
    ),
    Parcel(
        carrier="easypost",
        order_id="1502240772083-01",
        invoice_number="48231",
        item="Tênis de corrida",
        price=39990,
        cases=("in-transit",),
    ),
)


def order_seeds(parcels: Iterable[Parcel], now: datetime) -> list[Mapping[str, Any]]:
    """Return what the bundled VTEX is told of the orders."""
    orders: dict[str, dict[str, Any]] = {}
    for number, parcel in enumerate(parcels):
        order = orders.setdefault(
            parcel.order_id, {"account": ACCOUNT, "order_id": parcel.order_id, "items": [], "invoices": []}
        )
        item_id = str(8841 + number)
        order["items"].append({"id": item_id, "name": parcel.item, "price": parcel.price})
        order["invoices"].append(
            {
                "invoice_number": parcel.invoice_number,
                "courier": parcel.courier,
                "tracking_number": parcel.tracking_number,
                "item_ids": [item_id],
                "invoiced_at": parcel.invoiced_at(now).isoformat(),
            }
        )
    return list(orders.values())
