"""The catalogue of metrics: every name, label and bucket; the collectors and their reference are made from it."""

from typing import Final

from app.telemetry.documented import MetricDoc

__all__ = [
    "ACCOUNT_STATE",
    "ALERTS",
    "ATTEMPTS",
    "ATTEMPT_SECONDS",
    "BACKLOG_AGE_SECONDS",
    "COMMIT_BATCH_SIZE",
    "COMMIT_SECONDS",
    "DEAD",
    "DISK_FREE_BYTES",
    "EVENTS",
    "FORWARD_LAG_SECONDS",
    "INGEST_SECONDS",
    "NOTIFICATIONS",
    "OLDEST_DUE_SECONDS",
    "ORDERS_DUE",
    "ORDERS_TOLD",
    "ORDER_CALLS",
    "ORDER_HOOK",
    "ORDER_READS",
    "PARKED",
    "REFUSALS",
    "RETENTION_DELETED",
    "RETENTION_OLDEST_SECONDS",
    "SECRET_MATCHED",
    "SHIPMENTS_DUE",
    "SHIPMENTS_QUIET",
    "SOURCE_QUIET",
    "SOURCE_WEBHOOKS",
    "SUBJECTS",
    "TIME_SECONDS",
    "UNKNOWN_CODES",
    "WEBHOOKS",
    "WORKER_SILENT_SECONDS",
    "MetricDoc",
    "describe_metrics",
]

_REQUEST: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_CALL: Final = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60)
_LAG: Final = (0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 14_400, 86_400)
_SIZE: Final = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


