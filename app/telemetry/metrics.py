"""The metrics themselves, made from their catalogue.

Labels come from closed sets. A value that is in none of them counts as ``other``, so that nobody outside can grow the
number of series.
"""

from collections.abc import Callable, Collection
from functools import cache
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from app.errors import RelayError
from app.model import Milestone
from app.telemetry.catalogue import (
    ALERTS,
    ATTEMPT_SECONDS,
    ATTEMPTS,
    COMMIT_BATCH_SIZE,
    COMMIT_SECONDS,
    EVENTS,
    FORWARD_LAG_SECONDS,
    INGEST_SECONDS,
    NOTIFICATIONS,
    ORDER_CALLS,
    ORDER_READS,
    ORDERS_TOLD,
    REFUSALS,
    RETENTION_DELETED,
    RETENTION_OLDEST_SECONDS,
    SECRET_MATCHED,
    SOURCE_WEBHOOKS,
    UNKNOWN_CODES,
    WEBHOOKS,
    MetricDoc,
)
from app.telemetry.counts import Counts, Spread
from app.telemetry.gauges import Backlog, BacklogCollector, Vitals, VitalsCollector
from app.telemetry.labels import OTHER, closed

__all__ = ["OTHER", "Metrics"]

_WEBHOOK_OUTCOMES: Final = frozenset({"accepted", "duplicate", "ignored", "refused", "failed"})
_ATTEMPT_OUTCOMES: Final = frozenset(
    {"applied", "unknown", "not-applied", "unauthorised", "forbidden", "missing", "refused"}
)
_ORDER_CALLS: Final = frozenset(
    {"feed", "feed-commit", "feed-config", "hook-get", "hook-install", "hook-remove", "list"}
)
_ORDER_SOURCES: Final = frozenset({"feed", "backfill", "sweep"})
_NOTIFICATION_OUTCOMES: Final = frozenset(
    {"due", "echo", "known", "ping", "no-package", "foreign", "refused", "failed"}
)
# Refusals before verification have no error class of ours; the others are labelled by their errors' reasons.
_ROUTE_CAUSES: Final = frozenset(
    {
        "closed-unread",
        "head-too-large",
        "left-unread",
        "method-not-allowed",
        "no-http",
        "not-found",
        "request-timeout",
        "too-large",
        "too-many-requests",
        "unsupported-media-type",
    }
)
_KINDS: Final = frozenset(
    {
        "attempts",
        "audit",
        "bodies",
        "erased_webhooks",
        "events",
        "ledger",
        "orders",
        "presences",
        "refusals",
        "remembered",
        "shipments",
        "subjects",
        "tallies",
        "tombstones",
        "turned_away",
        "unknown_codes",
        "webhooks",
    }
)
_ALERT_KINDS: Final = frozenset({"account-held", "dead-work", "disk-full", "source-quiet", "store-failing"})
_ALERT_OUTCOMES: Final = frozenset({"sent", "failed"})
_SECRETS: Final = frozenset(map(str, range(10)))


