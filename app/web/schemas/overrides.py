"""What codes mean by the word of operators, in JSON."""

from datetime import datetime
from typing import Literal, get_args

from pydantic import Field

from app.web.schemas.asked import Asked, Words
from app.web.schemas.replays import ReplayItem
from app.web.schemas.shown import Shown

__all__ = ["MEANINGS", "NewOverride", "Overridden", "OverrideItem", "OverridePage", "OverrideRemoval"]

Meaning = Literal[
    "PRE_TRANSIT",
    "IN_TRANSIT",
    "OUT_FOR_DELIVERY",
    "DELIVERED",
    "AVAILABLE_FOR_PICKUP",
    "FAILED_ATTEMPT",
    "EXCEPTION",
    "RETURNING",
    "RETURNED",
    "CANCELLED",
]
MEANINGS: tuple[str, ...] = get_args(Meaning)


class OverrideRemoval(Asked):
    """Which code means again what the settings and the adapter say."""

    account: str = Field(max_length=100, description="Account or group of the source.", examples=["mystore"])
    carrier: str = Field(max_length=100, examples=["easypost"])
    code: str = Field(min_length=1, max_length=200, description="As the carrier sends it.", examples=["38"])
    reason: Words = Field(description="Stands in the audit log.")


class NewOverride(OverrideRemoval):
    """What a code of a source means from now on."""

    milestone: Meaning
    replay: bool = Field(default=True, description="Read again what the source told of without a meaning so far.")
    dry_run: bool = Field(default=False, description="Only count what would be read again.")
    rate: float = Field(default=20.0, gt=0, le=1000, description="Most webhooks read again per second.")


class OverrideItem(Shown):
    """What a code of a source means, who said so and why."""

    owner: str
    carrier: str
    code: str
    milestone: Meaning
    actor: str
    reason: str
    at: datetime


class OverridePage(Shown):
    """All overrides that the caller may see."""

    items: tuple[OverrideItem, ...]
    next: None = Field(default=None, description="Always null: there is one page.")


class Overridden(Shown):
    """What was said, and the replay that it began."""

    override: OverrideItem
    count: int = Field(description="How many webhooks are read again.")
    orders: int = Field(description="How many orders, and so shoppers, show events of them now.")
    replay: ReplayItem | None = Field(description="null when there is nothing to read again, or it was not wished.")
