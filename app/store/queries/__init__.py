"""What operators ask of the store: pure functions from a read-only connection to plain values, newest first."""

from app.store.queries.accounts import AccountState, accounts_not_open
from app.store.queries.audit import AuditEntry, AuditFilter, list_audit
from app.store.queries.comparison import (
    ComparedRow,
    ComparedShipment,
    Comparison,
    ComparisonFilter,
    ComparisonTotals,
    compare,
)
from app.store.queries.journal import AttemptDetail, EventDetail, RowDetail
from app.store.queries.overviews import AccountOverview, account_overviews
from app.store.queries.paging import Page
from app.store.queries.parked import (
    ParkedCause,
    SubjectFilter,
    SubjectState,
    WaitingSubject,
    list_subjects,
    parked_causes,
    subject_state,
    waiting_subject,
)
from app.store.queries.refusals import Refusal, RefusalFilter, RefusalSummary, list_refusals, refusal
from app.store.queries.search import Found, FoundShipment, search
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
    "AccountOverview",
    "AccountState",
    "AttemptDetail",
    "AuditEntry",
    "AuditFilter",
    "ComparedRow",
    "ComparedShipment",
    "Comparison",
    "ComparisonFilter",
    "ComparisonTotals",
    "EventDetail",
    "Found",
    "FoundShipment",
    "Page",
    "ParkedCause",
    "Refusal",
    "RefusalFilter",
    "RefusalSummary",
    "RowDetail",
    "ShipmentDetail",
    "ShipmentFilter",
    "ShipmentSummary",
    "SubjectDetail",
    "SubjectFilter",
    "SubjectState",
    "WaitingSubject",
    "WebhookDetail",
    "WebhookFilter",
    "WebhookSummary",
    "account_overviews",
    "accounts_not_open",
    "compare",
    "list_audit",
    "list_refusals",
    "list_shipments",
    "list_subjects",
    "list_webhooks",
    "parked_causes",
    "refusal",
    "search",
    "shipment",
    "shipment_summary",
    "subject_state",
    "waiting_subject",
    "webhook",
    "webhook_summary",
]
