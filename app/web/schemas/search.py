"""What was looked for, in JSON."""

from typing import Literal

from pydantic import Field

from app.web.schemas.parked import SubjectItem
from app.web.schemas.shown import ShipmentItem, Shown

__all__ = ["FoundItem", "FoundPage"]


class FoundItem(Shown):
    """A shipment, and what of it the text is."""

    by: Literal["tracking-number", "order-id", "order-group", "sequence", "invoice-number", "invoice-key"]
    shipment: ShipmentItem = Field(validation_alias="summary")


class FoundPage(Shown):
    """Everything that the text may be, the surest first."""

    items: tuple[FoundItem, ...]
    waiting: tuple[SubjectItem, ...] = Field(description="What carriers told of and whose shipment is not known.")
    is_more: bool = Field(description="Whether something was left out; look for more of the text then.")
    next: None = Field(default=None, description="Always null: there is one page.")
