"""AfterShip: one webhook carries one tracking with its full history, in a shape that depends on the version pinned.

Pages read 2026-11-23. Versions before 2026-01 name parts of a place otherwise; city and state have kept their names.
Other AfterShip products sign with headers and secrets of their own and do not belong here.
"""

from collections.abc import Iterator
from datetime import timedelta

from app.adapter import Adapter, Maturity, Redelivery, Result, most_specific
from app.dialects.address_lines import place_in_line
from app.dialects.merchant_words import merchant_references
from app.dialects.returns import returned_to_sender
from app.model import CarrierEvent, Ignored, Milestone, Moment, Place, Webhook
from app.payload import Node, json_body, member
from app.personal import Kind, PersonalData
from app.verification import Hmac

MILESTONES = {
    "Pending": Milestone.UNKNOWN,
    "InfoReceived": Milestone.PRE_TRANSIT,
    "InfoReceived_001": Milestone.PRE_TRANSIT,
    "InTransit": Milestone.IN_TRANSIT,
    "InTransit_001": Milestone.IN_TRANSIT,
    "InTransit_002": Milestone.IN_TRANSIT,
    "InTransit_003": Milestone.IN_TRANSIT,
    "InTransit_004": Milestone.IN_TRANSIT,
    "InTransit_005": Milestone.IN_TRANSIT,
    "InTransit_006": Milestone.IN_TRANSIT,
    "InTransit_007": Milestone.IN_TRANSIT,
    "InTransit_008": Milestone.IN_TRANSIT,
    "InTransit_009": Milestone.IN_TRANSIT,
    "InTransit_010": Milestone.IN_TRANSIT,
    "InTransit_011": Milestone.IN_TRANSIT,
    "InTransit_012": Milestone.IN_TRANSIT,
    "InTransit_013": Milestone.IN_TRANSIT,
    "InTransit/return": Milestone.RETURNING,
    "OutForDelivery": Milestone.OUT_FOR_DELIVERY,
    "OutForDelivery_001": Milestone.OUT_FOR_DELIVERY,
    "OutForDelivery/return": Milestone.RETURNING,
    "AttemptFail": Milestone.FAILED_ATTEMPT,
    "AttemptFail_001": Milestone.FAILED_ATTEMPT,
    "AttemptFail_002": Milestone.FAILED_ATTEMPT,
    "AttemptFail_003": Milestone.FAILED_ATTEMPT,
    "Delivered": Milestone.DELIVERED,
    "Delivered_001": Milestone.DELIVERED,
    "Delivered_002": Milestone.DELIVERED,
    "Delivered_003": Milestone.DELIVERED,
    "Delivered_004": Milestone.DELIVERED,
    "Delivered_005": Milestone.DELIVERED,  # To a neighbour.
    "Delivered/return": Milestone.RETURNED,
    "AvailableForPickup": Milestone.AVAILABLE_FOR_PICKUP,
    "AvailableForPickup_001": Milestone.AVAILABLE_FOR_PICKUP,
    "Exception": Milestone.EXCEPTION,
    "Exception_001": Milestone.EXCEPTION,
    "Exception_002": Milestone.EXCEPTION,
    "Exception_003": Milestone.EXCEPTION,  # Refused.
    "Exception_004": Milestone.EXCEPTION,
    "Exception_005": Milestone.EXCEPTION,
    "Exception_006": Milestone.EXCEPTION,
    "Exception_007": Milestone.EXCEPTION,  # The address is wrong.
    "Exception_008": Milestone.EXCEPTION,
    "Exception_009": Milestone.EXCEPTION,
    "Exception_010": Milestone.RETURNING,
    "Exception_011": Milestone.RETURNED,
    "Exception_012": Milestone.EXCEPTION,  # Damaged.
    "Exception_013": Milestone.EXCEPTION,  # Lost.
    "Exception_014": Milestone.EXCEPTION,
    "Exception_015": Milestone.EXCEPTION,
    "Exception_016": Milestone.EXCEPTION,
    "Exception_017": Milestone.EXCEPTION,
    "Exception_018": Milestone.EXCEPTION,
    "Exception_019": Milestone.EXCEPTION,
    "Exception_020": Milestone.EXCEPTION,
    "Exception_021": Milestone.EXCEPTION,
    "Expired": Milestone.UNKNOWN,
}
IGNORED = {
    "edd_revise": "a new estimate of the delivery's date: its history was sent before",
    "tracking_pending_time": "a notice that the tracking has been pending for long",
}
PERSONAL = PersonalData(
    receiver={
        Kind.NAME: ("msg.signed_by", "msg.customer_name"),
        Kind.EMAIL: ("msg.emails",),
        Kind.PHONE: ("msg.smses",),
        Kind.ADDRESS: (
            "msg.destination_city",
            "msg.destination_state",
            "msg.destination_postal_code",
            "msg.destination_raw_location",
        ),
        Kind.GEOLOCATION: ("msg.checkpoints.coordinate", "msg.checkpoints.coordinates"),
        Kind.PROOF: ("msg.proof_of_delivery",),
        Kind.FREE_TEXT: ("msg.title", "msg.note", "msg.custom_fields"),
    },
    sender={
        Kind.ADDRESS: ("msg.origin_city", "msg.origin_state", "msg.origin_postal_code"),
    },
    plain={
        "msg.checkpoints.postal_code": "of the station that scanned it",
        "msg.checkpoints.zip": "of the station that scanned it",
        "msg.checkpoints.country_region_name": "of a country",
    },
    documented=frozenset(
        {
            "msg.customer_name",
            "msg.emails",
            "msg.smses",
            "msg.destination_postal_code",
            "msg.destination_raw_location",
            "msg.checkpoints.coordinates",
            "msg.proof_of_delivery",
            "msg.note",
            "msg.origin_city",
            "msg.origin_state",
            "msg.origin_postal_code",
        }
    ),
)