WEBHOOKS = MetricDoc(
    name="relay_webhooks_total",
    type="counter",
    labels=("carrier", "outcome"),
    description="Webhooks by carrier, and what became of them at the door.",
)
REFUSALS = MetricDoc(
    name="relay_refusals_total",
    type="counter",
    labels=("cause",),
    description="Refused requests by cause; `left-unread` and `closed-unread` count connections of addresses that were "
    "refused too often.",
)
EVENTS = MetricDoc(
    name="relay_events_total",
    type="counter",
    labels=("carrier", "milestone"),
    description="Events that webhooks were mapped to, by what they mean.",
)
UNKNOWN_CODES = MetricDoc(
    name="relay_unknown_codes_total",
    type="counter",
    labels=("carrier",),
    description="Events with a code that the carrier's adapter does not list.",
)
ATTEMPTS = MetricDoc(
    name="relay_attempts_total",
    type="counter",
    labels=("account", "outcome"),
    description="Calls that write to VTEX, by what their answer says.",
)
ATTEMPT_SECONDS = MetricDoc(
    name="relay_attempt_seconds",
    type="histogram",
    labels=("account",),
    description="Duration of calls that write to VTEX.",
    buckets=_CALL,
)
ORDER_CALLS = MetricDoc(
    name="relay_order_calls_total",
    type="counter",
    labels=("account", "call", "outcome"),
    description="Calls that ask VTEX which orders there are: its feed and its list, by what the answer says.",
)
ORDERS_TOLD = MetricDoc(
    name="relay_orders_told_total",
    type="counter",
    labels=("account", "source"),
    description="Orders that were found by the feed, a backfill or a sweep; the same one may be found often.",
)
INGEST_SECONDS = MetricDoc(
    name="relay_ingest_seconds",
    type="histogram",
    description="Time from a webhook's last byte to its answer.",
    buckets=_REQUEST,
)
FORWARD_LAG_SECONDS = MetricDoc(
    name="relay_forward_lag_seconds",
    type="histogram",
    labels=("account",),
    description="Time from a webhook's arrival to its rows in VTEX, waiting for the account included.",
    buckets=_LAG,
)
COMMIT_SECONDS = MetricDoc(
    name="relay_commit_seconds",
    type="histogram",
    description="Duration of a group commit, the sync to disk included.",
    buckets=_REQUEST,
)
COMMIT_BATCH_SIZE = MetricDoc(
    name="relay_commit_batch_size",
    type="histogram",
    description="Writes that one commit made durable together.",
    buckets=_SIZE,
)
SECRET_MATCHED = MetricDoc(
    name="relay_secret_matched_total",
    type="counter",
    labels=("source", "secret"),
    description="Proven webhooks by source and position of the secret that matched; above 0 it is an old one.",
)
NOTIFICATIONS = MetricDoc(
    name="relay_order_notifications_total",
    type="counter",
    labels=("account", "outcome"),
    description="Notifications of VTEX's order hook, by what became of them at the door.",
)
ALERTS = MetricDoc(
    name="relay_alerts_total",
    type="counter",
    labels=("kind", "outcome"),
    description="Posts to `alert_url`, by what they are about and whether they were taken.",
)
ORDER_READS = MetricDoc(
    name="relay_order_reads_total",
    type="counter",
    labels=("account", "outcome"),
    description="Reads of orders that were told of, by what VTEX's answer says.",
)
ORDER_HOOK = MetricDoc(
    name="relay_order_hook",
    type="gauge",
    labels=("account", "state"),
    description="1 for what was last found of the account's order hook: none, ours, differs (ours), foreign, unknown.",
)
ORDERS_DUE = MetricDoc(
    name="relay_orders_due",
    type="gauge",
    description="Orders that were told of and wait for a read that may start now.",
)
SOURCE_WEBHOOKS = MetricDoc(
    name="relay_source_webhooks_total",
    type="counter",
    labels=("source",),
    description="Webhooks that were taken, repeated ones included, by source: what goes quiet stops growing.",
)
SOURCE_QUIET = MetricDoc(
    name="relay_source_quiet",
    type="gauge",
    labels=("source",),
    description="1 while a source is silent for longer than is usual for it, else 0; absent while that cannot be told.",
)
SHIPMENTS_QUIET = MetricDoc(
    name="relay_shipments_quiet",
    type="gauge",
    labels=("account",),
    description="Shipments on their way that no carrier has told of for quiet_after_days, counted up to 100,000.",
)
SHIPMENTS_DUE = MetricDoc(
    name="relay_shipments_due",
    type="gauge",
    description="Shipments that wait for a call that may start now.",
)
PARKED = MetricDoc(
    name="relay_parked",
    type="gauge",
    description="Events whose order is not known yet.",
)
SUBJECTS = MetricDoc(
    name="relay_subjects_total",
    type="counter",
    labels=("source", "outcome"),
    description=(
        "Parcels that each source told of: seen, placed on a shipment within an hour, and placed at all; the match rate"
        " is the share of those seen."
    ),
)
DEAD = MetricDoc(
    name="relay_dead",
    type="gauge",
    description="Events of ours that will not be tried again without a person.",
)
OLDEST_DUE_SECONDS = MetricDoc(
    name="relay_oldest_due_seconds",
    type="gauge",
    description="How long the shipment that is due longest has been due; retries in the future do not count.",
)
BACKLOG_AGE_SECONDS = MetricDoc(
    name="relay_backlog_age_seconds",
    type="gauge",
    description="How long ago the gauges that come from the store were looked up; it grows while the store is down.",
)
ACCOUNT_STATE = MetricDoc(
    name="relay_account_state",
    type="gauge",
    labels=("account", "state"),
    description="1 for the state that an account is in: open, paused, probing, held or stopped.",
)
RETENTION_DELETED = MetricDoc(
    name="relay_retention_deleted_total",
    type="counter",
    labels=("kind",),
    description="Rows that were deleted because of their age, by table.",
)
RETENTION_OLDEST_SECONDS = MetricDoc(
    name="relay_retention_oldest_seconds",
    type="gauge",
    labels=("kind",),
    description=(
        "Age of the oldest row of a table when retention last began with it; what is open, parked, given up or held"
        " stays beyond its time. Only the process that deletes knows it."
    ),
)
TIME_SECONDS = MetricDoc(
    name="relay_time_seconds",
    type="gauge",
    description="What the process takes for the time, in seconds since 1970.",
)
WORKER_SILENT_SECONDS = MetricDoc(
    name="relay_worker_silent_seconds",
    type="gauge",
    description="Time since the quietest worker of the process last gave a sign of life.",
)
DISK_FREE_BYTES = MetricDoc(
    name="relay_disk_free_bytes",
    type="gauge",
    description="Free space where the database file is; absent with PostgreSQL.",
)

_DOCS: Final = (
    WEBHOOKS,
    REFUSALS,
    EVENTS,
    UNKNOWN_CODES,
    ATTEMPTS,
    ATTEMPT_SECONDS,
    ORDER_CALLS,
    ORDERS_TOLD,
    INGEST_SECONDS,
    FORWARD_LAG_SECONDS,
    COMMIT_SECONDS,
    COMMIT_BATCH_SIZE,
    SECRET_MATCHED,
    NOTIFICATIONS,
    ALERTS,
    ORDER_READS,
    ORDER_HOOK,
    ORDERS_DUE,
    SOURCE_WEBHOOKS,
    SOURCE_QUIET,
    SHIPMENTS_QUIET,
    SHIPMENTS_DUE,
    PARKED,
    SUBJECTS,
    DEAD,
    OLDEST_DUE_SECONDS,
    BACKLOG_AGE_SECONDS,
    ACCOUNT_STATE,
    RETENTION_DELETED,
    RETENTION_OLDEST_SECONDS,
    TIME_SECONDS,
    WORKER_SILENT_SECONDS,
    DISK_FREE_BYTES,
)


def describe_metrics() -> tuple[MetricDoc, ...]:
    """Return every metric of the relay."""
    return _DOCS
