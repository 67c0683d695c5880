"""17TRACK: one webhook carries one number with its history as each of its carriers tells it.

Pages read 2026-11-23, as far as they could be; the rest is what several public receivers agree on.
"""

from collections.abc import Iterator

from app.adapter import Adapter, Maturity, Redelivery, Result, each, most_specific
from app.dialects.address_lines import place_in_line
from app.dialects.merchant_words import merchant_references
from app.dialects.returns import returned_to_sender
from app.model import CarrierEvent, Ignored, Milestone, Moment, Place, Webhook
from app.payload import Maybe, Node, Text, json_body
from app.personal import Kind, PersonalData
from app.verification import BodyDigest, raw_body

MILESTONES = {
    "NotFound": Milestone.UNKNOWN,
    "NotFound_Other": Milestone.UNKNOWN,
    "NotFound_InvalidCode": Milestone.UNKNOWN,
    "InfoReceived": Milestone.PRE_TRANSIT,
    "InTransit": Milestone.IN_TRANSIT,
    "InTransit_PickedUp": Milestone.IN_TRANSIT,
    "InTransit_Other": Milestone.IN_TRANSIT,
    "InTransit_Departure": Milestone.IN_TRANSIT,
    "InTransit_Arrival": Milestone.IN_TRANSIT,
    "InTransit_CustomsProcessing": Milestone.IN_TRANSIT,
    "InTransit_CustomsReleased": Milestone.IN_TRANSIT,
    "InTransit_CustomsRequiringInformation": Milestone.EXCEPTION,
    "Expired": Milestone.UNKNOWN,
    "Expired_Other": Milestone.UNKNOWN,
    "AvailableForPickup": Milestone.AVAILABLE_FOR_PICKUP,
    "AvailableForPickup_Other": Milestone.AVAILABLE_FOR_PICKUP,
    "OutForDelivery": Milestone.OUT_FOR_DELIVERY,
    "OutForDelivery_Other": Milestone.OUT_FOR_DELIVERY,
    "DeliveryFailure": Milestone.FAILED_ATTEMPT,
    "DeliveryFailure_Other": Milestone.FAILED_ATTEMPT,
    "DeliveryFailure_NoBody": Milestone.FAILED_ATTEMPT,
    "DeliveryFailure_Security": Milestone.FAILED_ATTEMPT,
    "DeliveryFailure_Rejected": Milestone.FAILED_ATTEMPT,
    "DeliveryFailure_InvalidAddress": Milestone.FAILED_ATTEMPT,
    "Delivered": Milestone.DELIVERED,
    "Delivered_Other": Milestone.DELIVERED,
    "Delivered/return": Milestone.RETURNED,
    "Exception": Milestone.EXCEPTION,
    "Exception_Other": Milestone.EXCEPTION,
    "Exception_Returning": Milestone.RETURNING,
    "Exception_Returned": Milestone.RETURNED,
    "Exception_NoBody": Milestone.EXCEPTION,
    "Exception_Security": Milestone.EXCEPTION,
    "Exception_Damage": Milestone.EXCEPTION,
    "Exception_Rejected": Milestone.EXCEPTION,
    "Exception_Delayed": Milestone.EXCEPTION,
    "Exception_Lost": Milestone.EXCEPTION,
    "Exception_Destroyed": Milestone.EXCEPTION,
    "Exception_Cancel": Milestone.CANCELLED,
    # Stages that no status is called by: they decide for events without one.
    "PickedUp": Milestone.IN_TRANSIT,
    "Departure": Milestone.IN_TRANSIT,
    "Arrival": Milestone.IN_TRANSIT,
    "Returning": Milestone.RETURNING,
    "Returned": Milestone.RETURNED,
}
IGNORED = {"TRACKING_STOPPED": "17TRACK stopped following the number"}
PERSONAL = PersonalData(
    receiver={
        Kind.ADDRESS: ("data.track_info.shipping_info.recipient_address", "**.address.street"),
        Kind.GEOLOCATION: ("**.address.coordinates",),
        Kind.FREE_TEXT: ("data.tag",),
    },
    sender={
        Kind.ADDRESS: ("data.track_info.shipping_info.shipper_address",),
    },
    plain={
        "**.address.postal_code": "of the station that scanned it",
        "**.provider.name": "of a carrier",
        "**.provider.alias": "of a carrier",
        "**.provider.tel": "a carrier's hotline",
        "data.track_info.misc_info.customer_number": "the merchant's own reference",
    },
)