def parse(webhook: Webhook) -> Iterator[Result]:
    body = json_body(webhook)
    kind = body.get("event").text()
    if kind not in {None, "tracking_update"}:
        yield Ignored(reason=IGNORED.get(kind or "", f"{kind} is not about tracking"), code=kind)
        return
    tracking = body["msg"]
    history = list(tracking.get("checkpoints").items())
    if history:
        times = [checkpoint.get("checkpoint_time").moment() for checkpoint in history]
        last = max((time.at for time in times if time), default=None)
        events = [
            _event(tracking, checkpoint, time=time, is_last=time is None or time.at == last)
            for checkpoint, time in zip(history, times, strict=True)
        ]
        yield from returned_to_sender(events, "Delivered/return")
        return
    if tracking.get("checkpoints").is_list:
        yield Ignored(reason="the tracking has no checkpoints yet")
        return
    is_delivered = tracking.get("tag").text() == "Delivered"
    time = tracking.get("shipment_delivery_date").moment() if is_delivered else None
    yield _event(tracking, tracking, time=time, is_last=True)


def _event(tracking: Node, entry: Node, *, time: Moment | None, is_last: bool) -> CarrierEvent:
    tag = entry.get("tag").text()
    # The flag speaks about now: earlier scans were on the way to the shopper.
    is_return = tracking.get("return_to_sender").flag() and (is_last or tag == "Delivered")
    code, milestone, unknown = most_specific(
        MILESTONES, entry.get("subtag").text(), tag, derived=[f"{tag}/return" if is_return else None]
    )
    number = tracking.get("tracking_number").text()
    city, state = entry.get("city").text(), entry.get("state").text()
    return CarrierEvent(
        tracking_numbers=(number,) if number else (),
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        occurred_at=time,
        place=Place(city=city, state=state) if city or state else place_in_line(entry.get("location").text()),
        description=entry.get("message", "subtag_message").text(),
        event_id=entry.get("hash").text(),
        references=merchant_references(
            tracking.get("order_number").text(),
            tracking.get("order_id").text(),
            fields=[tracking.get("custom_fields")],
            remarks=[tracking.get("title").text(), tracking.get("note").text()],
        ),
        raw=entry.raw("checkpoint_time", "tag", "subtag", "message", "city", "state", "location"),
        full_history=True,
    )


ADAPTER = Adapter(
    slug="aftership",
    name="AfterShip",
    documentation="https://www.aftership.com/docs/tracking",
    maturity=Maturity.DOCUMENTED,
    verification=Hmac(header="aftership-hmac-sha256", encodings=("base64",)),
    milestones=MILESTONES,
    ignored=IGNORED,
    personal=PERSONAL,
    parse=parse,
    # 14 tries in all, each wait twice the one before, from 30 s on: 68 hours.
    redelivery=Redelivery(retries=True, retries_for=timedelta(seconds=245_730), history=True),
    identity=member("event_id"),
    order_reference_is_vtex=True,
)
