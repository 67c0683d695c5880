"""VTEX's order hook of an account in JSON, and what operators ask of it."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from app.web.schemas.asked import Asked, Words
from app.web.schemas.shown import Shown

__all__ = ["HookItem", "HookWord", "InstallHook"]

HookWord = Literal["off", "unchecked", "none", "ours", "differs", "foreign", "unknown"]


def _address(value: str) -> str:
    if not value.startswith(("https://", "http://")) or any(mark in value for mark in "?#@ "):
        raise PydanticCustomError("public_url", "must be an https URL without a query")
    return value.rstrip("/")


class HookItem(Shown):
    """VTEX's order hook of an account's key, as it was last found."""

    account: str = Field(examples=["mystore"])
    state: HookWord = Field(description="As `hook` of the account says it.")
    problem: str | None = Field(description="What is wrong with it, and what to do.")
    url: str | None = Field(description="Where the hook that was found leads, without credentials in it.")
    expected_url: str | None = Field(description="Where this relay's leads; null while `public_url` is not set.")
    kept: bool = Field(description="Whether the relay makes its own again when VTEX deletes it.")
    checked_at: datetime | None = Field(description="When that was found.")
    restored_at: datetime | None = Field(description="When the relay last made it again.")
    changed: bool | None = Field(default=None, description="Whether what was asked for changed anything at VTEX.")


class InstallHook(Asked):
    """Where the hook is to lead, and why it is installed."""

    reason: Words | None = Field(default=None, description="Stands in the audit log.")
    public_url: Annotated[str, Field(max_length=500), AfterValidator(_address)] | None = Field(
        default=None,
        description="How VTEX reaches this relay, where the setting `public_url` does not say it; admins only.",
    )
