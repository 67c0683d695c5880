"""VTEX's own objects for `updateTrackingStatus`, with its own field names and nothing added."""

from pydantic import BaseModel, ConfigDict

__all__ = ["Event", "UpdateTrackingStatusRequest", "UpdateTrackingStatusResponse"]


class Event(BaseModel):
    """One row of a package's timeline."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    city: str
    state: str
    description: str
    date: str


class UpdateTrackingStatusRequest(BaseModel):
    """The body of ``PUT /api/oms/pvt/orders/{orderId}/invoice/{invoiceNumber}/tracking``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    isDelivered: bool  # noqa: N815 - VTEX's name
    deliveredDate: str | None  # noqa: N815 - VTEX's name
    events: tuple[Event, ...]


class UpdateTrackingStatusResponse(BaseModel):
    """What VTEX answers: a receipt. The order id may be an alias of the one that was asked for."""

    # The parser would keep up to 16,384 texts of answers for the next ones, in which none of them comes again.
    model_config = ConfigDict(extra="ignore", frozen=True, cache_strings="keys")

    date: str
    orderId: str  # noqa: N815 - VTEX's name
    receipt: str
