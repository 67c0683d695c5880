"""Sendcloud: one webhook carries one parcel with its newest status, and neither a history nor the place of a scan.

Pages read 2026-11-23. The documentation lists statuses by name; their numbers are those seen in use. Event
subscriptions, a beta, send one scan with its place instead, without saying whose order it is about.
"""

from collections.abc import Iterator

from app.adapter import Adapter, Decision, Maturity, Redelivery, Result, most_specific
from app.dialects.english import classify, wording
from app.dialects.merchant_words import merchant_references
from app.model import CarrierEvent, Ignored, Milestone, Place, Webhook
from app.payload import Node, json_body
from app.personal import Kind, PersonalData
from app.verification import AnyOf, Basic, Bearer, Hmac, StaticHeader, Unsigned

MILESTONES = {
    "1": Milestone.PRE_TRANSIT,
    "1000": Milestone.PRE_TRANSIT,
    "1001": Milestone.PRE_TRANSIT,
    "1002": Milestone.PRE_TRANSIT,
    "3": Milestone.IN_TRANSIT,
    "4": Milestone.IN_TRANSIT,  # Delayed.
    "5": Milestone.IN_TRANSIT,
    "7": Milestone.IN_TRANSIT,
    "22": Milestone.IN_TRANSIT,
    "91": Milestone.IN_TRANSIT,
    "92": Milestone.OUT_FOR_DELIVERY,
    "8": Milestone.FAILED_ATTEMPT,
    "12": Milestone.AVAILABLE_FOR_PICKUP,
    "11": Milestone.DELIVERED,
    "93": Milestone.DELIVERED,
    "15": Milestone.EXCEPTION,
    "62": Milestone.EXCEPTION,
    "80": Milestone.EXCEPTION,
    "1998": Milestone.CANCELLED,
    "1999": Milestone.CANCELLED,
    "2000": Milestone.CANCELLED,
    "2001": Milestone.CANCELLED,
    "1337": Milestone.UNKNOWN,
    # A parcel that the shopper, or the carrier, sends back.
    "return/DELIVERED": Milestone.RETURNED,
    "return/IN_TRANSIT": Milestone.RETURNING,
    "return/OUT_FOR_DELIVERY": Milestone.RETURNING,
    # Messages, where the number is unknown or missing.
    "ready to send": Milestone.PRE_TRANSIT,
    "being announced": Milestone.PRE_TRANSIT,
    "announcement failed": Milestone.PRE_TRANSIT,
    "en route to sorting center": Milestone.IN_TRANSIT,
    "delivery delayed": Milestone.IN_TRANSIT,
    "sorted": Milestone.IN_TRANSIT,
    "being sorted": Milestone.IN_TRANSIT,
    "shipment picked up by driver": Milestone.IN_TRANSIT,
    "parcel en route": Milestone.IN_TRANSIT,
    "driver en route": Milestone.OUT_FOR_DELIVERY,
    "delivery attempt failed": Milestone.FAILED_ATTEMPT,
    "awaiting customer pickup": Milestone.AVAILABLE_FOR_PICKUP,
    "delivered": Milestone.DELIVERED,
    "shipment collected by customer": Milestone.DELIVERED,
    "unable to deliver": Milestone.EXCEPTION,
    "error collecting": Milestone.EXCEPTION,
    "address invalid": Milestone.EXCEPTION,
    "cancelled": Milestone.CANCELLED,
    # Phases in event subscriptions, and what goes before them.
    "announced": Milestone.PRE_TRANSIT,
    "in transit": Milestone.IN_TRANSIT,
    "out for delivery": Milestone.OUT_FOR_DELIVERY,
    "ready for pickup": Milestone.AVAILABLE_FOR_PICKUP,
    "delivery failed": Milestone.FAILED_ATTEMPT,
    "returned": Milestone.RETURNED,
    "exception": Milestone.EXCEPTION,
    "exception/attempt": Milestone.FAILED_ATTEMPT,
}
GOING = {Milestone.IN_TRANSIT, Milestone.OUT_FOR_DELIVERY, Milestone.DELIVERED}
PERSONAL = PersonalData(
    receiver={
        Kind.NAME: ("parcel.name", "parcel.company_name"),
        Kind.ADDRESS: (
            "parcel.address",
            "parcel.address_divided",
            "parcel.city",
            "parcel.postal_code",
            "data.event.location_details.street",
            "data.event.location_details.house_number",
            "data.event.location_details.postal_code",
        ),
        Kind.PHONE: ("parcel.telephone",),
        Kind.EMAIL: ("parcel.email",),
        Kind.LABEL: ("parcel.label",),
    },
    plain={
        "parcel.shipment.name": "of a service",
        "parcel.country.name": "of a country",
    },
)


