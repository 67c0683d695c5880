"""Bulk replays in JSON."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from app.store import public_id
from app.web.schemas.asked import Asked, Words
from app.web.schemas.shown import Shown, WebhookId
from app.web.schemas.times import Instant

__all__ = [
    "MeaningChange",
    "NewReplay",
    "ReplayFailure",
    "ReplayItem",
    "ReplayPage",
    "ReplayPreview",
    "ReplaySample",
    "ReplayState",
    "ReplayWanted",
]

ReplayState = Literal["running", "paused", "done", "cancelled"]
ReplayId = Annotated[
    str,
    BeforeValidator(lambda value: public_id("rp", value) if isinstance(value, int) else value),
    Field(examples=["rp_01HV2K8Q3ZABL"]),
]


class ReplayWanted(Asked):
    """Which webhooks are to be read again; at least one of the filters must be given."""

    account: str | None = Field(default=None, max_length=100, description="Account or group of the source.")
    carrier: str | None = Field(default=None, max_length=100, examples=["easypost"])
    state: Literal["mapped", "ignored", "unmappable"] | None = None
    since: Instant | None = Field(default=None, description="Received at this time or later.")
    until: Instant | None = Field(default=None, description="Received before this time.")
    tracking_number: str | None = Field(default=None, max_length=100, description="However it is written.")
    unknown: bool = Field(default=False, description="Only those that brought an event whose code had no meaning.")
    limit: int = Field(default=10_000, ge=1, le=100_000, description="How many at most, the oldest first.")


class ReplaySample(Shown):
    """One webhook of a preview, as it would be read today."""

    webhook_id: WebhookId
    new: int = Field(description="Events that would be added.")
    changed: int = Field(description="Events that would be read differently.")
    unchanged: int
    problem: str | None = Field(description="Why it cannot be read, still.")


class MeaningChange(Shown):
    """How often events of the sample would mean something else; `before` is null for new ones."""

    before: str | None
    after: str
    count: int


class ReplayPreview(Shown):
    """What a replay would touch, and the token with which exactly this can be run within the hour."""

    token: str
    count: int = Field(description="How many webhooks would be read again.")
    orders: int = Field(description="How many orders, and so shoppers, show events of them now.")
    sample: tuple[ReplaySample, ...] = Field(description="Some of them, spread over all.")
    meanings: tuple[MeaningChange, ...] = Field(description="What would change within the sample.")
    note: str = Field(description="What a replay never does.")


class NewReplay(Asked):
    """Run what a preview showed."""

    token: str = Field(max_length=100, description="The preview's.")
    reason: Words = Field(description="Stands in the audit log.", examples=["the adapter learnt code 38"])
    limit: int | None = Field(default=None, ge=1, le=100_000, description="Fewer than the preview showed.")
    rate: float = Field(default=20.0, gt=0, le=1000, description="Most webhooks per second.")


class ReplayFailure(Shown):
    """A webhook that could not be read again."""

    webhook_id: WebhookId
    problem: str


class ReplayItem(Shown):
    """A bulk replay, and how far it has come."""

    id: ReplayId
    state: ReplayState
    account: str | None
    carrier: str | None
    expected: int = Field(description="How many webhooks are read again.")
    done: int = Field(description="How many were.")
    failed: int = Field(description="How many of those cannot be read, still.")
    new_events: int
    changed: int = Field(description="Events that are read differently now.")
    failures: tuple[ReplayFailure, ...] = Field(description="The first that failed.")
    rate: float | None
    eta_seconds: float | None = Field(description="How long the rest takes at the full rate.")
    problem: str | None = Field(description="Why it does not get on; it goes on by itself when that has passed.")
    actor: str
    reason: str | None
    created_at: datetime
    ended_at: datetime | None


class ReplayPage(Shown):
    """Bulk replays, newest first."""

    items: tuple[ReplayItem, ...]
    next: str | None = Field(description="The `cursor` of the next page.")