class Metrics:
    """The relay's own metrics in a registry of their own.

    Args:
        registry: Where they are registered; never the process's global one, so that two relays can live in one test.
        carriers: Slugs that may stand in labels.
        accounts: Accounts that may stand in labels.
        sources: Sources that may stand in labels.

    """

    def __init__(
        self,
        registry: CollectorRegistry,
        *,
        carriers: Collection[str] = (),
        accounts: Collection[str] = (),
        sources: Collection[str] = (),
    ) -> None:
        self._registry = registry
        self._carriers = frozenset(carriers)
        self._accounts = frozenset(accounts)
        self._sources = frozenset(sources)
        self._causes = _ROUTE_CAUSES | _reasons(RelayError)
        self._webhooks = Counts(WEBHOOKS, registry)
        self._refusals = _counter(REFUSALS, registry)
        self._events = _counter(EVENTS, registry)
        self._unknown_codes = _counter(UNKNOWN_CODES, registry)
        self._attempts = _counter(ATTEMPTS, registry)
        self._attempt_seconds = _histogram(ATTEMPT_SECONDS, registry)
        self._order_calls = _counter(ORDER_CALLS, registry)
        self._orders_told = _counter(ORDERS_TOLD, registry)
        self._ingest_seconds = Spread(INGEST_SECONDS, registry)
        self._forward_lag_seconds = _histogram(FORWARD_LAG_SECONDS, registry)
        self._commit_seconds = _histogram(COMMIT_SECONDS, registry)
        self._commit_batch_size = _histogram(COMMIT_BATCH_SIZE, registry)
        self._secret_matched = Counts(SECRET_MATCHED, registry)
        self._notifications = _counter(NOTIFICATIONS, registry)
        self._order_reads = _counter(ORDER_READS, registry)
        self._alerts = _counter(ALERTS, registry)
        self._retention_deleted = _counter(RETENTION_DELETED, registry)
        self._retention_oldest = Gauge(
            RETENTION_OLDEST_SECONDS.name,
            RETENTION_OLDEST_SECONDS.description,
            RETENTION_OLDEST_SECONDS.labels,
            registry=registry,
        )
        self._source_webhooks = Counts(SOURCE_WEBHOOKS, registry)
        # Finding the series of labels costs several times what counting in it does. There is a bounded number of them.
        self._refusals_of = cache(self._refusals.labels)
        for source in self._sources:
            # From zero on, so that a source is seen to have said nothing yet.
            self._source_webhooks.add((source,), 0)

    def webhook(self, carrier: str, outcome: str, seconds: float) -> None:
        """Count a webhook and the time that its answer took."""
        self._webhooks.add((closed(carrier, self._carriers), closed(outcome, _WEBHOOK_OUTCOMES)))
        self._ingest_seconds.observe(seconds)

    def refusal(self, cause: str) -> None:
        """Count a refused request by its cause: the ``reason`` of an error, or what the route found."""
        self._refusals_of(closed(cause, self._causes)).inc()

    def event(self, carrier: str, milestone: Milestone, *, is_unknown: bool = False) -> None:
        """Count an event, and its code if the adapter does not list it."""
        carrier = closed(carrier, self._carriers)
        self._events.labels(carrier, milestone.value).inc()
        if is_unknown:
            self._unknown_codes.labels(carrier).inc()

    def attempt(self, account: str, outcome: str, seconds: float) -> None:
        """Count a call that writes to VTEX."""
        account = closed(account, self._accounts)
        self._attempts.labels(account, closed(outcome, _ATTEMPT_OUTCOMES)).inc()
        self._attempt_seconds.labels(account).observe(seconds)

    def order_call(self, account: str, call: str, outcome: str) -> None:
        """Count a call that asks which orders there are."""
        labels = (closed(call, _ORDER_CALLS), closed(outcome, _ATTEMPT_OUTCOMES))
        self._order_calls.labels(closed(account, self._accounts), *labels).inc()

    def orders_told(self, account: str, source: str, count: int) -> None:
        """Count orders that were found."""
        self._orders_told.labels(closed(account, self._accounts), closed(source, _ORDER_SOURCES)).inc(count)

    def forwarded(self, account: str, lag_seconds: float) -> None:
        """Record how long a webhook's rows took to reach VTEX."""
        self._forward_lag_seconds.labels(closed(account, self._accounts)).observe(lag_seconds)

    def commit(self, seconds: float, size: int) -> None:
        """Record a group commit."""
        self._commit_seconds.observe(seconds)
        self._commit_batch_size.observe(size)

    def secret_matched(self, source: str, secret: int) -> None:
        """Count a proof by its source and the position of its secret; schemes without secrets say a negative one."""
        source = closed(source, self._sources)
        self._source_webhooks.add((source,))
        if secret >= 0:
            self._secret_matched.add((source, closed(str(secret), _SECRETS)))

    def notification(self, account: str, outcome: str) -> None:
        """Count a notification of VTEX's order hook."""
        self._notifications.labels(closed(account, self._accounts), closed(outcome, _NOTIFICATION_OUTCOMES)).inc()

    def alert(self, kind: str, outcome: str) -> None:
        """Count a post to the alert URL."""
        self._alerts.labels(closed(kind, _ALERT_KINDS), closed(outcome, _ALERT_OUTCOMES)).inc()

    def order_read(self, account: str, outcome: str) -> None:
        """Count a read of an order that was told of."""
        self._order_reads.labels(closed(account, self._accounts), closed(outcome, _ATTEMPT_OUTCOMES)).inc()

    def deleted(self, kind: str, count: int) -> None:
        """Count rows that went because of their age."""
        self._retention_deleted.labels(closed(kind, _KINDS)).inc(count)

    def oldest(self, kind: str, seconds: float) -> None:
        """Show how old the oldest row of a kind is."""
        self._retention_oldest.labels(closed(kind, _KINDS)).set(seconds)

    def watch(self, backlog: Callable[[], Backlog | None]) -> None:
        """Ask for the backlog at every scrape; while there is no answer, its gauges are absent rather than zero."""
        self._registry.register(BacklogCollector(backlog, self._accounts, self._sources))

    def watch_vitals(self, vitals: Callable[[], Vitals]) -> None:
        """Ask for the process's vitals at every scrape."""
        self._registry.register(VitalsCollector(vitals))

    def exposition(self) -> tuple[bytes, str]:
        """Return all metrics as a scrape gets them, and their content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST


def _reasons(error: type[RelayError]) -> frozenset[str]:
    """Return the reasons of an error and of all its descendants."""
    below = (_reasons(inner) for inner in error.__subclasses__())
    return frozenset({error.reason}).union(*below)


def _counter(doc: MetricDoc, registry: CollectorRegistry) -> Counter:
    return Counter(doc.name, doc.description, doc.labels, registry=registry)


def _histogram(doc: MetricDoc, registry: CollectorRegistry) -> Histogram:
    return Histogram(doc.name, doc.description, doc.labels, registry=registry, buckets=doc.buckets)
