"""What comes in over the operators' interface."""

import re
from typing import Annotated, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from app.model import normalise_number
from app.web.schemas.times import Instant

__all__ = ["Asked", "Correction", "InvoiceKey", "NewShipment", "OrderId", "ReplayRequest", "Words"]

_INVOICE: Final = "^[A-Za-z0-9._-]{1,100}$"
_ORDER: Final = r"^[^\x00-\x20\x7f-\xa0\u2028\u2029/\\?#%]+$"
_LONGEST_NUMBER: Final = 100


class Asked(BaseModel):
    """Take no member that is not known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _invoice_number(value: str) -> str:
    """Refuse what VTEX could never take, as a problem of its own."""
    if not re.fullmatch(_INVOICE, value) or not value.strip("."):
        raise PydanticCustomError(
            "invoice_number",
            "VTEX cannot take it: 1 to 100 characters of A-Z a-z 0-9 . _ - are possible, no spaces and no slashes",
            {"slug": "invoice-number"},
        )
    return value


def _tracking_number(value: str) -> str:
    text = value.strip()
    if not text.isprintable() or len(text) > _LONGEST_NUMBER or not normalise_number(text):
        raise PydanticCustomError("tracking_number", "must be a text of 1 to 100 printable characters")
    return text


InvoiceNumber = Annotated[str, AfterValidator(_invoice_number), WithJsonSchema({"type": "string", "pattern": _INVOICE})]
TrackingNumber = Annotated[
    str, AfterValidator(_tracking_number), WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 100})
]
InvoiceKey = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^(?:[ .-]?[0-9A-Za-z]){44}$", max_length=90)
]
OrderId = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=_ORDER)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class NewShipment(Asked):
    """A package of an order, as VTEX knows it by its invoice."""

    account: str = Field(description="The VTEX account, as configured.", examples=["mystore"])
    order_id: OrderId = Field(description="VTEX's order id.", examples=["1527103869572-01"])
    invoice_number: InvoiceNumber = Field(
        description="The invoice's number exactly as VTEX has it, leading zeros kept.", examples=["000045781"]
    )
    tracking_numbers: list[TrackingNumber] = Field(
        default=[],
        max_length=100,
        description="The carrier's numbers; those that the shipment has already stay.",
        examples=[["QX004512345BR"]],
    )
    invoice_key: Words | None = Field(default=None, description="The access key of a Brazilian NF-e.")
    courier: Words | None = Field(default=None, description="The courier that VTEX names.")
    invoiced_at: Instant | None = Field(
        default=None, description="When it was invoiced, with an offset.", examples=["2026-03-04T15:04:31-03:00"]
    )


def _printable(value: str) -> str:
    if not value.isprintable():
        raise PydanticCustomError("printable", "must be one line of printable characters")
    return value


Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), AfterValidator(_printable)
]


class Correction(Asked):
    """What is to be written on a shipment's timeline by hand."""

    text: Line = Field(description="What shoppers read, as it stands.", examples=["entrega em verificação"])
    city: Line | None = None
    state: Line | None = Field(default=None, description="Of the city, such as SP.")
    occurred_at: Instant | None = Field(default=None, description="When; now unless given, never later.")
    reason: Words = Field(description="Stands in the audit log.", examples=["the shopper says that nothing came"])


class ReplayRequest(Asked):
    """Why a webhook is mapped again, and whether anything may change."""

    reason: Words = Field(description="Stands in the audit log.", examples=["the adapter learnt code 38"])
    dry_run: bool = Field(default=False, description="Only show what would differ.")
