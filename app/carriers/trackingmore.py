"""TrackingMore: one webhook carries one tracking with two histories, the origin's and the destination's.

Pages read 2026-11-23. They contradict each other on what is signed and do not name the headers: every documented way is
taken. Older versions of the API sign inside the body, and name the members of a scan otherwise.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from app.adapter import Adapter, Decision, Maturity, Redelivery, Result, each, most_specific
from app.dialects import english, keywords
from app.dialects.address_lines import place_in_line
from app.dialects.merchant_words import merchant_references
from app.dialects.returns import returned_to_sender
from app.model import CarrierEvent, Ignored, Milestone, Moment, Place, Webhook
from app.payload import Node, Text, json_body
from app.personal import Kind, PersonalData
from app.verification import AnyOf, BodyHmac, Hmac, header_text, json_members

MILESTONES = {
    "pending": Milestone.UNKNOWN,
    "notfound": Milestone.UNKNOWN,
    "notfound001": Milestone.PRE_TRANSIT,
    "notfound002": Milestone.UNKNOWN,
    "inforeceived": Milestone.PRE_TRANSIT,
    "transit": Milestone.IN_TRANSIT,
    "transit001": Milestone.IN_TRANSIT,
    "transit002": Milestone.IN_TRANSIT,
    "transit003": Milestone.IN_TRANSIT,
    "transit004": Milestone.IN_TRANSIT,
    "transit005": Milestone.IN_TRANSIT,
    # Out for delivery and ready for collection are one status; only the words tell them apart.
    "pickup": Milestone.OUT_FOR_DELIVERY,
    "pickup/counter": Milestone.AVAILABLE_FOR_PICKUP,
    "delivered": Milestone.DELIVERED,
    "delivered001": Milestone.DELIVERED,
    "delivered002": Milestone.DELIVERED,
    "delivered003": Milestone.DELIVERED,
    "delivered004": Milestone.DELIVERED,
    "delivered/returned": Milestone.RETURNED,
    "undelivered": Milestone.FAILED_ATTEMPT,
    "exception": Milestone.EXCEPTION,
    "exception004": Milestone.EXCEPTION,
    "exception005": Milestone.EXCEPTION,
    "exception006": Milestone.EXCEPTION,
    "exception007": Milestone.EXCEPTION,
    "exception008": Milestone.EXCEPTION,
    "exception009": Milestone.EXCEPTION,
    "exception010": Milestone.RETURNED,
    "exception011": Milestone.RETURNING,
    # The dates of milestones beside the history tell that the parcel turned round.
    "exception/returning": Milestone.RETURNING,
    "exception/returned": Milestone.RETURNED,
    "expired": Milestone.UNKNOWN,
}
LISTS = ("origin_info", "destination_info")
PERSONAL = PersonalData(
    receiver={
        Kind.NAME: ("**.customer_name", "**.signed_by"),
        Kind.EMAIL: ("**.customer_email",),
        Kind.PHONE: ("**.customer_phone", "**.customer_sms"),
        Kind.ADDRESS: ("**.destination_state", "**.destination_city", "**.tracking_postal_code"),
        Kind.FREE_TEXT: ("**.title", "**.note", "**.label"),
    },
    plain={
        "**.trackinfo.zip": "of the station that scanned it",
    },
    documented=frozenset({"**.customer_phone", "**.customer_sms", "**.tracking_postal_code"}),
    secrets=(
        "signature",
        "verifyInfo.signature",
    ),
)


def parse(webhook: Webhook) -> Iterator[Result]:
    body = json_body(webhook)
    trackings = body if "tracking_number" in body else body["data"]
    yield from each(list(trackings.allowed().items()) or [trackings], _tracking)


def _tracking(tracking: Node) -> Iterator[Result]:
    lists = [tracking.get(name).get("trackinfo", "track_info") for name in LISTS]
    scans = [scan for place in lists for scan in place.items()]
    if scans:
        yield from returned_to_sender([_scan(tracking, scan) for scan in scans], "delivered/returned")
    elif any(place.is_list for place in lists):
        tracking["tracking_number"].text()
        yield Ignored(reason="the tracking has no history yet")
    else:
        # One of the names has a letter too many.
        time = tracking.first_moment("lastest_checkpoint_time", "latest_checkpoint_time")
        words = tracking.get("latest_event", "lastEvent").text()
        decision = _decide(tracking.get("substatus").text(), tracking.get("delivery_status", "status").text(), words)
        yield _event(tracking, tracking, _turned(tracking, decision, time), time, words)


def _scan(tracking: Node, scan: Node) -> CarrierEvent:
    words = scan.get("tracking_detail", "StatusDescription").text()
    time = scan.first_moment("checkpoint_date", "Date")
    decision = _decide(
        scan.get("checkpoint_delivery_substatus", "substatus", "checkpoint_substatus").text(),
        scan.get("checkpoint_delivery_status", "checkpoint_status").text(),
        words,
    )
    return _event(tracking, scan, _turned(tracking, decision, time), time, words)


def _decide(detail: Text | None, status: Text | None, words: str | None) -> Decision:
    detail = Text(detail.replace(" ", ""), detail.path) if detail else None
    parent = status or (Text(detail.rstrip("0123456789"), detail.path) if detail else None)
    said = {english.classify(words, detail), keywords.classify(words)} if parent == "pickup" else set()
    is_counter = Milestone.AVAILABLE_FOR_PICKUP in said
    return most_specific(MILESTONES, detail, parent, derived=["pickup/counter" if is_counter else None])


def _turned(tracking: Node, decision: Decision, time: Moment | None) -> Decision:
    """Read an exception, or a delivery, after the parcel turned round."""
    if decision.milestone not in {Milestone.EXCEPTION, Milestone.DELIVERED}:
        return decision
    at = time.at if time else None
    for name in ("returned", "returning"):
        turned = _date(tracking, f"{name}_date")
        if turned and (at is None or at >= turned):
            code = "delivered/returned" if decision.milestone is Milestone.DELIVERED else f"exception/{name}"
            return Decision(code, MILESTONES[code], decision.unknown)
    return decision


def _date(tracking: Node, name: str) -> datetime | None:
    dates = (tracking.get(place).get("milestone_date").get(name).moment() for place in LISTS)
    return min((date.at for date in dates if date), default=None)


def _event(tracking: Node, entry: Node, decision: Decision, time: Moment | None, words: str | None) -> CarrierEvent:
    city, state = entry.get("city").text(), entry.get("state").text()
    return CarrierEvent(
        tracking_numbers=(tracking["tracking_number"].text(),),
        code=decision.code,
        milestone=decision.milestone,
        unknown_code=decision.unknown,
        occurred_at=time,
        place=Place(city=city, state=state)
        if city or state
        else place_in_line(entry.get("location", "Details").text()),
        description=words,
        references=merchant_references(
            tracking.get("order_number").text(),
            tracking.get("order_id").text(),
            remarks=[tracking.get("title").text(), tracking.get("note").text()],
        ),
        raw=entry.raw(
            "checkpoint_date",
            "Date",
            "checkpoint_delivery_status",
            "checkpoint_status",
            "delivery_status",
            "tracking_detail",
            "StatusDescription",
            "location",
            "Details",
        ),
        full_history=True,
    )


ADAPTER = Adapter(
    slug="trackingmore",
    name="TrackingMore",
    documentation="https://www.trackingmore.com/docs/trackingmore/webhook",
    maturity=Maturity.DOCUMENTED,
    # What the worked sample signs, what the text says, and the older versions' two spellings.
    verification=AnyOf(
        (
            Hmac(header="signature", signed=header_text("timestamp"), timestamp_header="timestamp", binds_body=False),
            Hmac(header="signature", encodings=("base64",)),
            BodyHmac(
                signature=("verifyInfo", "signature"),
                timestamp=("verifyInfo", "timeStr"),
                signed=json_members("verifyInfo.timeStr"),
                binds_body=False,
            ),
            BodyHmac(
                signature=("signature",), timestamp=("timeStr",), signed=json_members("timeStr"), binds_body=False
            ),
        )
    ),
    milestones=MILESTONES,
    personal=PERSONAL,
    parse=parse,
    # 14 tries in all, each wait twice the one before, from 30 s on: 68 hours.
    redelivery=Redelivery(retries=True, retries_for=timedelta(seconds=245_730), history=True),
    order_reference_is_vtex=True,
)
