"""Gauges: what is the case now. Nothing is counted for a scrape: what the store knows was sampled before."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from app.errors import RelayError
from app.telemetry.catalogue import (
    ACCOUNT_STATE,
    BACKLOG_AGE_SECONDS,
    DEAD,
    DISK_FREE_BYTES,
    OLDEST_DUE_SECONDS,
    ORDER_HOOK,
    ORDERS_DUE,
    PARKED,
    SHIPMENTS_DUE,
    SHIPMENTS_QUIET,
    SOURCE_QUIET,
    SUBJECTS,
    TIME_SECONDS,
    WORKER_SILENT_SECONDS,
    MetricDoc,
)
from app.telemetry.labels import closed

__all__ = ["Backlog", "BacklogCollector", "Vitals", "VitalsCollector"]

_ACCOUNT_STATES: Final = ("open", "paused", "probing", "held", "stopped")
_HOOK_STATES: Final = ("none", "ours", "differs", "foreign", "unknown")
_MATCH_OUTCOMES: Final = ("seen", "placed-within-hour", "placed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What waits, as the gauges show it.

    Args:
        shipments_due: Shipments whose call may start now.
        parked: Events without an order.
        dead: Rows that wait for a person.
        oldest_due_seconds: How long the oldest of the shipments has been due.
        age_seconds: How long ago all this was looked up.
        resting: State of each account that is not open.
        hooks: What was last found of VTEX's order hook, by account; those that nobody looked at lack.
        orders_due: Orders that were told of and wait for a read that may start now.
        matches: Of each source: parcels seen, placed within an hour, placed.
        quiet_sources: Whether each source is unusually silent; those of which that cannot be told lack.
        quiet_shipments: How many shipments of each account are without news.

    """

    shipments_due: int
    parked: int
    dead: int
    oldest_due_seconds: float
    age_seconds: float = 0.0
    resting: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    hooks: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    orders_due: int = 0
    matches: Mapping[str, tuple[int, int, int]] = field(default_factory=lambda: MappingProxyType({}))
    quiet_sources: Mapping[str, bool] = field(default_factory=lambda: MappingProxyType({}))
    quiet_shipments: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """What a process knows of itself without asking anybody; None where it has no such thing."""

    time_seconds: float
    worker_silent_seconds: float | None = None
    disk_free_bytes: int | None = None


class BacklogCollector(Collector):
    """Show a backlog; while there is none its gauges are absent rather than zero.

    Args:
        backlog: What was sampled last.
        accounts: Names that may stand in a label.
        sources: Sources that may stand in a label.

    """

    def __init__(
        self, backlog: Callable[[], Backlog | None], accounts: frozenset[str], sources: frozenset[str]
    ) -> None:
        self._backlog = backlog
        self._accounts = sorted(accounts)
        self._sources = sources

    def describe(self) -> Iterator[Metric]:
        """Name the metrics without asking for their values."""
        for doc in (ORDERS_DUE, SHIPMENTS_DUE, PARKED, DEAD, OLDEST_DUE_SECONDS, BACKLOG_AGE_SECONDS):
            yield _gauge(doc)
        yield _gauge(ACCOUNT_STATE)
        yield _gauge(ORDER_HOOK)
        yield _gauge(SOURCE_QUIET)
        yield _gauge(SHIPMENTS_QUIET)
        yield CounterMetricFamily(SUBJECTS.name, SUBJECTS.description)

    def collect(self) -> Iterator[Metric]:
        """Show what is known."""
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
            (BACKLOG_AGE_SECONDS, backlog.age_seconds),
        ):
            yield _gauge(doc, value)
        states = _gauge(ACCOUNT_STATE)
        for account in self._accounts:
            found = backlog.resting.get(account, "open")
            for state in _ACCOUNT_STATES:
                states.add_metric((account, state), float(state == found))
        yield states
        yield self._hooks(backlog)
        yield self._subjects(backlog)
        yield from self._quiet(backlog)

    def _quiet(self, backlog: Backlog) -> Iterator[Metric]:
        """Tell of each configured source and account what is silent."""
        families = (
            (SOURCE_QUIET, sorted(self._sources), backlog.quiet_sources),
            (SHIPMENTS_QUIET, self._accounts, backlog.quiet_shipments),
        )
        for doc, names, found in families:
            family = _gauge(doc)
            for name in names:
                if name in found:
                    family.add_metric((name,), float(found[name]))
            yield family

    def _hooks(self, backlog: Backlog) -> Metric:
        """Tell of each configured account how its order hook stands."""
        family = _gauge(ORDER_HOOK)
        for account in self._accounts:
            if account in backlog.hooks:
                for state in _HOOK_STATES:
                    family.add_metric((account, state), float(state == backlog.hooks[account]))
        return family

    def _subjects(self, backlog: Backlog) -> Metric:
        """Tell of each source how many parcels found their shipment; sources that left count together."""
        sums: dict[tuple[str, str], int] = {}
        for source, counts in backlog.matches.items():
            for outcome, count in zip(_MATCH_OUTCOMES, counts, strict=True):
                labels = (closed(source, self._sources), outcome)
                sums[labels] = sums.get(labels, 0) + count
        family = CounterMetricFamily(SUBJECTS.name, SUBJECTS.description, labels=SUBJECTS.labels)
        for labels, count in sums.items():
            family.add_metric(labels, count)
        return family


class VitalsCollector(Collector):
    """Show a process's vitals."""

    def __init__(self, vitals: Callable[[], Vitals]) -> None:
        self._vitals = vitals

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Name the gauges without asking for their values."""
        for doc in (TIME_SECONDS, WORKER_SILENT_SECONDS, DISK_FREE_BYTES):
            yield _gauge(doc)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Ask at every scrape: it costs nothing."""
        vitals = self._vitals()
        yield _gauge(TIME_SECONDS, vitals.time_seconds)
        if vitals.worker_silent_seconds is not None:
            yield _gauge(WORKER_SILENT_SECONDS, vitals.worker_silent_seconds)
        if vitals.disk_free_bytes is not None:
            yield _gauge(DISK_FREE_BYTES, vitals.disk_free_bytes)


def _gauge(doc: MetricDoc, value: float | None = None) -> GaugeMetricFamily:
    return GaugeMetricFamily(doc.name, doc.description, value=value, labels=doc.labels or None)
