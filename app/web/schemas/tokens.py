"""Tokens in JSON."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from app.web.schemas.asked import Asked, Words
from app.web.schemas.shown import Shown

__all__ = ["MadeToken", "NewToken", "RotatedToken", "TokenItem", "TokenPage"]

Holder = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._@-]{1,64}$")]
Account = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class TokenItem(Shown):
    """A token without what opens: who holds it, and what it opens."""

    name: str = Field(examples=["night-shift"])
    role: str = Field(description="viewer, support, operator or admin")
    accounts: tuple[str, ...] | None = Field(description="What it is limited to; null for all accounts.")
    origin: Literal["settings", "store"] = Field(description="Where it is kept; those of the settings change there.")
    state: Literal["active", "expired", "revoked"]
    created_at: datetime | None = None
    created_by: str | None = None
    rotated_at: datetime | None = None
    old_until: datetime | None = Field(default=None, description="Until when the one before opens as well.")
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    used_at: datetime | None = Field(description="When it was last used, to five minutes; null when it never was.")


class TokenPage(Shown):
    """All tokens that the caller may know of, by name."""

    items: tuple[TokenItem, ...]
    next: None = Field(default=None, description="Always null: there is one page.")


class MadeToken(TokenItem):
    """A token with what opens, which is shown this once."""

    token: str = Field(description="Send it as Authorization: Bearer TOKEN.", examples=["relay_…"])


class NewToken(Asked):
    """A token to be made."""

    name: Holder = Field(description="Who holds it; stands in the audit log.", examples=["night-shift"])
    role: Literal["viewer", "support", "operator", "admin"]
    accounts: Annotated[tuple[Account, ...], Field(min_length=1, max_length=200)] | None = Field(
        default=None, description="What it is limited to; null for all accounts."
    )
    expires_in_days: int | None = Field(default=None, ge=1, le=3650, description="null: it does not end by itself.")
    reason: Words | None = Field(default=None, description="Stands in the audit log.")


class RotatedToken(Asked):
    """How a token gets another secret."""

    grace_hours: int = Field(default=24, ge=0, le=720, description="How long the one before opens as well.")
    reason: Words | None = Field(default=None, description="Stands in the audit log.")
