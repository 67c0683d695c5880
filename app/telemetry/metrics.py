"""The metrics themselves, made from their catalogue.

Labels come from closed sets. A value that is in none of them counts as ``other``, so that nobody outside can grow the
number of series.
"""

from collections.abc import Callable, Collection
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from app.errors import RelayError
from app.model import Milestone
from app.telemetry.catalogue import (
    ATTEMPT_SECONDS,
    ATTEMPTS,
    COMMIT_BATCH_SIZE,
    COMMIT_SECONDS,
    EVENTS,
    FORWARD_LAG_SECONDS,
    INGEST_SECONDS,
    REFUSALS,
    SECRET_MATCHED,
    SOURCE_WEBHOOKS,
    UNKNOWN_CODES,
    WEBHOOKS,
    MetricDoc,
)
from app.telemetry.gauges import Backlog, BacklogCollector, Vitals, VitalsCollector

__all__ = ["OTHER", "Metrics"]

OTHER: Final = "other"

_WEBHOOK_OUTCOMES: Final = frozenset({"accepted", "duplicate", "ignored", "refused", "failed"})
_ATTEMPT_OUTCOMES: Final = frozenset(
    {"applied", "unknown", "not-applied", "unauthorised", "forbidden", "missing", "refused"}
)
# Refusals before verification have no error class of ours; the others are labelled by their errors' reasons.
_ROUTE_CAUSES: Final = frozenset(
    {"not-found", "method-not-allowed", "too-large", "unsupported-media-type", "too-many-requests"}
)
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
        self._webhooks = _counter(WEBHOOKS, registry)
        self._refusals = _counter(REFUSALS, registry)
        self._events = _counter(EVENTS, registry)
        self._unknown_codes = _counter(UNKNOWN_CODES, registry)
        self._attempts = _counter(ATTEMPTS, registry)
        self._attempt_seconds = _histogram(ATTEMPT_SECONDS, registry)
        self._ingest_seconds = _histogram(INGEST_SECONDS, registry)
        self._forward_lag_seconds = _histogram(FORWARD_LAG_SECONDS, registry)
        self._commit_seconds = _histogram(COMMIT_SECONDS, registry)
        self._commit_batch_size = _histogram(COMMIT_BATCH_SIZE, registry)
        self._secret_matched = _counter(SECRET_MATCHED, registry)
        self._source_webhooks = _counter(SOURCE_WEBHOOKS, registry)
        for source in self._sources:
            # From zero on, so that a source is seen to have said nothing yet.
            self._source_webhooks.labels(source)

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

    def forwarded(self, account: str, lag_seconds: float) -> None:
        """Record how long a webhook's rows took to reach VTEX."""
        self._forward_lag_seconds.labels(_closed(account, self._accounts)).observe(lag_seconds)

    def commit(self, seconds: float, size: int) -> None:
        """Record a group commit."""
        self._commit_seconds.observe(seconds)
        self._commit_batch_size.observe(size)

    def secret_matched(self, source: str, secret: int) -> None:
        """Count a proof by its source and the position of its secret; schemes without secrets say a negative one."""
        source = _closed(source, self._sources)
        self._source_webhooks.labels(source).inc()
        if secret >= 0:
            self._secret_matched.labels(source, _closed(str(secret), _SECRETS)).inc()

    def watch(self, backlog: Callable[[], Backlog | None]) -> None:
        """Ask for the backlog at every scrape; while there is no answer, its gauges are absent rather than zero."""
        self._registry.register(BacklogCollector(backlog, self._accounts))

    def watch_vitals(self, vitals: Callable[[], Vitals]) -> None:
        """Ask for the process's vitals at every scrape."""
        self._registry.register(VitalsCollector(vitals))

    def exposition(self) -> tuple[bytes, str]:
        """Return all metrics as a scrape gets them, and their content type."""
        return generate_latest(self._registry), CONTENT_TYPE_LATEST


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
