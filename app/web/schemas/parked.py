"""Subjects that wait for their shipment, in JSON."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import BeforeValidator, Field

from app.store import public_id
from app.web.schemas.accounts import Reason, Source
from app.web.schemas.shown import Event, ShipmentId, Shown

__all__ = [
    "CAUSES",
    "CandidateShipment",
    "Cause",
    "Link",
    "ParkedCause",
    "ParkedCauses",
    "SourcePage",
    "SubjectItem",
    "SubjectPage",
    "SubjectView",
]

Cause = Literal["unknown-number", "unknown-references", "ambiguous", "several-accounts", "contradicting", "other"]
CAUSES: Final[tuple[str, ...]] = get_args(Cause)
SubjectId = Annotated[
    str,
    BeforeValidator(lambda number: public_id("su", number) if isinstance(number, int) else number),
    Field(examples=["su_01HV2K8Q3ZABJ"]),
]


class SubjectItem(Shown):
    """What events of a source are about, and why their shipment is not known."""

    id: SubjectId
    owner: str = Field(description="The account or group of the source.", examples=["mystore"])
    carrier: str = Field(examples=["easypost"])
    subject: str = Field(examples=["number:QX004512345BR"])
    tracking_numbers: tuple[str, ...] = Field(validation_alias="numbers")
    references: dict[str, Any]
    state: Literal["placed", "parked", "unmatched", "skipped"]
    cause: str | None = Field(description="Of a parked one: the reason in one word.", examples=["unknown-number"])
    reason: str | None
    since: datetime = Field(description="Since when it is in its state.")
    created_at: datetime = Field(description="When the first event of it came.")
    lookup_at: datetime | None = Field(description="When VTEX is asked for the order next.")
    lookups: int = Field(description="How often VTEX answered without it.")
    linked_to: ShipmentId | None = Field(description="The shipment that a person linked it to.")


class SubjectPage(Shown):
    """Some subjects, newest first."""

    items: tuple[SubjectItem, ...]
    next: str | None = Field(description="The `cursor` of the next page.")


class CandidateShipment(Shown):
    """A shipment that shares something with a subject."""

    id: ShipmentId
    account: str
    order_id: str
    invoice_number: str
    invoice_key: str | None
    courier: str | None
    since: datetime = Field(description="When it was invoiced, or became known.")
    fits: bool = Field(description="Whether it would be taken were it the only one.")
    agrees: tuple[str, ...] = Field(description="What speaks for it.")
    differs: tuple[str, ...] = Field(description="What speaks against it.")


class SubjectView(SubjectItem):
    """A subject with its events and the shipments that it might belong to."""

    events: tuple[Event, ...]
    candidates: tuple[CandidateShipment, ...]


class ParkedCause(Shown):
    """How many subjects of one source are parked for one cause."""

    owner: str
    carrier: str
    cause: str
    count: int


class ParkedCauses(Shown):
    """Why subjects are parked, source by source."""

    items: tuple[ParkedCause, ...]
    is_more: bool = Field(description="Whether there is more than was counted.")
    next: None = Field(default=None, description="Always null: there is one page.")


class Link(Reason):
    """The shipment that a subject belongs to."""

    shipment_id: str = Field(max_length=40, examples=["sh_01HV2K8Q3ZABE"])


class SourcePage(Shown):
    """The sources that the caller may see."""

    items: tuple[Source, ...]
    next: None = Field(default=None, description="Always null: there is one page.")
