"""Lists of events and of calls to VTEX, and of parcels that nothing is heard of, in JSON."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from app.web.schemas.shown import AttemptId, EventId, ShipmentId, ShipmentItem, Shown, WebhookId

__all__ = ["AttemptItem", "AttemptPage", "EventItem", "EventPage", "QuietItem", "QuietPage"]

_NEXT = "The `cursor` of the next page. A page may be short and have one all the same: it looks through so many only."


class EventItem(Shown):
    """An event as a list shows it, without what its carrier may have written of persons."""

    id: EventId
    webhook_id: WebhookId = Field(description="The webhook that brought it first.")
    owner: str = Field(examples=["mystore"])
    carrier: str = Field(examples=["easypost"])
    subject: str = Field(examples=["number:QX004512345BR"])
    resolution: Literal["placed", "parked", "unmatched", "skipped"] = Field(
        description="Whether the shipment is known that it is about."
    )
    received_at: datetime
    occurred_at: datetime | None
    code: str
    milestone: str
    city: str | None
    state: str | None
    description: str | None
    tracking_number: str | None


class EventPage(Shown):
    """Some events, those that arrived last first."""

    items: tuple[EventItem, ...]
    next: str | None = Field(description=_NEXT)


class AttemptItem(Shown):
    """A call to VTEX."""

    id: AttemptId
    account: str = Field(examples=["mystore"])
    shipment_id: ShipmentId
    order_id: str
    invoice_number: str
    call: str = Field(description="put, patch, get; observe where nothing was sent.")
    started_at: datetime
    ended_at: datetime | None = Field(description="null while it is in flight.")
    outcome: str | None = Field(description="What its end means; null while it is in flight.", examples=["applied"])
    status: int | None
    detail: str | None
    receipt: str | None


class AttemptPage(Shown):
    """Some calls, newest first."""

    items: tuple[AttemptItem, ...]
    next: str | None = Field(description=_NEXT)


class QuietItem(ShipmentItem):
    """A shipment on its way that nothing is heard of."""

    quiet_days: float = Field(description="For how long.")


class QuietPage(Shown):
    """Some of them, the quietest first."""

    items: tuple[QuietItem, ...]
    next: str | None = Field(description="The `cursor` of the next page.")
