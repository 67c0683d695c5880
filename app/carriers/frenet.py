"""Frenet: one webhook carries one parcel's newest scan; another one, to the same URL, only an order's status number.

Sources read 2026-11-23. Both are asked for order by order. What the types of a scan mean is not public, so that its
words decide; nor are the names that a status callback uses, so that the likely ones are all tried.
"""

from collections.abc import Iterator

from app.adapter import Adapter, Maturity, Redelivery, Result, most_specific
from app.dialects.keywords import classify
from app.dialects.places import place_in
from app.model import CarrierEvent, Ignored, Milestone, Place, References, Webhook
from app.payload import Maybe, Node, Text, json_body
from app.personal import PersonalData
from app.verification import AnyOf, StaticHeader, Unsigned

ZONE = "America/Sao_Paulo"
FORMATS = ("%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S", "%d/%m/%Y")

MILESTONES = {
    # Numbers of the status callback.
    "status 5": Milestone.IN_TRANSIT,
    "status 7": Milestone.CANCELLED,
    # What the words of a scan say.
    "PRE_TRANSIT": Milestone.PRE_TRANSIT,
    "IN_TRANSIT": Milestone.IN_TRANSIT,
    "OUT_FOR_DELIVERY": Milestone.OUT_FOR_DELIVERY,
    "DELIVERED": Milestone.DELIVERED,
    "AVAILABLE_FOR_PICKUP": Milestone.AVAILABLE_FOR_PICKUP,
    "FAILED_ATTEMPT": Milestone.FAILED_ATTEMPT,
    "EXCEPTION": Milestone.EXCEPTION,
    "RETURNING": Milestone.RETURNING,
    "RETURNED": Milestone.RETURNED,
    "CANCELLED": Milestone.CANCELLED,
}
ORDER = ("OrderId", "OrderCode", "OrderNumber", "Order", "orderId", "order_id")
STATUS = ("Status", "StatusId", "StatusCode", "ShipmentStatus", "ShippingStatus", "OrderStatus", "status", "status_id")
STATUS_TIMES = ("EventDateTime", "StatusDate", "UpdatedAt", "Date")
PERSONAL = PersonalData()


def parse(webhook: Webhook) -> Iterator[Result]:
    body = json_body(webhook)
    scans = list(body.get("TrackingEvents").items())
    status = body.get(*STATUS)
    if not scans and status:
        yield _status_event(body, status)
    elif not scans:
        known = "TrackingEvents" in body
        yield Ignored(reason="no scan yet" if known else "a document with neither scans nor a status")
    for scan in scans:
        yield _scan_event(body, scan)


def _scan_event(body: Node, scan: Node) -> CarrierEvent:
    words, kind = scan.get("EventDescription").text(), scan.get("EventType").text()
    said = classify(words)
    unknown = (kind or words) if said is None else None
    return CarrierEvent(
        tracking_numbers=_numbers(body),
        code=Text(said.value, words.path) if said and words else unknown or "",
        milestone=said or Milestone.UNKNOWN,
        unknown_code=unknown,
        occurred_at=scan.get("EventDateTime").moment(*FORMATS, zone=ZONE),
        place=place_in(scan.get("EventLocation").text()),
        description=words,
        references=References(order_id=body.get(*ORDER).text()),
        raw=scan.raw("EventDateTime", "EventDescription", "EventLocation"),
    )


def _status_event(body: Node, status: Maybe) -> CarrierEvent:
    number = status.text()
    code, milestone, unknown = most_specific(MILESTONES, Text(f"status {number}", status.path) if number else None)
    return CarrierEvent(
        tracking_numbers=_numbers(body),
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        occurred_at=body.first_moment(*STATUS_TIMES, formats=FORMATS, zone=ZONE),
        place=Place(),
        references=References(order_id=body.get(*ORDER).text()),
        raw=body.raw(*STATUS, *STATUS_TIMES),
    )


def _numbers(body: Node) -> tuple[str, ...]:
    number = body.get("TrackingNumber", "trackingNumber").text()
    return (number,) if number else ()


ADAPTER = Adapter(
    slug="frenet",
    name="Frenet",
    documentation="https://github.com/FrenetGatewaydeFretes/frenet-php",
    maturity=Maturity.DOCUMENTED,
    verification=AnyOf(
        (
            StaticHeader(header="FRENET_INTEGRATION"),
            Unsigned(
                because="Frenet sends a header of the merchant's choice only where one was asked for with the order"
            ),
        )
    ),
    milestones=MILESTONES,
    personal=PERSONAL,
    parse=parse,
    redelivery=Redelivery(history=False),
    zone=ZONE,
    order_reference_is_vtex=True,
)
