"""What happened in spans of time, in JSON: how much arrived, how much VTEX accepted, how long that took."""

from datetime import datetime

from pydantic import Field

from app.web.schemas.shown import Shown

__all__ = ["Latency", "Rhythm", "RhythmSpan"]

_READ = "Seconds from the webhook to VTEX; waiting for the order or for the account is included."


class Latency(Shown):
    """How long events took from their webhook to VTEX; read from classes of length, so about."""

    count: int = Field(description="Events that VTEX accepted.")
    p50_seconds: float | None = Field(description=f"What half of them did not exceed; null for none. {_READ}")
    p95_seconds: float | None
    p99_seconds: float | None


class RhythmSpan(Shown):
    """What happened within a span of time."""

    since: datetime = Field(description="When it began.")
    mapped: int = Field(description="Webhooks that were read.")
    ignored: int = Field(description="Webhooks that hold nothing to tell.")
    unmappable: int = Field(description="Webhooks that cannot be read.")
    refused: int = Field(description="Requests that were not taken, as far as they could be kept.")
    applied: int = Field(description="Calls that VTEX accepted.")
    failed: int = Field(description="Calls that it did not.")
    success_rate: float | None = Field(description="The share of calls that VTEX accepted; null without calls.")
    latency: Latency


class Rhythm(Shown):
    """What happened, in all and span by span, oldest first; spans without anything are there, too."""

    hours: int
    step_hours: int = Field(description="How long each span is.")
    total: RhythmSpan
    items: tuple[RhythmSpan, ...]
