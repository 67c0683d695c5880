"""Ninja Van: one webhook carries one event of one parcel, in words and without a place.

Sources read 2026-11-23: public receivers. The words open with the status and may go on after a comma.
"""

from collections.abc import Iterator

from app.adapter import Adapter, Maturity, Redelivery, Result, most_specific
from app.dialects.english import classify, wording
from app.dialects.merchant_words import merchant_references
from app.model import CarrierEvent, Ignored, Milestone, Webhook
from app.payload import Node, Text, json_body
from app.personal import Kind, PersonalData
from app.verification import Hmac

MILESTONES = {
    "pending pickup": Milestone.PRE_TRANSIT,
    "picked up": Milestone.IN_TRANSIT,
    # Whatever happens at one of its hubs.
    "hub": Milestone.IN_TRANSIT,
    "on vehicle for delivery": Milestone.OUT_FOR_DELIVERY,
    "delivered": Milestone.DELIVERED,
    "successful delivery": Milestone.DELIVERED,
    "completed": Milestone.DELIVERED,
    "delivery exception": Milestone.FAILED_ATTEMPT,
    "return to sender": Milestone.RETURNING,
    "returned to sender": Milestone.RETURNED,
    "cancelled": Milestone.CANCELLED,
    "canceled": Milestone.CANCELLED,
    # The leg back to the sender.
    "return leg": Milestone.RETURNING,
    "return leg/delivered": Milestone.RETURNED,
}
ENDS = {Milestone.RETURNED, Milestone.CANCELLED}
PERSONAL = PersonalData(
    receiver={
        Kind.PHOTO: ("image_uris",),
        Kind.SIGNATURE: ("signature_uri",),
    },
    documented=frozenset({"image_uris", "signature_uri"}),
)


def parse(webhook: Webhook) -> Iterator[Result]:
    parcel = json_body(webhook)
    status, event = parcel.get("status").text(), parcel.get("event").text()
    if status is None and event is None:
        yield Ignored(reason="a document without a status")
    else:
        yield _event(parcel, status, event)


def _event(parcel: Node, status: Text | None, event: Text | None) -> CarrierEvent:
    sent = [_opening(status), _opening(event)]
    # The status of a parcel that came back may be no more than that it is completed.
    known = next((text for text in sorted(sent, key=_is_return, reverse=True) if text in MILESTONES), None)
    said = MILESTONES[known] if known else classify(status, event)
    hub = "hub" if known is None and any("hub" in text.split() for text in sent if text) else None
    leg = None
    if parcel.get("is_parcel_on_rts_leg").flag() and said not in ENDS:
        leg = "return leg/delivered" if said is Milestone.DELIVERED else "return leg"
    code, milestone, unknown = most_specific(
        MILESTONES, *sent, derived=(leg, known if _is_return(known) else None, hub)
    )
    if milestone is Milestone.UNKNOWN:
        milestone = said or Milestone.UNKNOWN
    number = parcel.get("tracking_id", "tracking_ref_no").text()
    return CarrierEvent(
        tracking_numbers=(number or parcel["tracking_id"].text(),),
        code=code,
        milestone=milestone,
        unknown_code=None if hub or known else unknown,
        occurred_at=parcel.get("timestamp").moment(),
        description=status or event,
        references=merchant_references(parcel.get("shipper_order_ref_no").text(), parcel.get("shipper_ref_no").text()),
        raw=parcel.raw("timestamp", "event", "status", "is_parcel_on_rts_leg"),
    )


def _is_return(text: str | None) -> bool:
    return text in {"return to sender", "returned to sender"}


def _opening(text: Text | None) -> Text | None:
    """Return the words before the first comma, in the form in which the table lists them."""
    return wording(Text(text.partition(",")[0].strip(), text.path)) if text else None


ADAPTER = Adapter(
    slug="ninjavan",
    name="Ninja Van",
    documentation="https://api-docs.ninjavan.co/",
    maturity=Maturity.DOCUMENTED,
    verification=Hmac(header="X-NINJAVAN-HMAC-SHA256", encodings=("base64",)),
    milestones=MILESTONES,
    personal=PERSONAL,
    parse=parse,
    redelivery=Redelivery(history=False),
    order_reference_is_vtex=True,
)
