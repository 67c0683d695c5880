"""What operators ask of the store: pure functions from a read-only connection to plain values, newest first."""

from app.store.queries.accounts import AccountState, accounts_not_open
from app.store.queries.journal import AttemptDetail, EventDetail, RowDetail
from app.store.queries.paging import Page
from app.store.queries.refusals import Refusal, RefusalFilter, RefusalSummary, list_refusals, refusal
from app.store.queries.shipments import (
    ShipmentDetail,
    ShipmentFilter,
    ShipmentSummary,
    list_shipments,
    shipment,
    shipment_summary,
)
from app.store.queries.webhooks import (
    SubjectDetail,
    WebhookDetail,
    WebhookFilter,
    WebhookSummary,
    list_webhooks,
    webhook,
    webhook_summary,
)

__all__ = [
    "AccountState",
    "AttemptDetail",
    "EventDetail",
    "Page",
    "Refusal",
    "RefusalFilter",
    "RefusalSummary",
    "RowDetail",
    "ShipmentDetail",
    "ShipmentFilter",
    "ShipmentSummary",
    "SubjectDetail",
    "WebhookDetail",
    "WebhookFilter",
    "WebhookSummary",
    "accounts_not_open",
    "list_refusals",
    "list_shipments",
    "list_webhooks",
    "refusal",
    "shipment",
    "shipment_summary",
    "webhook",
    "webhook_summary",
]