def parse(webhook: Webhook) -> Iterator[Result]:
    body = json_body(webhook)
    kind = body.get("action", "event_type").text()
    if kind == "parcels.event.created":
        yield _scan(body["data"])
    elif kind == "parcel_status_changed" or (kind is None and body.get("parcel")):
        yield _status(body, body["parcel"])
    else:
        yield Ignored(reason=f"{kind or 'a document without an action'} is not about a parcel's status", code=kind)


def _status(body: Node, parcel: Node) -> CarrierEvent:
    status = parcel.get("status")
    message = status.get("message").text()
    decision = most_specific(MILESTONES, status.get("id").text(), wording(message))
    if decision.milestone is Milestone.UNKNOWN and decision.unknown:
        decision = decision._replace(milestone=classify(message) or Milestone.UNKNOWN)
    decision = _turned(decision, is_return=parcel.get("is_return").flag())
    number = parcel.get("tracking_number").text()
    return CarrierEvent(
        tracking_numbers=(number,) if number else (),
        code=decision.code,
        milestone=decision.milestone,
        unknown_code=decision.unknown,
        occurred_at=(
            body.get("carrier_status_change_timestamp").moment()
            or parcel.get("date_updated").moment()
            or body.get("timestamp").moment()
        ),
        # The parcel's city is where it goes.
        description=message,
        references=merchant_references(
            *(parcel.get(name).text() for name in ("order_number", "external_order_id", "external_shipment_id"))
        ),
        raw=(*status.raw("id", "message"), *body.raw("carrier_status_change_timestamp")),
    )


def _scan(data: Node) -> CarrierEvent:
    scan, description = data["event"], data["event"].get("description").text()
    phase = wording(scan.get("phase").text())
    decision = most_specific(MILESTONES, phase, derived=[_problem(scan, description)])
    if decision.milestone is Milestone.UNKNOWN and decision.unknown:
        decision = decision._replace(milestone=classify(description) or Milestone.UNKNOWN)
    decision = _turned(decision, is_return=scan.get("is_returned").flag())
    place = scan.get("location_details")
    return CarrierEvent(
        tracking_numbers=(data["parcel"]["tracking_number"].text(),),
        code=decision.code,
        milestone=decision.milestone,
        unknown_code=decision.unknown,
        occurred_at=scan.get("timestamp").moment(),
        place=Place(city=place.get("city").text()),
        description=description,
        raw=scan.raw("timestamp", "phase", "exception", "sub_status", "description", "location_details.city"),
    )


def _problem(scan: Node, description: str | None) -> str | None:
    """Name the row of a scan that tells of a problem; a parcel that arrived all the same has none."""
    problem = (scan.get("exception").text() or "none").replace("_", " ")
    if problem == "none" or scan.get("phase").text() in {"delivered", "returned"}:
        return None
    is_attempt = Milestone.FAILED_ATTEMPT in {classify(problem), classify(description)}
    return "exception/attempt" if is_attempt else "exception"


def _turned(decision: Decision, *, is_return: bool) -> Decision:
    """Read what a parcel does that is on its way back."""
    if not is_return or decision.milestone not in GOING:
        return decision
    code = f"return/{decision.milestone}"
    return Decision(code, MILESTONES[code], decision.unknown)


ADAPTER = Adapter(
    slug="sendcloud",
    name="Sendcloud",
    documentation="https://sendcloud.dev/api/v2/webhooks/parcel-status-changed",
    maturity=Maturity.DOCUMENTED,
    # The first is that of webhooks; subscribers of events choose among the others.
    verification=AnyOf(
        (
            Hmac(header="Sendcloud-Signature"),
            Bearer(),
            Basic(),
            StaticHeader(header="X-Api-Key"),
            Unsigned(because="event subscriptions may come without a credential; a secret in the path stands in"),
        )
    ),
    milestones=MILESTONES,
    personal=PERSONAL,
    parse=parse,
    redelivery=Redelivery(history=False),
    order_reference_is_vtex=True,
)
