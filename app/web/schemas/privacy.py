"""Personal data: orders in dispute, erasures and exports."""

from datetime import datetime
from typing import Self

from pydantic import Field, model_validator

from app.web.schemas.asked import Asked, InvoiceKey, OrderId, TrackingNumber, Words
from app.web.schemas.shown import Shown

__all__ = ["ErasedOrder", "HeldOrder", "HeldOrders", "NamedOrder", "NamedParcel"]


class NamedOrder(Asked):
    """An order, and why something is done with it."""

    account: str = Field(max_length=100, description="The VTEX account.", examples=["mystore"])
    order_id: OrderId = Field(description="VTEX's order id.", examples=["1527103869572-01"])
    reason: Words = Field(description="Stands in the audit log.", examples=["chargeback 4711"])


class NamedParcel(Asked):
    """An order, or the parcel with a tracking number or the key of its invoice, that is to be erased."""

    account: str = Field(max_length=100, description="The VTEX account.", examples=["mystore"])
    order_id: OrderId | None = Field(default=None, description="VTEX's order id.", examples=["1527103869572-01"])
    tracking_number: TrackingNumber | None = Field(default=None, description="However it is written, in place of it.")
    invoice_key: InvoiceKey | None = Field(
        default=None, description="Of an NF-e, for parcels that are known by nothing else; in place of both."
    )
    reason: Words = Field(
        description="Stands in the audit log; what is erased is masked in it.", examples=["request of its subject"]
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(each is not None for each in (self.order_id, self.tracking_number, self.invoice_key)) != 1:
            msg = "needs one of order_id, tracking_number and invoice_key"
            raise ValueError(msg)
        return self


class HeldOrder(Shown):
    """An order of which nothing is deleted."""

    account: str
    order_id: str
    actor: str
    reason: str
    since: datetime


class HeldOrders(Shown):
    """The orders that are held."""

    items: tuple[HeldOrder, ...]


class ErasedOrder(Shown):
    """What an erasure deleted."""

    id: str = Field(description="Under which the audit log has it; it says nothing of the order.")
    done: bool = Field(description="Ask again while it is false: webhooks are still searched.")
    rows: dict[str, int] = Field(description="How many rows went this time, by table.")
    shared: int = Field(description="How many parcels stay because other orders show them as well.")
