"""What the relay tells about itself: log lines and metrics."""

from app.telemetry.catalogue import MetricDoc, describe_metrics
from app.telemetry.gauges import Backlog, Vitals
from app.telemetry.logs import MASK, configure_logging, log_event
from app.telemetry.metrics import OTHER, Metrics

__all__ = [
    "MASK",
    "OTHER",
    "Backlog",
    "MetricDoc",
    "Metrics",
    "Vitals",
    "configure_logging",
    "describe_metrics",
    "log_event",
]
