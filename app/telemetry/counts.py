"""Counters and histograms of what happens with every webhook, which count in a tenth of the time of the client's own.

Those take a lock for each number and look for whom to tell of an exemplar. These count on the event loop alone, and are
shown when somebody asks, like whatever else is collected for a scrape.
"""

import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from app.telemetry.catalogue import MetricDoc

__all__ = ["Counts", "Spread"]


class Counts(Collector):
    """A counter; labels are given in the order of its catalogue's entry."""

    def __init__(self, doc: MetricDoc, registry: CollectorRegistry) -> None:
        """Register it."""
        self._doc: Final = doc
        self._counts: dict[tuple[str, ...], int] = {}
        self._since: dict[tuple[str, ...], float] = {}
        registry.register(self)

    def add(self, labels: tuple[str, ...], count: int = 1) -> None:
        """Count in the series of these labels; 0 has it shown from now on."""
        if labels in self._counts:
            self._counts[labels] += count
        else:
            self._counts[labels] = count
            self._since[labels] = time.time()

    def describe(self) -> Iterator[CounterMetricFamily]:
        """Say which names are taken."""
        yield CounterMetricFamily(self._doc.name, self._doc.description, labels=self._doc.labels)

    def collect(self) -> Iterator[CounterMetricFamily]:
        """Show all series."""
        (family,) = self.describe()
        for labels, count in sorted(self._counts.items()):
            family.add_metric(labels, count, created=self._since[labels])
        yield family


class Spread(Collector):
    """A histogram without labels."""

    def __init__(self, doc: MetricDoc, registry: CollectorRegistry) -> None:
        """Register it."""
        assert not doc.labels  # noqa: S101 - one series
        self._doc: Final = doc
        self._bounds: Sequence[float] = (*(doc.buckets or ()), float("inf"))
        self._counts = [0] * len(self._bounds)
        self._sum = 0.0
        registry.register(self)

    def observe(self, value: float) -> None:
        """Count a value."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._sum += value

    def describe(self) -> Iterator[HistogramMetricFamily]:
        """Say which names are taken."""
        yield HistogramMetricFamily(self._doc.name, self._doc.description)

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Show all buckets."""
        (family,) = self.describe()
        counted = zip(map(floatToGoString, self._bounds), accumulate(self._counts), strict=True)
        family.add_metric((), buckets=list(counted), sum_value=self._sum)
        yield family
