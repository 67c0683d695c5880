"""Taking up what was given up, in JSON."""

from typing import Literal

from pydantic import Field

from app.web.schemas.asked import Asked, Words
from app.web.schemas.shown import Shown

__all__ = ["DeadCause", "DeadCauseItem", "DeadCauses", "RedriveRequest", "Redriven"]

DeadCause = Literal["missing", "exhausted", "refused", "invoice-number", "failed"]


class RedriveRequest(Asked):
    """Which shipments are taken up again; an account or a cause must be named."""

    account: str | None = Field(default=None, max_length=100, examples=["mystore"])
    cause: DeadCause | None = Field(default=None, description="Only what was given up for this.")
    reason: Words = Field(description="Stands in the audit log.", examples=["VTEX mended the permission"])
    limit: int = Field(default=1000, ge=1, le=10_000, description="How many at most.")
    cursor: str | None = Field(default=None, description="`next` of the answer before.")


class Redriven(Shown):
    """How many shipments were taken up again, and where to go on."""

    redriven: int
    passed: int = Field(description="Those that a forwarder is working on, or that were taken up by somebody else.")
    next: str | None = Field(description="The `cursor` to ask again with; null when there are no more.")


class DeadCauseItem(Shown):
    """How many shipments of an account were given up for one cause."""

    account: str
    cause: DeadCause = Field(
        description="missing: VTEX has no such order or invoice; exhausted: no success for days; refused: VTEX refused "
        "it, or rows of it; invoice-number: VTEX cannot take its number; failed: the relay itself failed on it."
    )
    count: int


class DeadCauses(Shown):
    """What was given up, account by account."""

    items: tuple[DeadCauseItem, ...]
    is_more: bool = Field(description="Whether there is more than was counted.")
    next: None = Field(default=None, description="Always null: there is one page.")
