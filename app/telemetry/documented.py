"""What is said of a metric."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["MetricDoc"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricDoc:
    """One metric, as the reference shows it and as its collector is made.

    Args:
        name: Its name in queries.
        type: What Prometheus calls it.
        labels: Names of its labels.
        description: What it counts or measures.
        buckets: Upper bounds, for histograms.

    """

    name: str
    type: Literal["counter", "histogram", "gauge"]
    labels: tuple[str, ...] = ()
    description: str
    buckets: tuple[float, ...] = ()
