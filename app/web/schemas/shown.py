"""What the operators' interface shows."""

import base64
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.store import public_id

__all__ = [
    "Attempt",
    "AttemptId",
    "Body",
    "Event",
    "EventId",
    "Mapping",
    "RefusalId",
    "Row",
    "ShipmentDetail",
    "ShipmentId",
    "ShipmentItem",
    "ShipmentPage",
    "Shown",
    "Subject",
    "Verification",
    "WebhookDetail",
    "WebhookId",
    "WebhookItem",
    "WebhookPage",
    "readable",
]


def _public(prefix: str) -> BeforeValidator:
    return BeforeValidator(lambda number: public_id(prefix, number) if isinstance(number, int) else number)


WebhookId = Annotated[str, _public("wh"), Field(examples=["wh_01HV2K8Q3ZABC"])]
EventId = Annotated[str, _public("ev"), Field(examples=["ev_01HV2K8Q3ZABD"])]
ShipmentId = Annotated[str, _public("sh"), Field(examples=["sh_01HV2K8Q3ZABE"])]
AttemptId = Annotated[str, _public("at"), Field(examples=["at_01HV2K8Q3ZABF"])]
RefusalId = Annotated[str, _public("ref"), Field(examples=["ref_01HV2K8Q3ZABG"])]


class Shown(BaseModel):
    """Be made from values of the store."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class Body(Shown):
    """Bytes, as text where they are UTF-8."""

    encoding: Literal["utf-8", "base64"]
    content: str


def readable(content: bytes) -> Body:
    """Show bytes as text, in base64 where they are none."""
    try:
        return Body(encoding="utf-8", content=content.decode())
    except UnicodeDecodeError:
        return Body(encoding="base64", content=base64.b64encode(content).decode())


class Event(Shown):
    """One tracking fact."""

    id: EventId
    webhook_id: WebhookId = Field(description="The webhook that brought it first.")
    carrier: str
    scheme: str | None = Field(description="What proved its sender; null when that is no longer kept.")
    subject: str = Field(examples=["number:QX004512345BR"])
    strategy: str | None = Field(
        description="How its subject led to its shipments; null while nothing did.", examples=["tracking-number"]
    )
    resolution_reason: str | None = Field(description="Why these shipments, or why none.")
    received_at: datetime
    code: str
    milestone: str
    occurred_at: str | None = Field(
        validation_alias="occurred_text", description="When it happened, in the zone in which it was read."
    )
    time_text: str | None = Field(description="The time as sent.")
    quality: str | None = Field(description="How far the time can be trusted.")
    city: str | None
    state: str | None
    description: str | None = Field(description="The carrier's words; without personal data for viewers.")
    event_id: str | None = Field(description="The sender's own id of the fact.")
    tracking_number: str | None
    reverses: tuple[str, ...]
    revises: EventId | None = Field(description="The event of an earlier history that this one replaces.")
    trace: dict[str, str] = Field(description="Where in the payload each field was taken from.")
    warnings: tuple[str, ...]


class Subject(Shown):
    """What events are about, and where they went."""

    subject: str
    tracking_numbers: tuple[str, ...] = Field(validation_alias="numbers")
    references: dict[str, Any]
    derived: tuple[str, ...] = Field(description="What the source's `number_rules` made of them, and which did.")
    state: str = Field(description="placed, parked, unmatched or skipped")
    strategy: str | None = Field(
        description="Which strategy of resolution decided; null when none did.", examples=["order-and-invoice"]
    )
    reason: str | None = Field(description="Why these shipments, or why none.")
    since: datetime
    lookup_at: datetime | None = Field(description="When VTEX is asked for the order next.")
    lookups: int


class Row(Shown):
    """An event on one shipment's timeline, as frozen for VTEX."""

    shipment_id: ShipmentId
    event_id: EventId
    state: str = Field(
        description="pending, sent, applied, skipped, held (another carrier owns the timeline), observed or dead"
    )
    reason: str | None
    city: str | None
    uf: str | None = Field(description="The state; VTEX's `state`.")
    description: str | None
    date: str | None
    sent_at: datetime | None
    applied_at: datetime | None
    attempt_id: AttemptId | None


