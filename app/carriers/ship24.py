"""Ship24: one webhook carries one or more trackings, each with its new events and not its history.

Pages read 2026-11-23.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from app.adapter import Adapter, Answer, Maturity, Redelivery, Result, each, most_specific
from app.dialects.address_lines import place_in_line
from app.dialects.merchant_words import merchant_references
from app.dialects.returns import returned_to_sender
from app.model import CarrierEvent, Ignored, Milestone, Moment, TimeQuality, Webhook
from app.payload import Node, Text, json_body
from app.personal import Kind, PersonalData
from app.verification import Bearer

MILESTONES = {
    "pending": Milestone.UNKNOWN,
    "info_received": Milestone.PRE_TRANSIT,
    "in_transit": Milestone.IN_TRANSIT,
    "out_for_delivery": Milestone.OUT_FOR_DELIVERY,
    "failed_attempt": Milestone.FAILED_ATTEMPT,
    "available_for_pickup": Milestone.AVAILABLE_FOR_PICKUP,
    "delivered": Milestone.DELIVERED,
    "delivered/return": Milestone.RETURNED,
    "exception": Milestone.EXCEPTION,
    # Only the codes tell these apart from other exceptions.
    "return": Milestone.RETURNING,
    "cancelled": Milestone.CANCELLED,
    # Codes of events without a milestone.
    "data_order_created": Milestone.PRE_TRANSIT,
    "destination_arrival": Milestone.IN_TRANSIT,
    "customs_received": Milestone.IN_TRANSIT,
    "customs_cleared": Milestone.IN_TRANSIT,
    "customs_exception": Milestone.EXCEPTION,
    "customs_rejected": Milestone.EXCEPTION,
    "delivery_available_for_pickup": Milestone.AVAILABLE_FOR_PICKUP,
    "delivery_out_for_delivery": Milestone.OUT_FOR_DELIVERY,
    "delivery_attempted": Milestone.FAILED_ATTEMPT,
    "delivery_delivered": Milestone.DELIVERED,
    "delivery_exception": Milestone.EXCEPTION,
    "delivery_refused": Milestone.EXCEPTION,
    "exception_lost": Milestone.EXCEPTION,
    "exception_discarded": Milestone.EXCEPTION,
}

CODES = (*MILESTONES, "data_order_cancelled", "data_delivery_proposed", "data_delivery_decided", "exception_return")
EARLIEST = datetime.min.replace(tzinfo=UTC)
PERSONAL = PersonalData(
    receiver={
        Kind.NAME: ("trackings.shipment.recipient.name", "trackings.shipment.delivery.signedBy"),
        Kind.ADDRESS: ("trackings.shipment.recipient",),
    },
)


def parse(webhook: Webhook) -> Iterator[Result]:
    if registration_check(webhook):
        yield Ignored(reason="a check that the URL answers")
        return
    trackings = json_body(webhook)["trackings"]
    entries = list(trackings.allowed().items())
    if trackings.is_list and not entries:
        yield Ignored(reason="a message without trackings")
    else:
        yield from each(entries or [trackings], _tracking)


def _tracking(tracking: Node) -> Iterator[Result]:
    shipment = tracking.get("shipment")
    entries = list(tracking.get("events").items())
    if entries:
        events = [_event(tracking, entry, _time(entry)) for entry in sorted(entries, key=_rank)]
        yield from returned_to_sender(events, "delivered/return")
    elif not tracking.get("events").is_list and shipment.get("statusMilestone", "statusCode"):
        first, *rest = (shipment.get("statusMilestone").text() or "").split("_")
        time = "".join((first, *(word.title() for word in rest), "Datetime"))
        when = tracking.get("statistics").get("timestamps").get(time).moment()
        yield from (_event(tracking, status, when) for status in shipment.items())
    else:
        yield Ignored(reason="a tracking without new events")


def _rank(entry: Node) -> tuple[datetime, int]:
    """Order events by time; where that is the same, by the courier's order, lower being older."""
    time, order = _time(entry), entry.get("order").text() or ""
    return time.at if time else EARLIEST, int(order) if order.isdecimal() else 0


def _event(tracking: Node, entry: Node, time: Moment | None) -> CarrierEvent:
    tracker, shipment = tracking.get("tracker"), tracking.get("shipment")
    milestone_sent, sent = entry.get("statusMilestone").text(), entry.get("statusCode").text()
    code, milestone, unknown = most_specific(MILESTONES, milestone_sent, sent, derived=[_told(milestone_sent, sent)])
    others = (number.get("tn").text() for number in shipment.get("trackingNumbers").items())
    numbers = [tracker.get("trackingNumber").text(), *others]
    if not any(numbers):
        numbers = [entry["trackingNumber"].text()]
    return CarrierEvent(
        tracking_numbers=tuple(dict.fromkeys(filter(None, numbers))),
        code=code,
        milestone=milestone,
        unknown_code=unknown or (sent if sent not in CODES else None),
        occurred_at=time,
        # The recipient's city is where the parcel goes.
        place=place_in_line(entry.get("location").text()),
        description=entry.get("status").text(),
        event_id=entry.get("eventId").text(),
        references=merchant_references(
            tracker.get("shipmentReference").text(), tags=[tracker.get("clientTrackerId").text()]
        ),
        raw=entry.raw(
            *(
                ["eventId"]
                if entry.get("eventId")
                else ["occurrenceDatetime", "statusMilestone", "statusCode", "status"]
            )
        ),
    )


def _told(milestone: str | None, code: Text | None) -> str | None:
    """Name the row for what only the code tells; of the codes for returns just one is documented."""
    if code and "return" in code:
        return "delivered/return" if milestone == "delivered" or "delivered" in code else "return"
    return "cancelled" if code == "data_order_cancelled" else None


def _time(entry: Node) -> Moment | None:
    time = entry.get("occurrenceDatetime", "datetime").moment(offset=entry.get("utcOffset").text())
    # The older members may say that midnight is no time of day.
    return replace(time, quality=TimeQuality.DATE) if time and entry.get("hasNoTime").flag() else time


def registration_check(webhook: Webhook) -> Answer | None:
    """Recognise the dashboard's check of a URL before it is saved."""
    return Answer() if webhook.method == "HEAD" else None


ADAPTER = Adapter(
    slug="ship24",
    name="Ship24",
    documentation="https://docs.ship24.com/webhooks/overview",
    maturity=Maturity.DOCUMENTED,
    verification=Bearer(),
    milestones=MILESTONES,
    personal=PERSONAL,
    parse=parse,
    redelivery=Redelivery(
        history=False,
        ask="Ask for each tracker again: POST /public/v1/trackers/{trackerId}/webhook-events/resend.",
    ),
    methods=frozenset({"HEAD", "POST"}),
    probe=registration_check,
    probe_is_unsigned=True,
    order_reference_is_vtex=True,
)
