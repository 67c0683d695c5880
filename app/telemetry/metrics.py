"""The metrics themselves, made from their catalogue.

Labels come from closed sets. A value that is in none of them counts as ``other``, so that nobody outside can grow the
number of series.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from app.errors import RelayError
from app.model import Milestone
from app.telemetry.catalogue import (
    ATTEMPT_SECONDS,
    ATTEMPTS,
    COMMIT_BATCH_SIZE,
    COMMIT_SECONDS,
    DEAD,
    EVENTS,
    FORWARD_LAG_SECONDS,
    INGEST_SECONDS,
    NOTIFICATIONS,
    OLDEST_DUE_SECONDS,
    ORDER_CALLS,
    ORDER_READS,
    ORDERS_DUE,
    ORDERS_TOLD,
    PARKED,
    REFUSALS,
    SECRET_MATCHED,
    SHIPMENTS_DUE,
    SUBJECTS,
    UNKNOWN_CODES,
    WEBHOOKS,
    MetricDoc,
)

__all__ = ["OTHER", "Backlog", "Metrics"]

OTHER: Final = "other"

_WEBHOOK_OUTCOMES: Final = frozenset({"accepted", "duplicate", "ignored", "refused", "failed"})
_ATTEMPT_OUTCOMES: Final = frozenset(
    {"applied", "unknown", "not-applied", "unauthorised", "forbidden", "missing", "refused"}
)
_ORDER_CALLS: Final = frozenset({"feed", "feed-commit", "feed-config", "list"})
_ORDER_SOURCES: Final = frozenset({"feed", "backfill", "sweep"})
_NOTIFICATION_OUTCOMES: Final = frozenset(
    {"due", "echo", "known", "ping", "no-package", "foreign", "refused", "failed"}
)
# Refusals before verification have no error class of ours; the others are labelled by their errors' reasons.
_ROUTE_CAUSES: Final = frozenset(
    {"not-found", "method-not-allowed", "too-large", "unsupported-media-type", "too-many-requests"}
)
_MATCH_OUTCOMES: Final = ("seen", "placed-within-hour", "placed")
_SECRETS: Final = frozenset(map(str, range(10)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits, as the gauges show it."""

    shipments_due: int
    parked: int
    dead: int
    oldest_due_seconds: float
    orders_due: int = 0
    matches: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)
    """Of each source: parcels seen, placed within an hour, placed."""


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
        self._webhooks = _counter(WEBHOOKS, registry)
        self._refusals = _counter(REFUSALS, registry)
        self._events = _counter(EVENTS, registry)
        self._unknown_codes = _counter(UNKNOWN_CODES, registry)
        self._attempts = _counter(ATTEMPTS, registry)
        self._attempt_seconds = _histogram(ATTEMPT_SECONDS, registry)
        self._order_calls = _counter(ORDER_CALLS, registry)
        self._orders_told = _counter(ORDERS_TOLD, registry)
        self._ingest_seconds = _histogram(INGEST_SECONDS, registry)
        self._forward_lag_seconds = _histogram(FORWARD_LAG_SECONDS, registry)
        self._commit_seconds = _histogram(COMMIT_SECONDS, registry)
        self._commit_batch_size = _histogram(COMMIT_BATCH_SIZE, registry)
        self._secret_matched = _counter(SECRET_MATCHED, registry)
        self._notifications = _counter(NOTIFICATIONS, registry)
        self._order_reads = _counter(ORDER_READS, registry)

    def webhook(self, carrier: str, outcome: str, seconds: float) -> None:
        """Count a webhook and the time that its answer took."""
        outcome = _closed(outcome, _WEBHOOK_OUTCOMES)
        self._webhooks.labels(_closed(carrier, self._carriers), outcome).inc()
        self._ingest_seconds.observe(seconds)

    def refusal(self, cause: str) -> None:
        """Count a refused request by its cause: the ``reason`` of an error, or what the route found."""
        self._refusals.labels(_closed(cause, self._causes)).inc()

    def event(self, carrier: str, milestone: Milestone, *, is_unknown: bool = False) -> None:
        """Count an event, and its code if the adapter does not list it."""
        carrier = _closed(carrier, self._carriers)
        self._events.labels(carrier, milestone.value).inc()
        if is_unknown:
            self._unknown_codes.labels(carrier).inc()

    def attempt(self, account: str, outcome: str, seconds: float) -> None:
        """Count a call that writes to VTEX."""
        account = _closed(account, self._accounts)
        self._attempts.labels(account, _closed(outcome, _ATTEMPT_OUTCOMES)).inc()
        self._attempt_seconds.labels(account).observe(seconds)

    def order_call(self, account: str, call: str, outcome: str) -> None:
        """Count a call that asks which orders there are."""
        labels = (_closed(call, _ORDER_CALLS), _closed(outcome, _ATTEMPT_OUTCOMES))
        self._order_calls.labels(_closed(account, self._accounts), *labels).inc()

    def orders_told(self, account: str, source: str, count: int) -> None:
        """Count orders that were found."""
        self._orders_told.labels(_closed(account, self._accounts), _closed(source, _ORDER_SOURCES)).inc(count)

    def forwarded(self, account: str, lag_seconds: float) -> None:
        """Record how long a webhook's rows took to reach VTEX."""
        self._forward_lag_seconds.labels(_closed(account, self._accounts)).observe(lag_seconds)

    def commit(self, seconds: float, size: int) -> None:
        """Record a group commit."""
        self._commit_seconds.observe(seconds)
        self._commit_batch_size.observe(size)

    def secret_matched(self, source: str, secret: int) -> None:
        """Count a proof by the position of its secret; negative positions, of schemes without secrets, do not count."""
        if secret >= 0:
            position = _closed(str(secret), _SECRETS)
            self._secret_matched.labels(_closed(source, self._sources), position).inc()

    def notification(self, account: str, outcome: str) -> None:
        """Count a notification of VTEX's order hook."""
        self._notifications.labels(_closed(account, self._accounts), _closed(outcome, _NOTIFICATION_OUTCOMES)).inc()

    def order_read(self, account: str, outcome: str) -> None:
        """Count a read of an order that was told of."""
        self._order_reads.labels(_closed(account, self._accounts), _closed(outcome, _ATTEMPT_OUTCOMES)).inc()

    def watch(self, backlog: Callable[[], Backlog | None]) -> None:
        """Ask for the backlog at every scrape; while there is no answer, its gauges are absent rather than zero."""
        self._registry.register(_BacklogCollector(backlog, self._sources))

    def exposition(self) -> tuple[bytes, str]:
        """Return all metrics as a scrape gets them, and their content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST


class _BacklogCollector(Collector):
    def __init__(self, backlog: Callable[[], Backlog | None], sources: frozenset[str]) -> None:
        self._backlog = backlog
        self._sources = sources

    def describe(self) -> Iterator[Metric]:
        """Name the metrics without asking for their values."""
        for doc in (ORDERS_DUE, SHIPMENTS_DUE, PARKED, DEAD, OLDEST_DUE_SECONDS):
            yield GaugeMetricFamily(doc.name, doc.description)
        yield CounterMetricFamily(SUBJECTS.name, SUBJECTS.description)

    def collect(self) -> Iterator[Metric]:
        try:
            backlog = self._backlog()
        except RelayError:
            # A store that is down must not take the metrics with it that tell so.
            return
        if backlog is None:
            return
        for doc, value in (
            (ORDERS_DUE, backlog.orders_due),
            (SHIPMENTS_DUE, backlog.shipments_due),
            (PARKED, backlog.parked),
            (DEAD, backlog.dead),
            (OLDEST_DUE_SECONDS, backlog.oldest_due_seconds),
        ):
            yield GaugeMetricFamily(doc.name, doc.description, value=value)
        yield self._subjects(backlog)

    def _subjects(self, backlog: Backlog) -> Metric:
        """Tell of each source how many parcels found their shipment; sources that left count together."""
        sums: dict[tuple[str, str], int] = {}
        for source, counts in backlog.matches.items():
            for outcome, count in zip(_MATCH_OUTCOMES, counts, strict=True):
                labels = (_closed(source, self._sources), outcome)
                sums[labels] = sums.get(labels, 0) + count
        family = CounterMetricFamily(SUBJECTS.name, SUBJECTS.description, labels=SUBJECTS.labels)
        for labels, count in sums.items():
            family.add_metric(labels, count)
        return family


def _closed(value: str, known: frozenset[str]) -> str:
    return value if value in known else OTHER


def _reasons(error: type[RelayError]) -> frozenset[str]:
    """Return the reasons of an error and of all its descendants."""
    below = (_reasons(inner) for inner in error.__subclasses__())
    return frozenset({error.reason}).union(*below)


def _counter(doc: MetricDoc, registry: CollectorRegistry) -> Counter:
    return Counter(doc.name, doc.description, doc.labels, registry=registry)


def _histogram(doc: MetricDoc, registry: CollectorRegistry) -> Histogram:
    return Histogram(doc.name, doc.description, doc.labels, registry=registry, buckets=doc.buckets)
