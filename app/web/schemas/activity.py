"""What happened, in JSON: hour by hour, codes that nobody knew, and the audit log."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field

from app.store import public_id
from app.web.schemas.shown import Shown, WebhookId

__all__ = ["PREFIXES", "Activity", "ActivityHour", "AuditItem", "AuditPage", "UnknownCode", "UnknownCodes"]

PREFIXES: Final = {
    "shipment": "sh",
    "subject": "su",
    "webhook": "wh",
    "refusal": "ref",
    "backfill": "bf",
    "replay": "rp",
}


class ActivityHour(Shown):
    """How often something happened within one hour."""

    hour: datetime = Field(description="When the hour began.")
    owner: str = Field(description="The account or group.", examples=["mystore"])
    carrier: str | None = Field(description="Of webhooks; null for calls to VTEX.", examples=["easypost"])
    kind: Literal["mapped", "ignored", "unmappable", "refused", "applied", "failed"] = Field(
        description="mapped, ignored, unmappable: webhooks by what they were read as; refused: requests that were "
        "not taken, as far as they could be kept; applied: calls that VTEX accepted; failed: calls that it did not."
    )
    count: int


class Activity(Shown):
    """What happened hour by hour, oldest first; hours without anything are left out."""

    since: datetime
    items: tuple[ActivityHour, ...]


class UnknownCode(Shown):
    """A code that its adapter did not list when it came."""

    owner: str = Field(examples=["mystore"])
    carrier: str = Field(examples=["easypost"])
    code: str
    count: int = Field(description="Events that carried it.")
    first_at: datetime
    last_at: datetime
    webhook_id: WebhookId = Field(description="The latest webhook that brought it.")
    is_listed: bool = Field(description="Whether the adapter or the settings list it by now.")


class UnknownCodes(Shown):
    """Codes that adapters did not know, those that came last first."""

    items: tuple[UnknownCode, ...]
    next: None = Field(default=None, description="Always null: there is one page.")


def _target(value: object) -> object:
    """Write the number in a target as the id that people know."""
    kind, _, number = str(value).partition(":")
    if kind in PREFIXES and number.isdigit():
        return f"{kind}:{public_id(PREFIXES[kind], int(number))}"
    return value


def _detail(value: object) -> object:
    if isinstance(value, dict) and isinstance(value.get("shipment_id"), int):
        return value | {"shipment_id": public_id("sh", value["shipment_id"])}
    return value


class AuditItem(Shown):
    """Who changed what, when and why."""

    id: Annotated[str, BeforeValidator(lambda value: public_id("au", value) if isinstance(value, int) else value)]
    at: datetime
    actor: str = Field(description="The name of the token.")
    action: str = Field(examples=["account.stopped"])
    target: Annotated[str, BeforeValidator(_target)] = Field(examples=["account:mystore"])
    reason: str | None
    detail: Annotated[dict[str, Any], BeforeValidator(_detail)]


class AuditPage(Shown):
    """Some entries of the audit log, newest first."""

    items: tuple[AuditItem, ...]
    next: str | None = Field(description="The `cursor` of the next page.")
