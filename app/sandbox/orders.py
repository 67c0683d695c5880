"""Orders, packages and the rows of a package's timeline: frozen values."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, Self

from app.sandbox.identity import OrderIdentity

__all__ = [
    "CourierStatus",
    "Item",
    "Mail",
    "Order",
    "Package",
    "PackageItem",
    "PackageType",
    "SentRow",
    "ShopKind",
    "Shopper",
    "TrackingRow",
    "TrackingUpdate",
]

PackageType = Literal["Output", "Input"]
ShopKind = Literal[
    "plain",
    "delivered",
    "two-packages",
    "three-packages",
    "several-numbers",
    "return",
    "split",
    "seller",
    "external",
    "fulfillment",
    "late-number",
    "recycled-number",
    "not-invoiced",
    "canceled",
]
"""What an order of a seeded shop is an example of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of an order; prices are cents."""

    id: str
    name: str
    quantity: int
    price: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageItem:
    """One line of an invoice, by its place among the order's items."""

    item_index: int
    id: str
    description: str
    quantity: int
    price: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shopper:
    """Who bought, and where it goes."""

    name: str
    email: str
    document: str
    city: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SentRow:
    """One event of a PUT, as understood; without a date it happened on arrival."""

    city: str | None
    state: str | None
    description: str | None
    date: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingUpdate:
    """The whole body of a PUT, as understood."""

    is_delivered: bool
    delivered_date: datetime | None
    rows: tuple[SentRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingRow:
    """One row of a package's timeline."""

    last_change: datetime
    create_date: datetime
    city: str | None
    state: str | None
    description: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CourierStatus:
    """What VTEX holds of a package's way; rows in the order they came."""

    status: str | None
    finished: bool = False
    delivered_date: datetime | None = None
    rows: tuple[TrackingRow, ...] = ()

    @property
    def newest_first(self) -> list[TrackingRow]:
        """Order the rows by their time; of two rows of one time, the one that came later is the newer."""
        rows = list(reversed(self.rows))
        rows.sort(key=lambda row: row.last_change, reverse=True)
        return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One invoice of an order; ``Input`` is a return."""

    invoice_number: str
    type: PackageType
    items: tuple[PackageItem, ...]
    invoice_value: int
    issuance_date: datetime
    last_change: datetime
    courier_status: CourierStatus | None
    invoice_key: str | None = None
    invoice_url: str | None = None
    courier: str | None = None
    tracking_number: str | None = None
    tracking_url: str | None = None
    dispatched_date: datetime | None = None
    volumes: int | None = None
    last_update: TrackingUpdate | None = None
    """The last accepted PUT: whether the next one is a change decides about e-mails."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One e-mail that VTEX would have sent to the shopper."""

    sent_at: datetime
    template: str
    invoice_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order of one account."""

    account: str
    identity: OrderIdentity
    sequence: str
    status: str
    value: int
    items: tuple[Item, ...]
    shopper: Shopper
    created_at: datetime
    last_change: datetime
    authorized_at: datetime | None = None
    invoiced_at: datetime | None = None
    packages: tuple[Package, ...] = ()
    mails: tuple[Mail, ...] = ()
    kind: ShopKind | None = None
    """None for an order that was seeded by itself."""

    @property
    def order_id(self) -> str:
        """Name the order within its account."""
        return self.identity.order_id

    @property
    def output_packages(self) -> tuple[Package, ...]:
        """Leave returns out."""
        return tuple(package for package in self.packages if package.type == "Output")

    @property
    def awaits_invoice(self) -> bool:
        """Tell whether it is neither invoiced nor canceled."""
        return self.status not in {"invoiced", "canceled"} and not self.packages

    def package(self, invoice_number: str) -> Package | None:
        """Find a package by its invoice's number, compared as text."""
        for package in self.packages:
            if package.invoice_number == invoice_number:
                return package
        return None

    def with_package(self, changed: Package) -> Self:
        """Put a package in the place of the one with its number, or at the end."""
        if self.package(changed.invoice_number) is None:
            return replace(self, packages=(*self.packages, changed))
        packages = tuple(
            changed if package.invoice_number == changed.invoice_number else package for package in self.packages
        )
        return replace(self, packages=packages)
