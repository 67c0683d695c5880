"""Backfills in JSON."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from app.store import public_id
from app.web.schemas.asked import Asked, Words
from app.web.schemas.shown import Shown
from app.web.schemas.times import Instant

__all__ = ["BackfillItem", "BackfillPage", "BackfillState", "NewBackfill"]

BackfillState = Literal["running", "paused", "done", "cancelled"]
BackfillId = Annotated[
    str,
    BeforeValidator(lambda value: public_id("bf", value) if isinstance(value, int) else value),
    Field(examples=["bf_01HV2K8Q3ZABH"]),
]


class NewBackfill(Asked):
    """Which orders are to be looked for."""

    account: str = Field(examples=["mystore"])
    since: Instant = Field(description="Orders invoiced from this time on.", examples=["2026-01-01T00:00:00-03:00"])
    until: Instant | None = Field(default=None, description="And until this time; now unless given.")
    rate: float | None = Field(
        default=None, gt=0, le=10_000, description="Most orders per second; by the account's own limits unless given."
    )
    reason: Words | None = Field(default=None, description="Stands in the audit log.")


class BackfillItem(Shown):
    """A backfill, and how far it has come."""

    id: BackfillId
    account: str
    state: BackfillState
    since: datetime
    until: datetime
    rate: float | None
    expected: int | None = Field(description="How many orders VTEX's list counts; null until it was asked.")
    told: int = Field(description="How many were found and are read, or wait for it; some may be counted twice.")
    unread: int = Field(description="How many of the account's orders wait to be read now, or are being read.")
    unlisted: int = Field(description="How many VTEX counted and would not show.")
    eta_seconds: float | None = Field(description="How long the rest takes at the full rate; null when not known.")
    resume_at: datetime | None = Field(
        description="Everything is listed but for the last minutes, which VTEX's list shows late; they follow then."
    )
    problem: str | None = Field(description="Why it does not get on; it goes on by itself when that has passed.")
    actor: str
    reason: str | None
    created_at: datetime
    ended_at: datetime | None


class BackfillPage(Shown):
    """Backfills, newest first."""

    items: tuple[BackfillItem, ...]
    next: str | None = Field(description="The `cursor` of the next page.")
