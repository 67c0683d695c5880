"""Times in which webhooks were not taken, in JSON."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from app.web.schemas.shown import Shown

__all__ = ["Gap", "GapPage", "GapSource"]


class GapSource(Shown):
    """What becomes of the webhooks of one source that came in a gap, and what to do about it."""

    name: str = Field(examples=["mystore/loggi"])
    owner: str
    carrier: str
    verdict: Literal["retries", "heals", "resend"] = Field(
        description="`retries`: the carrier sends all of it again by itself. `heals`: the next webhook of each parcel "
        "tells its whole history; what is not heard of any more does not. `resend`: have them sent again."
    )
    retries_until: datetime | None = Field(
        description="When the last is tried again at the latest; null where the carrier tries nothing again, or does "
        "not tell for how long."
    )
    lost_until: datetime | None = Field(
        description="What came from the gap's begin until then is not tried again; null when all of it is."
    )
    ask: str = Field(description="How webhooks are had again there; empty where no way is documented.")
    letter: str = Field(description="What to write so that they are sent again; empty where nothing need be.")


class Gap(Shown):
    """A time in which webhooks were not taken."""

    kind: Literal["down", "failed", "refused"] = Field(
        description="`down`: no process was there. `failed`: a source was answered 503. `refused`: every request of a "
        "source was refused."
    )
    cause: str = Field(
        description="Of `down`: `stopped`, `suspended` or `vanished`; else the slug of the problem, or `disk`.",
        examples=["stopped", "wrong-credential", "store-unavailable"],
    )
    since: datetime = Field(description="When it began; where a process vanished, when it was seen last.")
    until: datetime | None = Field(description="When it ended; null while it goes on.")
    requests: int | None = Field(description="How many were turned away; null where nobody was there to count.")
    sources: tuple[GapSource, ...]


class GapPage(Shown):
    """The latest gaps."""

    since: datetime = Field(description="How far back was looked.")
    items: tuple[Gap, ...]
    is_more: bool = Field(description="Whether there are earlier ones.")
