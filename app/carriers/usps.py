"""USPS: one webhook carries one item, as JSON in a text inside JSON, with one or more of its scans.

Sources read 2026-11-23. USPS's own page could not be read; two public receivers agree. Public tables of event codes
contradict each other, so that a scan's words go first and only undisputed codes count.
"""

from collections.abc import Iterator
from datetime import datetime

from app.adapter import Adapter, Decision, Maturity, Redelivery, Result, most_specific
from app.dialects.english import classify, wording
from app.dialects.returns import returned_to_sender
from app.model import CarrierEvent, Ignored, Milestone, Moment, Place, Webhook
from app.payload import Node, Text, json_body
from app.personal import Kind, PersonalData
from app.verification import AnyOf, Hmac, json_members

MILESTONES = {
    # Event codes.
    "01": Milestone.DELIVERED,
    "03": Milestone.IN_TRANSIT,
    "04": Milestone.EXCEPTION,
    "07": Milestone.IN_TRANSIT,
    "09": Milestone.RETURNING,
    "10": Milestone.IN_TRANSIT,
    "14": Milestone.AVAILABLE_FOR_PICKUP,
    "GX": Milestone.PRE_TRANSIT,
    "MA": Milestone.PRE_TRANSIT,
    "OF": Milestone.OUT_FOR_DELIVERY,
    # What a scan's words say where they differ from the code, or the code is disputed.
    "text/PRE_TRANSIT": Milestone.PRE_TRANSIT,
    "text/IN_TRANSIT": Milestone.IN_TRANSIT,
    "text/OUT_FOR_DELIVERY": Milestone.OUT_FOR_DELIVERY,
    "text/DELIVERED": Milestone.DELIVERED,
    "text/AVAILABLE_FOR_PICKUP": Milestone.AVAILABLE_FOR_PICKUP,
    "text/FAILED_ATTEMPT": Milestone.FAILED_ATTEMPT,
    "text/EXCEPTION": Milestone.EXCEPTION,
    "text/RETURNING": Milestone.RETURNING,
    "text/RETURNED": Milestone.RETURNED,
    # Categories of the item's status.
    "pre-shipment": Milestone.PRE_TRANSIT,
    "accepted": Milestone.IN_TRANSIT,
    "in transit": Milestone.IN_TRANSIT,
    "out for delivery": Milestone.OUT_FOR_DELIVERY,
    "delivered": Milestone.DELIVERED,
    "available for pickup": Milestone.AVAILABLE_FOR_PICKUP,
    "delivery attempt": Milestone.FAILED_ATTEMPT,
    "attempted delivery": Milestone.FAILED_ATTEMPT,
    "alert": Milestone.EXCEPTION,
}
PERSONAL = PersonalData(
    receiver={
        Kind.NAME: ("**.trackingEvents.name", "**.trackingEvents.firm", "**.trackingEvents.recipientName"),
        Kind.ADDRESS: ("**.destinationCity", "**.destinationState", "**.destinationZIPCode", "**.destinationZIP"),
    },
    plain={
        "**.trackingEvents.eventZIPCode": "of the station that scanned it",
    },
    documented=frozenset({"**.trackingEvents.recipientName", "**.destinationZIP"}),
)


def parse(webhook: Webhook) -> Iterator[Result]:
    envelope = json_body(webhook)
    kind = envelope.get("subscriptionType").text()
    if kind and kind.upper() != "TRACKING":
        yield Ignored(reason=f"a notification of type {kind}", code=kind)
        return
    item = envelope["payload"].document()
    scans = list(item.get("trackingEvents").items())
    if not scans and item.get("trackingEvents").is_list:
        yield Ignored(reason="the item has no scans yet")
    elif not scans:
        yield _event(item, item, _of_status(item), item.get("status", "statusCategory").text())
    else:
        times = [time.at for time in map(_time, scans) if time]
        yield from returned_to_sender([_scan(item, scan, max(times, default=None)) for scan in scans], "text/RETURNED")


def _scan(item: Node, scan: Node, last: datetime | None) -> CarrierEvent:
    """Let the scan's words decide, then an undisputed code; of the newest scan the item's category speaks as well."""
    time, words, sent = _time(scan), scan.get("eventType").text(), scan.get("eventCode").text()
    said = _said(words)
    if said and MILESTONES.get(sent or "") is not said:
        return _event(item, scan, Decision(f"text/{said}", said, None), words)
    is_last = time is None or time.at == last
    category = wording(item.get("statusCategory").text()) if is_last else None
    return _event(item, scan, most_specific(MILESTONES, sent, category), words)


def _of_status(item: Node) -> Decision:
    """Let the category decide; only the words tell that an item goes back."""
    said = _said(item.get("status").text(), item.get("statusSummary").text())
    returned = f"text/{said}" if said in {Milestone.RETURNING, Milestone.RETURNED} else None
    category, status = wording(item.get("statusCategory").text()), wording(item.get("status").text())
    return most_specific(MILESTONES, category, status, derived=[returned])


def _event(item: Node, scan: Node, decision: Decision, words: Text | None) -> CarrierEvent:
    return CarrierEvent(
        tracking_numbers=(item["trackingNumber"].text(),),
        code=decision.code,
        milestone=decision.milestone,
        unknown_code=decision.unknown,
        occurred_at=_time(scan),
        place=Place(city=scan.get("eventCity").text(), state=scan.get("eventState").text()),
        description=words,
        raw=scan.raw("eventCode", "eventType", "eventTimestamp", "GMTTimestamp", "eventCity", "eventZIPCode", "status"),
    )


def _said(*words: Text | None) -> Milestone | None:
    """Read a scan's words: returns first, then the category that they may open with, then whatever they say."""
    said = classify(*words)
    if said is Milestone.RETURNED and "delivered" not in " ".join(filter(None, words)).lower():
        # "Returned to sender" is said when an item turns round; only a delivery ends the way back.
        said = Milestone.RETURNING
    if said in {Milestone.RETURNING, Milestone.RETURNED}:
        return said
    opening = (words[0] or "").partition(",")[0].lower()
    return MILESTONES.get(opening, said if f"text/{said}" in MILESTONES else None)


def _time(scan: Node) -> Moment | None:
    offset = scan.get("GMTOffset").text()
    return scan.get("GMTTimestamp").moment(offset="Z") or scan.get("eventTimestamp").moment(offset=offset)


ADAPTER = Adapter(
    slug="usps",
    name="USPS",
    documentation="https://developers.usps.com/subscriptions-trackingv3",
    maturity=Maturity.DOCUMENTED,
    # The second header is the older name of the first.
    verification=AnyOf(
        tuple(
            Hmac(header=header, encodings=("base64",), signed=json_members("timestamp", "payload"))
            for header in ("X-HMAC", "hmac-header")
        )
    ),
    milestones=MILESTONES,
    personal=PERSONAL,
    parse=parse,
    # A payload may hold several scans; whether it holds all is not told.
    redelivery=Redelivery(),
)
