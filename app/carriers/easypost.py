"""EasyPost: one webhook carries one tracker with its full history, among event types that are about other things.

Sources read 2026-11-23.
"""

from collections.abc import Iterator
from datetime import timedelta

from app.adapter import Adapter, Maturity, Redelivery, Result, most_specific
from app.model import CarrierEvent, Ignored, Milestone, Moment, Place, Webhook
from app.payload import Maybe, Node, Text, json_body, member
from app.personal import Kind, PersonalData
from app.verification import Hmac

MILESTONES = {
    "unknown": Milestone.UNKNOWN,
    "unknown/label_created": Milestone.PRE_TRANSIT,
    "pre_transit": Milestone.PRE_TRANSIT,
    "in_transit": Milestone.IN_TRANSIT,
    "in_transit/arrived_at_pickup_location": Milestone.AVAILABLE_FOR_PICKUP,
    "in_transit/refused": Milestone.EXCEPTION,
    "in_transit/return": Milestone.RETURNING,
    "out_for_delivery": Milestone.OUT_FOR_DELIVERY,
    "delivered": Milestone.DELIVERED,
    # A tracker of a return label, or a parcel that turned round before.
    "delivered/return": Milestone.RETURNED,
    "available_for_pickup": Milestone.AVAILABLE_FOR_PICKUP,
    "return_to_sender": Milestone.RETURNING,
    # There is no status for the arrival; a tracker that is closed while returning has returned.
    "return_to_sender/finalized": Milestone.RETURNED,
    "failure": Milestone.EXCEPTION,
    "failure/delivery_exception": Milestone.FAILED_ATTEMPT,
    "failure/return": Milestone.RETURNING,
    "cancelled": Milestone.CANCELLED,
    "error": Milestone.EXCEPTION,
}

DETAILS = (
    "address_correction arrived_at_destination arrived_at_facility arrived_at_pickup_location awaiting_information "
    "cancelled damaged delayed delivery_exception departed_facility departed_origin_facility expired failure held "
    "in_transit label_created lost missorted out_for_delivery received_at_destination_facility "
    "received_at_origin_facility refused return status_update transferred_to_destination_carrier transit_exception "
    "unknown weather_delay"
)

IGNORED = {
    "batch": "an event about a batch of labels",
    "claim": "an event about an insurance claim",
    "insurance": "an event about an insurance",
    "payment": "an event about a payment",
    "refund": "an event about a refund",
    "report": "an event about a report",
    "scan_form": "an event about a scan form",
    "shipment": "an event about a shipment's invoice",
}
PERSONAL = PersonalData(
    receiver={
        Kind.NAME: ("result.signed_by",),
        Kind.ADDRESS: (
            "result.carrier_detail.destination_location",
            "result.carrier_detail.destination_tracking_location",
        ),
    },
    sender={
        Kind.ADDRESS: ("result.carrier_detail.origin_location", "result.carrier_detail.origin_tracking_location"),
    },
    plain={
        "result.tracking_details.tracking_location.zip": "of the station that scanned it",
    },
)


def parse(webhook: Webhook) -> Iterator[Result]:
    body = json_body(webhook)
    kind = body.get("description").text() or "an event without a type"
    family = kind.partition(".")[0]
    if body.get("result").get("object").text() != "Tracker" and family != "tracker":
        code = Text(family, body.get("description").path)
        yield Ignored(reason=IGNORED.get(family, f"{kind} is not about a tracker"), code=code)
        return
    tracker = body["result"]
    history = [(detail.get("datetime").text() or "", detail) for detail in tracker.get("tracking_details").items()]
    if tracker.get("tracking_details").is_list and not history:
        yield Ignored(reason="the tracker has no history yet")
        return
    if not history:
        yield _event(tracker, tracker, time=tracker.first_moment("updated_at", "created_at"))
        return
    # The times are UTC in one form, so that their texts compare.
    last = max(at for at, _ in history)
    turned = min((at for at, detail in history if detail.get("status").text() == "return_to_sender"), default=last)
    for at, detail in history:
        yield _event(
            tracker,
            detail,
            time=_time(detail),
            is_return=tracker.get("is_return").flag() or at > turned,
            is_closed=tracker.get("finalized").flag() and at == last,
        )


def _event(
    tracker: Node, entry: Node, *, time: Moment | None, is_return: bool = False, is_closed: bool = False
) -> CarrierEvent:
    status = entry.get("status").text() or ""
    detail = entry.get("status_detail").text() or "unknown"
    returning = f"{status}/return" if is_return and status != "failure" else None
    closed = f"{status}/finalized" if is_closed else None
    code, milestone, unknown = most_specific(MILESTONES, status, derived=(returning, closed, f"{status}/{detail}"))
    return CarrierEvent(
        tracking_numbers=(tracker["tracking_code"].text(),),
        code=code,
        milestone=milestone,
        unknown_code=unknown or (detail if detail not in DETAILS.split() else None),
        occurred_at=time,
        place=_place(entry.get("tracking_location")),
        description=entry.get("message", "description").text(),
        raw=entry.raw(
            "status", "status_detail", "datetime", "message", "tracking_location.city", "tracking_location.state"
        ),
        full_history=True,
    )


def _time(detail: Node) -> Moment | None:
    """Read a scan's time; without a complete location EasyPost labels the carrier's wall clock UTC."""
    moment = detail.get("datetime").moment(zone="UTC")
    location = detail.get("tracking_location")
    is_complete = all(location.get(part) for part in ("city", "state", "country", "zip"))
    return moment if moment is None or is_complete else moment.as_false_utc()


def _place(location: Maybe) -> Place:
    return Place(city=location.get("city").text(), state=location.get("state").text())


ADAPTER = Adapter(
    slug="easypost",
    name="EasyPost",
    documentation="https://docs.easypost.com/docs/webhooks-guide",
    maturity=Maturity.DOCUMENTED,
    verification=Hmac(header="X-Hmac-Signature", prefix="hmac-sha256-hex=", nfkd_secret=True),
    milestones=MILESTONES,
    ignored=IGNORED,
    personal=PERSONAL,
    parse=parse,
    # Its help page promises it for outages of less than 24 hours.
    redelivery=Redelivery(
        retries=True,
        retries_for=timedelta(hours=24),
        history=True,
        ask="Ask for each tracker again: POST /v2/events with result_id set to its id (trk_…).",
    ),
    identity=member("id"),
    zone="UTC",
)