def parse(webhook: Webhook) -> Iterator[Result]:
    body = json_body(webhook)
    kind = body.get("event").text()
    if kind not in {None, "TRACKING_UPDATED", "TRACKING_STOPPED"}:
        yield Ignored(reason=f"{kind} is not about tracking", code=kind)
        return
    numbers = list(body["data"].allowed().items()) or [body["data"]]
    yield from each(numbers, lambda number: _read(number, kind))


def _read(tracked: Node, kind: Text | None) -> Iterator[Result]:
    info = tracked.get("track_info")
    if not info:
        is_old = tracked.get("track").is_object
        reason = "a body of 17TRACK's first API, which this relay does not read" if is_old else "no tracking data"
        yield Ignored(reason=IGNORED.get(kind or "", reason), code=kind if kind in IGNORED else None)
        return
    providers = info.get("tracking").get("providers")
    # The origin's carrier and the last mile's tell of the same parcel; what both say counts once.
    history = [event for provider in providers.items() for event in provider.get("events").items()]
    if history:
        yield from returned_to_sender([_event(tracked, event) for event in history], "Delivered/return")
        return
    status = info.get("latest_status")
    for latest in info.get("latest_event").items():
        yield _event(tracked, latest, status.get("sub_status").text(), status.get("status").text())
        return
    if providers.is_list:
        yield Ignored(reason="no carrier has told anything of the number yet")
        return
    yield from (_event(tracked, entry) for entry in status.items())


def _event(tracked: Node, entry: Node, *instead: Text | None) -> CarrierEvent:
    status = entry.get("sub_status").text()
    parent = Text(status.partition("_")[0], status.path) if status else None
    codes = (status, parent, entry.get("status", "stage").text(), *instead)
    code, milestone, unknown = most_specific(MILESTONES, *codes)
    address, misc = entry.get("address"), tracked.get("track_info").get("misc_info")
    city, state = address.get("city").text(), address.get("state").text()
    numbers = (tracked["number"].text(), misc.get("local_number").text())
    return CarrierEvent(
        tracking_numbers=tuple(dict.fromkeys(filter(None, numbers))),
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        occurred_at=_time(entry),
        place=Place(city=city, state=state) if city or state else place_in_line(entry.get("location").text()),
        description=entry.get("description", "description_translation", "sub_status_descr").text(),
        references=merchant_references(
            tags=[
                tracked.get("tag").text(),
                tracked.get("order_no").text(),
                misc.get("reference_number").text(),
                misc.get("customer_number").text(),
            ]
        ),
        raw=entry.raw(
            "time_iso" if entry.get("time_iso") else "time_raw", "sub_status", "status", "description", "location"
        ),
        full_history=True,
    )


def _time(entry: Node) -> Moment | None:
    """Read the time that is most certain: with an offset, else as the carrier wrote it."""
    moments = (entry.get("time_iso").moment(), entry.get("time_utc").moment(), _written(entry.get("time_raw")))
    known = [moment for moment in moments if moment]
    return next((moment for moment in known if not moment.zone_is_assumed), next(iter(known), None))


def _written(written: Maybe) -> Moment | None:
    if not written.is_object:
        return written.moment()
    offset = written.get("timezone").text()
    return written.joined("date", "time").moment("%Y-%m-%d %H:%M", offset=offset) or written.get("date").moment()


ADAPTER = Adapter(
    slug="17track",
    name="17TRACK",
    documentation="https://api.17track.net/en/doc",
    maturity=Maturity.DOCUMENTED,
    # The carrier's key for its API signs; it takes minutes until a new one does.
    verification=BodyDigest(header="sign", algorithm="sha256", signed=raw_body, separator=b"/"),
    milestones=MILESTONES,
    ignored=IGNORED,
    personal=PERSONAL,
    parse=parse,
    redelivery=Redelivery(
        history=True,
        ask="Call its API's `push` with the tracking numbers: it sends their webhooks again on demand.",
    ),
    order_reference_is_vtex=True,
)
