"""Karrio: one webhook carries one tracker with its full history, among event types that are about other things.

Sources read 2026-11-23. The code, not the product's page, says what is sent: the secret itself, in a header that is
named like an id, and times that are labelled UTC although they are the carrier's wall clock.
"""

from collections.abc import Iterator

from app.adapter import Adapter, Decision, Maturity, Redelivery, Result, most_specific
from app.dialects.address_lines import place_in_line
from app.dialects.merchant_words import merchant_references
from app.dialects.returns import returned_to_sender
from app.model import CarrierEvent, Ignored, Milestone, Moment, Webhook
from app.payload import Node, json_body
from app.personal import Kind, PersonalData
from app.verification import StaticHeader

MILESTONES = {
    "pending": Milestone.PRE_TRANSIT,
    "picked_up": Milestone.IN_TRANSIT,
    "in_transit": Milestone.IN_TRANSIT,
    "delivery_delayed": Milestone.IN_TRANSIT,
    "on_hold": Milestone.EXCEPTION,
    "out_for_delivery": Milestone.OUT_FOR_DELIVERY,
    "ready_for_pickup": Milestone.AVAILABLE_FOR_PICKUP,
    "delivery_failed": Milestone.FAILED_ATTEMPT,
    "return_to_sender": Milestone.RETURNING,
    "delivered": Milestone.DELIVERED,
    "delivered/return": Milestone.RETURNED,
    "cancelled": Milestone.CANCELLED,
    "unknown": Milestone.UNKNOWN,
}
FORMATS = ("%Y-%m-%d %I:%M %p", "%Y-%m-%d %I:%M:%S %p", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S")
PERSONAL = PersonalData(
    receiver={
        Kind.NAME: ("data.info.signed_by", "data.info.customer_name"),
        Kind.ADDRESS: ("data.info.shipment_destination_postal_code",),
        Kind.GEOLOCATION: ("data.events.latitude", "data.events.longitude"),
        Kind.PHOTO: ("data.images", "data.delivery_image_url"),
        Kind.SIGNATURE: ("data.signature_image_url",),
        Kind.FREE_TEXT: ("data.metadata",),
    },
    sender={
        Kind.ADDRESS: ("data.info.shipment_origin_postal_code",),
    },
    plain={
        "data.carrier_name": "of a carrier",
        "data.metadata.order_id": "the order's id",
        "data.metadata.pedido": "the order's id",
    },
    documented=frozenset(
        {
            "data.info.customer_name",
            "data.info.shipment_destination_postal_code",
            "data.delivery_image_url",
            "data.signature_image_url",
            "data.info.shipment_origin_postal_code",
        }
    ),
)


def parse(webhook: Webhook) -> Iterator[Result]:
    body = json_body(webhook)
    kind = body.get("event").text()
    if kind and not kind.startswith("tracker"):
        yield Ignored(reason=f"{kind} is not about a tracker", code=kind)
        return
    tracker = body["data"]
    history = list(tracker.get("events").items())
    if history:
        yield from returned_to_sender([_event(tracker, entry) for entry in history], "delivered/return")
    elif tracker.get("events").is_list:
        tracker["tracking_number"].text()
        yield Ignored(reason="the tracker has no history yet")
    else:
        yield _event(tracker, tracker)


def _event(tracker: Node, entry: Node) -> CarrierEvent:
    status = entry.get("status").text()
    # Without a status there is only the carrier's own code, which means nothing here.
    decision = (
        most_specific(MILESTONES, status) if status else Decision("", Milestone.UNKNOWN, entry.get("code").text())
    )
    return CarrierEvent(
        tracking_numbers=(tracker["tracking_number"].text(),),
        code=decision.code,
        milestone=decision.milestone,
        unknown_code=decision.unknown,
        occurred_at=_time(entry),
        place=place_in_line(entry.get("location").text()),
        description=entry.get("description").text(),
        references=merchant_references(fields=[tracker.get(name) for name in ("metadata", "info", "meta")]),
        raw=entry.raw("date", "time", "timestamp", "status", "code", "description", "location"),
        full_history=True,
    )


def _time(entry: Node) -> Moment | None:
    """Read the wall clock; the offset that a timestamp shows is false."""
    return (
        entry.get("timestamp").moment(wall_clock=True)
        or entry.joined("date", "time").moment(*FORMATS, wall_clock=True)
        or entry.get("date").moment(wall_clock=True)
    )


ADAPTER = Adapter(
    slug="karrio",
    name="Karrio",
    documentation="https://github.com/karrioapi/karrio",
    maturity=Maturity.DOCUMENTED,
    verification=StaticHeader(header="X-Event-Id"),
    milestones=MILESTONES,
    personal=PERSONAL,
    parse=parse,
    redelivery=Redelivery(retries=False, history=True),
    order_reference_is_vtex=True,
)
