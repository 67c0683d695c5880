"""Read VTEX's order document: its packages, and what their timelines hold."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from app.errors import MalformedPayload
from app.model import Moment
from app.payload import Node, json_document

__all__ = ["Order", "Package", "TimelineRow", "read_order"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineRow:
    """A row of ``courierStatus.data`` as VTEX shows it.

    ``changed`` and ``created`` are its two times. Which of them holds the date that was sent is not documented; pages
    and e-mails show ``changed``.
    """

    city: str
    state: str
    description: str
    date: str
    changed: Moment | None
    created: Moment | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package of an order: in VTEX, an invoice."""

    invoice_number: str
    invoice_key: str | None
    is_output: bool
    tracking_numbers: tuple[str, ...]
    courier: str | None
    issued_at: datetime | None
    finished: bool
    delivered_date: str | None
    rows: tuple[TimelineRow, ...]
    tracking_url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order, with the ids by which VTEX knows it."""

    order_id: str
    order_group: str | None
    sequence: str | None
    aliases: tuple[str, ...]
    status: str | None
    packages: tuple[Package, ...]
    changed_at: datetime | None = None

    def answers_to(self, asked: str) -> bool:
        """Tell whether this is the order that was asked for, not one whose sequence happens to look like it."""
        names = {self.order_id, *self.aliases}
        return asked in names or f"00-{asked}" in names or asked.removeprefix("00-") in names


def read_order(body: bytes) -> Order:
    """Read the answer of GET order.

    Raises:
        MalformedPayload: It is not an order.

    """
    try:
        document = json_document(body.decode())
    except UnicodeDecodeError:
        raise MalformedPayload("$", "is not UTF-8") from None
    aliases = (document.get("marketplaceOrderId").text(), document.get("sellerOrderId").text())
    attachment = document.get("packageAttachment")
    changed = document.get("lastChange").moment()
    return Order(
        order_id=document["orderId"].text(),
        order_group=document.get("orderGroup").text(),
        sequence=document.get("sequence").text(),
        aliases=tuple(str(alias) for alias in aliases if alias),
        status=document.get("status").text(),
        packages=tuple(package for entry in attachment.get("packages").items() for package in _package(entry)),
        changed_at=changed.at if changed else None,
    )


def _package(entry: Node) -> Iterator[Package]:
    number = entry.get("invoiceNumber").text()
    if number is None:
        return  # A package without an invoice number cannot be addressed.
    courier_status = entry.get("courierStatus")
    issued = entry.get("issuanceDate").moment()
    tracking = entry.get("trackingNumber").text()
    yield Package(
        invoice_number=str(number),
        invoice_key=entry.get("invoiceKey").text(),
        is_output=(entry.get("type").text() or "Output").lower() == "output",
        tracking_numbers=split_numbers(tracking),
        courier=entry.get("courier").text(),
        issued_at=issued.at if issued else None,
        finished=courier_status.get("finished").flag(),
        delivered_date=courier_status.get("deliveredDate").text(),
        rows=tuple(_row(row) for row in courier_status.get("data").items()),
        tracking_url=entry.get("trackingUrl").text(),
    )


def split_numbers(text: str | None) -> tuple[str, ...]:
    """Split a package's tracking number: merchants write several into the one field, as ``A;B`` or ``A, B``."""
    parts = (text or "").replace(",", ";").replace("|", ";").split(";")
    return tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _row(entry: Node) -> TimelineRow:
    return TimelineRow(
        city=entry.get("city").text() or "",
        state=entry.get("state").text() or "",
        description=entry.get("description").text() or "",
        date=entry.get("lastChange", "date", "createDate").text() or "",
        changed=entry.get("lastChange", "date").moment(),
        created=entry.get("createDate").moment(),
    )
