"""The operators' interface in JSON, with descriptions and examples."""

from app.web.schemas.asked import NewShipment, ReplayRequest
from app.web.schemas.shown import (
    Attempt,
    Body,
    Event,
    Mapping,
    RefusalDetail,
    RefusalItem,
    RefusalPage,
    Row,
    ShipmentDetail,
    ShipmentItem,
    ShipmentPage,
    Subject,
    Verification,
    WebhookDetail,
    WebhookItem,
    WebhookPage,
    readable,
)

__all__ = [
    "Attempt",
    "Body",
    "Event",
    "Mapping",
    "NewShipment",
    "RefusalDetail",
    "RefusalItem",
    "RefusalPage",
    "ReplayRequest",
    "Row",
    "ShipmentDetail",
    "ShipmentItem",
    "ShipmentPage",
    "Subject",
    "Verification",
    "WebhookDetail",
    "WebhookItem",
    "WebhookPage",
    "readable",
]
