"""What the admin API takes: orders to seed, rows of another writer, options to change."""

from dataclasses import asdict, fields, replace
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    TypeAdapter,
)

from app.sandbox.identity import IdKind, make_order_id, read_order_id
from app.sandbox.invoicing import invoice_line
from app.sandbox.mail import after_tracking_number
from app.sandbox.options import SandboxOptions
from app.sandbox.orders import Item, Order, Package, PackageType, SentRow, Shopper
from app.sandbox.state import Sandbox
from app.sandbox.tracking import first_courier_status

__all__ = ["ForeignRow", "OrderSeed", "changed_options", "options_document"]

Name = Annotated[str, Field(min_length=1, max_length=200)]
Status = Literal[
    "waiting-for-sellers-confirmation",
    "payment-pending",
    "payment-approved",
    "ready-for-handling",
    "handling",
    "invoiced",
    "canceled",
]
_BEFORE_PAYMENT = frozenset({"waiting-for-sellers-confirmation", "payment-pending"})
_OPTIONS = TypeAdapter(SandboxOptions)


class _Schema(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ItemSeed(_Schema):
    """One item of an order to seed."""

    id: Name
    name: Name
    quantity: Annotated[int, Field(ge=1)] = 1
    price: Annotated[int, Field(ge=0, description="Cents.")] = 15990


class InvoiceSeed(_Schema):
    """One package of an order to seed."""

    invoice_number: Name
    invoice_key: str | None = None
    invoice_value: int | None = None
    courier: str | None = None
    tracking_number: str | None = None
    tracking_url: Annotated[str | None, Field(description="Made from the tracking number when left out.")] = None
    type: PackageType = "Output"
    item_ids: Annotated[tuple[str, ...] | None, Field(description="All items of the order when left out.")] = None
    invoiced_at: AwareDatetime | None = None
    volumes: int | None = None

    def package(self, items: tuple[Item, ...], options: SandboxOptions, now: datetime) -> Package:
        """Make the package."""
        wanted = [index for index, item in enumerate(items) if self.item_ids is None or item.id in self.item_ids]
        lines = tuple(invoice_line(items, index) for index in wanted)
        value = sum(line.price * line.quantity for line in lines)
        invoiced_at = self.invoiced_at or now
        tracking_url = self.tracking_url
        if self.tracking_number and "tracking_url" not in self.model_fields_set:
            tracking_url = f"https://track.example/{self.tracking_number}"
        return Package(
            invoice_number=self.invoice_number,
            type=self.type,
            items=lines,
            invoice_value=value if self.invoice_value is None else self.invoice_value,
            issuance_date=invoiced_at,
            last_change=invoiced_at,
            courier_status=first_courier_status(options, self.courier),
            invoice_key=self.invoice_key,
            courier=self.courier,
            tracking_number=self.tracking_number,
            tracking_url=tracking_url,
            volumes=self.volumes,
        )


class OrderSeed(_Schema):
    """One order to seed; whatever is left out gets a plausible value."""

    account: Name | None = None
    order_id: Annotated[str | None, Field(min_length=1, max_length=100, pattern=r"^[^/\s]+$")] = None
    kind: Annotated[IdKind, Field(description="The form of the id, when no id is given.")] = "numeric"
    sequence: Annotated[str | None, Field(pattern=r"^\d+$")] = None
    origin: Literal["Marketplace", "Fulfillment", "Chain"] | None = None
    status: Status | None = None
    items: Annotated[tuple[ItemSeed, ...], Field(min_length=1)] = (ItemSeed(id="8841", name="Luminária de mesa"),)
    invoices: tuple[InvoiceSeed, ...] = ()
    value: Annotated[int | None, Field(ge=0, description="Cents; the items' sum if left out.")] = None
    created_at: AwareDatetime | None = None
    authorized_at: AwareDatetime | None = None
    client_name: Name = "Marina Exemplo"
    client_email: Name = "marina@shopper.example"
    client_document: str = "00000000000"
    city: str = "Campinas"
    state: str = "SP"

    def order(self, sandbox: Sandbox) -> Order:
        """Make the order, and take a sequence number for it."""
        now = sandbox.now()
        number = sandbox.take_sequence()
        identity = read_order_id(self.order_id or make_order_id(self.kind, number))
        if self.origin:
            identity = replace(identity, origin=self.origin)
        items = tuple(Item(**item.model_dump()) for item in self.items)
        packages = tuple(each.package(items, sandbox.options, now) for each in self.invoices)
        first_invoice = min((each.issuance_date for each in packages), default=now)
        # Whoever names no dates gets an order that was placed before it was invoiced.
        created_at = self.created_at or (min(now, first_invoice - timedelta(hours=1)) if packages else now)
        status = self.status or ("invoiced" if packages else "ready-for-handling")
        paid_at = None if status in _BEFORE_PAYMENT else self.authorized_at or created_at
        items_value = sum(item.price * item.quantity for item in items)
        order = Order(
            account=self.account or sandbox.options.default_account,
            identity=identity,
            sequence=self.sequence or identity.sequence or str(number),
            status=status,
            value=items_value if self.value is None else self.value,
            items=items,
            shopper=Shopper(
                name=self.client_name,
                email=self.client_email,
                document=self.client_document,
                city=self.city,
                state=self.state,
            ),
            created_at=created_at,
            last_change=max([created_at, *(each.last_change for each in packages)]),
            authorized_at=paid_at,
            invoiced_at=first_invoice if status == "invoiced" and packages else None,
            packages=packages,
        )
        for package in packages:
            order = after_tracking_number(order, None, package)
        return order


class ForeignRow(_Schema):
    """A row that someone else writes into a package's timeline."""

    city: str | None = None
    state: str | None = None
    description: Name
    date: AwareDatetime | None = None

    def row(self) -> SentRow:
        """Make the row."""
        return SentRow(city=self.city, state=self.state, description=self.description, date=self.date)


def options_document(options: SandboxOptions) -> dict[str, JsonValue]:
    """Show the options as JSON, without the keys' tokens."""
    shown: dict[str, JsonValue] = _OPTIONS.dump_python(options, mode="json")
    credentials = shown["credentials"]
    if isinstance(credentials, list):
        for credential in credentials:
            if isinstance(credential, dict):
                del credential["app_token"]
    return shown


def changed_options(options: SandboxOptions, changes: dict[str, JsonValue]) -> SandboxOptions:
    """Set the options that are named and leave the others; raise ``ValueError`` for a bad one."""
    known = [field.name for field in fields(SandboxOptions)]
    unknown = sorted(set(changes) - set(known))
    if unknown:
        raise ValueError(f"unknown options: {', '.join(unknown)}; known are {', '.join(known)}")
    return _OPTIONS.validate_python({**asdict(options), **changes})
