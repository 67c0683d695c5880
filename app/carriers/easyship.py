"""Easyship: one webhook carries one shipment at its newest status, without a time or a place.

Pages read 2026-11-23. The token in the header proves its sender and nothing of the body. How checkpoints look is not
documented: those that are sent are read as Easyship's tracking page shows them.
"""

from collections.abc import Iterator

from app.adapter import Adapter, Maturity, Redelivery, Result, most_specific
from app.dialects.address_lines import place_in_line
from app.dialects.english import wording
from app.dialects.merchant_words import merchant_references
from app.dialects.returns import returned_to_sender
from app.model import CarrierEvent, Ignored, Milestone, Place, Webhook
from app.payload import Maybe, Node, Text, json_body
from app.personal import PersonalData
from app.verification import JsonWebToken

MILESTONES = {
    "uncancelled": Milestone.PRE_TRANSIT,
    "in transit to customer": Milestone.IN_TRANSIT,
    "shipped": Milestone.IN_TRANSIT,
    "shipped (no tracking provided)": Milestone.IN_TRANSIT,
    "arrived at consolidation center": Milestone.IN_TRANSIT,
    "processing at consolidation center": Milestone.IN_TRANSIT,
    "in transit to consolidation center": Milestone.IN_TRANSIT,
    "out for delivery": Milestone.OUT_FOR_DELIVERY,
    "delivered": Milestone.DELIVERED,
    "delivered/return": Milestone.RETURNED,
    "delivery expected (end of updates)": Milestone.UNKNOWN,
    "no recent tracking updates": Milestone.UNKNOWN,
    "failed delivery attempt": Milestone.FAILED_ATTEMPT,
    "exception": Milestone.EXCEPTION,
    "lost by courier": Milestone.EXCEPTION,
    "liquidated": Milestone.EXCEPTION,
    "to be returned": Milestone.RETURNING,
    # An event of its own, whatever its status says.
    "shipment.cancelled": Milestone.CANCELLED,
}
STATUS = ("shipment.tracking.status.changed", "shipment.tracking.checkpoints.created")
PERSONAL = PersonalData()


def parse(webhook: Webhook) -> Iterator[Result]:
    body = json_body(webhook)
    kind = body.get("event_type").text()
    if kind == "shipment.cancelled":
        shipment = body.get("shipment") if body.get("shipment").is_object else body.get("tracking_status")
        yield _event(body, shipment, shipment, kind)
    elif kind in STATUS or (kind is None and "tracking_status" in body):
        status = body["tracking_status"]
        checkpoints = [entry for entry in status.get("checkpoints").items() if entry.get("checkpoint_time", "message")]
        events = [_event(body, status.allowed(), entry.allowed(), _code(entry.allowed())) for entry in checkpoints]
        yield from returned_to_sender(events, "delivered/return") or [
            _event(body, status.allowed(), status.allowed(), _code(status.allowed()))
        ]
    else:
        yield Ignored(reason=f"{kind or 'a document without a type'} is not about tracking", code=kind)


def _code(entry: Maybe) -> Text | None:
    return wording(entry.get("status", "primary_status").text())


def _event(body: Node, shipment: Maybe, entry: Maybe, sent: Text | None) -> CarrierEvent:
    code, milestone, unknown = most_specific(MILESTONES, sent)
    number = shipment.get("tracking_number").text()
    orders = [shipment.get(name).text() for name in ("platform_order_number", "company_order_number")]
    if not number and not any(orders):
        number = shipment.get("easyship_shipment_id").text() or body["resource_id"].text()
    city, state = entry.get("city").text(), entry.get("state").text()
    return CarrierEvent(
        tracking_numbers=(number,) if number else (),
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        occurred_at=entry.get("checkpoint_time").moment(),
        place=Place(city=city, state=state) if city or state else place_in_line(entry.get("location").text()),
        description=entry.get("message", "status").text(),
        references=merchant_references(*orders),
        raw=entry.raw("status", "primary_status", "checkpoint_time", "message"),
    )


ADAPTER = Adapter(
    slug="easyship",
    name="Easyship",
    documentation="https://developers.easyship.com/reference/webhook",
    maturity=Maturity.DOCUMENTED,
    verification=JsonWebToken(header="X-EASYSHIP-SIGNATURE"),
    milestones=MILESTONES,
    personal=PERSONAL,
    parse=parse,
    redelivery=Redelivery(history=False),
    timeless=True,
    order_reference_is_vtex=True,
)
