"""What operators ask of the store: pure functions from a read-only connection to plain values, newest first."""

from typing import TYPE_CHECKING

from app.exports import late_names

if TYPE_CHECKING:
    from app.store.queries.accounts import AccountState, accounts_not_open
    from app.store.queries.audit import AuditEntry, AuditFilter, list_audit
    from app.store.queries.bodies import SEARCHED, search_bodies
    from app.store.queries.comparison import (
        ComparedRow,
        ComparedShipment,
        Comparison,
        ComparisonFilter,
        ComparisonTotals,
        compare,
    )
    from app.store.queries.journal import AttemptDetail, EventDetail, RowDetail, words_of
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
    from app.store.queries.quiet import QuietCount, QuietPage, QuietShipment, count_quiet, quiet_shipments
    from app.store.queries.refusals import Refusal, RefusalFilter, RefusalSummary, list_refusals, refusal
    from app.store.queries.searching import Found, FoundShipment, search
    from app.store.queries.shipments import (
        ShipmentDetail,
        ShipmentFilter,
        ShipmentSummary,
        list_shipments,
        shipment,
        shipment_summary,
    )
    from app.store.queries.told import (
        AttemptFilter,
        AttemptSummary,
        EventFilter,
        EventSummary,
        list_attempts,
        list_events,
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
    "SEARCHED",
    "AccountOverview",
    "AccountState",
    "AttemptDetail",
    "AttemptFilter",
    "AttemptSummary",
    "AuditEntry",
    "AuditFilter",
    "ComparedRow",
    "ComparedShipment",
    "Comparison",
    "ComparisonFilter",
    "ComparisonTotals",
    "EventDetail",
    "EventFilter",
    "EventSummary",
    "Found",
    "FoundShipment",
    "Page",
    "ParkedCause",
    "QuietCount",
    "QuietPage",
    "QuietShipment",
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
    "count_quiet",
    "list_attempts",
    "list_audit",
    "list_events",
    "list_refusals",
    "list_shipments",
    "list_subjects",
    "list_webhooks",
    "parked_causes",
    "quiet_shipments",
    "refusal",
    "search",
    "search_bodies",
    "shipment",
    "shipment_summary",
    "subject_state",
    "waiting_subject",
    "webhook",
    "webhook_summary",
    "words_of",
]

if not TYPE_CHECKING:
    __getattr__ = late_names(
        __name__,
        {
            "accounts": "AccountState accounts_not_open",
            "audit": "AuditEntry AuditFilter list_audit",
            "bodies": "SEARCHED search_bodies",
            "comparison": "ComparedRow ComparedShipment Comparison ComparisonFilter ComparisonTotals compare",
            "journal": "AttemptDetail EventDetail RowDetail words_of",
            "overviews": "AccountOverview account_overviews",
            "paging": "Page",
            "parked": (
                "ParkedCause SubjectFilter SubjectState WaitingSubject list_subjects "
                "parked_causes subject_state waiting_subject"
            ),
            "quiet": "QuietCount QuietPage QuietShipment count_quiet quiet_shipments",
            "refusals": "Refusal RefusalFilter RefusalSummary list_refusals refusal",
            "searching": "Found FoundShipment search",
            "shipments": "ShipmentDetail ShipmentFilter ShipmentSummary list_shipments shipment shipment_summary",
            "told": "AttemptFilter AttemptSummary EventFilter EventSummary list_attempts list_events",
            "webhooks": (
                "SubjectDetail WebhookDetail WebhookFilter WebhookSummary list_webhooks webhook webhook_summary"
            ),
        },
    )