class Attempt(Shown):
    """One call to VTEX, with its answer."""

    id: AttemptId
    shipment_id: ShipmentId
    call: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str | None = Field(description="null while the call is in flight")
    status: int | None
    detail: str | None
    receipt: str | None
    body: dict[str, Any] | None


class WebhookItem(Shown):
    """A webhook as a list shows it."""

    id: WebhookId
    owner: str = Field(description="The account or group whose source it came in through.", examples=["mystore"])
    carrier: str = Field(examples=["easypost"])
    received_at: datetime
    method: str
    path: str = Field(description="With the path key masked.")
    peer: str
    size: int
    state: str = Field(description="stored, mapped, ignored or unmappable")
    reason: str | None
    duplicates: int = Field(description="How often it came again.")
    tracking_numbers: tuple[str, ...] = Field(description="Of the events that it brought first.")


class WebhookPage(Shown):
    """Some webhooks, newest first."""

    items: tuple[WebhookItem, ...]
    next: str | None = Field(description="The `cursor` of the next page.")


class Verification(Shown):
    """What proved the sender: the scheme, and which live secret matched, counted from 0; -1 without one."""

    scheme: str
    secret: int


class Mapping(Shown):
    """How the webhook was read."""

    adapter_version: int | None
    mapped_at: datetime | None
    ignored: tuple[str, ...]
    warnings: tuple[str, ...]


class WebhookDetail(WebhookItem):
    """A webhook with everything that became of it; below the role operator, persons are masked in it."""

    query: str | None
    headers: tuple[tuple[str, str], ...] = Field(description="In order, credentials masked.")
    body_sha256: str
    body: Body | None
    body_withheld: Literal["role", "retention"] | None = Field(
        description="Why there is no body; for its role, where nothing of it can be told from what is personal."
    )
    is_masked: bool = Field(
        description="Whether body and query were written anew without what the role may not see, or stand as they came."
    )
    verification: Verification
    mapping: Mapping
    events: tuple[Event, ...]
    resolution: tuple[Subject, ...]
    rows: tuple[Row, ...]
    attempts: tuple[Attempt, ...]


class ShipmentItem(Shown):
    """A shipment: what VTEX calls a package."""

    id: ShipmentId
    account: str
    order_id: str
    invoice_number: str
    tracking_numbers: tuple[str, ...]
    invoice_key: str | None
    courier: str | None
    invoiced_at: datetime | None
    state: str = Field(description="due, idle or dead")
    origin: str = Field(description="Who told of it: manual or order.")
    created_at: datetime
    due_at: datetime | None
    retrying: bool
    attempt_count: int = Field(description="Failed calls since the last success.")
    failing_since: datetime | None
    delivered_at: datetime | None = Field(description="When VTEX accepted that it was delivered.")
    dead_reason: str | None
    news_at: datetime | None = Field(description="When a carrier was last heard of it.")
    quiet_since: datetime | None = Field(
        description="The same while more is to be expected; null when it arrived, came back or was cancelled."
    )


class ShipmentPage(Shown):
    """Some shipments, newest first."""

    items: tuple[ShipmentItem, ...]
    next: str | None


class Voice(Shown):
    """A carrier that owns a timeline which several speak for."""

    carrier: str
    since: datetime
    told: datetime | None = Field(description="Up to when the carrier before it had told; null for the first.")


class ShipmentDetail(ShipmentItem):
    """A shipment with what carriers said, what VTEX has, and the evidence."""

    read_at: datetime | None = Field(description="When VTEX's rows were last read.")
    read_after: datetime | None = Field(description="Not before this will they be read again.")
    delivered_date: str | None
    accepted_puts: int
    baseline: tuple[dict[str, str], ...] = Field(description="Rows of other writers.")
    voices: tuple[Voice, ...] = Field(description="Which carrier owned the timeline since when; the last one does now.")
    registration: str | None = Field(
        description="done, or why the tracking number was not written into VTEX; null while nothing was tried."
    )
    events: tuple[Event, ...]
    rows: tuple[Row, ...]
    attempts: tuple[Attempt, ...] = Field(description="The latest calls to VTEX.")
