"""What registering an invoice, and changing its tracking number, does to an order."""

from dataclasses import replace
from datetime import datetime

from app.sandbox.fields import Fields
from app.sandbox.mail import after_tracking_number
from app.sandbox.options import SandboxOptions
from app.sandbox.orders import Item, Order, Package, PackageItem, PackageType
from app.sandbox.tracking import first_courier_status

__all__ = ["invoice_line", "read_change", "read_invoice", "with_change", "with_invoice"]


def read_invoice(fields: Fields, items: tuple[Item, ...], options: SandboxOptions, now: datetime) -> Package:
    """Read the body of a POST; it counts only when ``fields`` has no problem afterwards."""
    # The optional fields are optional in both profiles.
    optional = fields.optional
    number = fields.text("invoiceNumber")
    if not number:
        fields.complain("invoiceNumber", "is empty")
    courier = optional.text("courier")
    return Package(
        invoice_number=number or "",
        type=_package_type(fields),
        items=tuple(_line(line, items) for line in fields.objects("items")),
        invoice_value=fields.whole_number("invoiceValue"),
        issuance_date=fields.date("issuanceDate") or now,
        last_change=now,
        courier_status=first_courier_status(options, courier),
        invoice_key=optional.text("invoiceKey"),
        invoice_url=optional.text("invoiceUrl"),
        courier=courier,
        tracking_number=optional.text("trackingNumber"),
        tracking_url=optional.text("trackingUrl"),
        dispatched_date=optional.date("dispatchedDate"),
    )


def with_invoice(order: Order, package: Package, now: datetime) -> Order:
    """Add a package; the order is invoiced when its sales add up to its value."""
    order = replace(order.with_package(package), last_change=now)
    total = sum(each.invoice_value for each in order.output_packages)
    if order.status != "invoiced" and total >= order.value:
        order = replace(order, status="invoiced", invoiced_at=now)
    return after_tracking_number(order, None, package)


def read_change(fields: Fields, package: Package, now: datetime) -> Package:
    """Read the body of a PATCH into its package: a field that is absent stays, null empties."""
    if fields.strict and not fields.text("trackingNumber"):
        fields.complain("trackingNumber", "is empty")
    optional = fields.optional

    def text(name: str, held: str | None) -> str | None:
        return optional.text(name) if name in fields else held

    dispatched = optional.date("dispatchedDate")
    return replace(
        package,
        courier=text("courier", package.courier),
        tracking_number=text("trackingNumber", package.tracking_number),
        tracking_url=text("trackingUrl", package.tracking_url),
        dispatched_date=dispatched if "dispatchedDate" in fields else package.dispatched_date,
        last_change=now,
    )


def with_change(order: Order, before: Package, changed: Package, now: datetime) -> Order:
    """Put a changed package into its order."""
    order = replace(order.with_package(changed), last_change=now)
    return after_tracking_number(order, before, changed)


def invoice_line(items: tuple[Item, ...], index: int, quantity: int | None = None) -> PackageItem:
    """Make the line that invoices an item of an order."""
    item = items[index]
    return PackageItem(
        item_index=index,
        id=item.id,
        description=item.name,
        quantity=item.quantity if quantity is None else quantity,
        price=item.price,
    )


def _package_type(fields: Fields) -> PackageType:
    match fields.text("type"):
        case "Output" | None:
            return "Output"
        case "Input":
            return "Input"
        case _:
            fields.complain("type", "must be Output or Input")
            return "Output"


def _line(line: Fields, items: tuple[Item, ...]) -> PackageItem:
    item_id = line.text("id")
    for index, item in enumerate(items):
        if item.id == item_id:
            return invoice_line(items, index, line.whole_number("quantity") or 1)
    line.complain("id", "is no item of the order")
    return PackageItem(item_index=0, id=item_id or "", description="", quantity=0, price=0)
