"""UPS: one webhook of the Track Alert API carries one event of one package, and never its history.

Pages read 2026-11-23. The official list of activity codes is not public; these are an implementer's. Unknown fields
come as blank texts, and a photo of the doorstep may make a body large.
"""

from collections.abc import Iterator

from app.adapter import Adapter, Maturity, Redelivery, Result, most_specific
from app.dialects.english import classify
from app.model import CarrierEvent, Ignored, Milestone, Moment, Place, Webhook
from app.payload import Node, json_body, read_moment
from app.personal import Kind, PersonalData
from app.verification import AnyOf, Bearer, IssuedToken, StaticHeader

MILESTONES = {
    # Types of activity, for codes that are not listed.
    "M": Milestone.PRE_TRANSIT,
    "MV": Milestone.CANCELLED,
    "I": Milestone.IN_TRANSIT,
    "X": Milestone.EXCEPTION,
    # The delivery's phase opens with loading the vehicle; only its end is a delivery.
    "D": Milestone.OUT_FOR_DELIVERY,
    "D/delivered": Milestone.DELIVERED,
    "D/counter": Milestone.AVAILABLE_FOR_PICKUP,
    "D/returning": Milestone.RETURNING,
    "D/return": Milestone.RETURNED,
    # Codes.
    "MP": Milestone.PRE_TRANSIT,
    "XD": Milestone.PRE_TRANSIT,
    "OA": Milestone.PRE_TRANSIT,
    "DD": Milestone.PRE_TRANSIT,
    "OR": Milestone.IN_TRANSIT,
    "PU": Milestone.IN_TRANSIT,
    "OC": Milestone.IN_TRANSIT,
    "OG": Milestone.IN_TRANSIT,
    "DP": Milestone.IN_TRANSIT,
    "AA": Milestone.IN_TRANSIT,
    "AR": Milestone.IN_TRANSIT,
    "AF": Milestone.IN_TRANSIT,
    "AL": Milestone.IN_TRANSIT,
    "DS": Milestone.IN_TRANSIT,
    "IH": Milestone.IN_TRANSIT,
    "AP": Milestone.IN_TRANSIT,
    "OT": Milestone.OUT_FOR_DELIVERY,
    "OD": Milestone.OUT_FOR_DELIVERY,
    "OF": Milestone.OUT_FOR_DELIVERY,
    "DL": Milestone.OUT_FOR_DELIVERY,
    "FS": Milestone.DELIVERED,
    "KB": Milestone.DELIVERED,
    "F4": Milestone.DELIVERED,
    "RP": Milestone.AVAILABLE_FOR_PICKUP,
    "UU": Milestone.AVAILABLE_FOR_PICKUP,
    "AC": Milestone.AVAILABLE_FOR_PICKUP,
    "WC": Milestone.AVAILABLE_FOR_PICKUP,
    "EX": Milestone.EXCEPTION,
    "HX": Milestone.EXCEPTION,
    "HD": Milestone.EXCEPTION,
    "HI": Milestone.EXCEPTION,
    "HS": Milestone.EXCEPTION,
    "HU": Milestone.EXCEPTION,
    "NH": Milestone.EXCEPTION,
    "DY": Milestone.EXCEPTION,
    "DE": Milestone.EXCEPTION,
    "SD": Milestone.EXCEPTION,
    "RF": Milestone.FAILED_ATTEMPT,
    "UR": Milestone.FAILED_ATTEMPT,
    "UF": Milestone.FAILED_ATTEMPT,
    "CC": Milestone.FAILED_ATTEMPT,
    "RS": Milestone.RETURNING,
    "RT": Milestone.RETURNING,
    "RH": Milestone.RETURNING,
    "RU": Milestone.RETURNING,
    "VD": Milestone.CANCELLED,
    "CA": Milestone.CANCELLED,
    "CN": Milestone.CANCELLED,
    "CV": Milestone.CANCELLED,
}
IGNORED = {"U": "a new schedule of the delivery: nothing happened to the package"}
PERSONAL = PersonalData(
    receiver={
        Kind.NAME: ("receivedBy",),
        Kind.PHOTO: ("deliveryPhoto",),
    },
    plain={
        "activityLocation.postalCode": "of the station that scanned it",
    },
)


def parse(webhook: Webhook) -> Iterator[Result]:
    for event in json_body(webhook).allowed().items():
        status = event["activityStatus"]
        kind, code = status.get("type").text(), status.get("code").text()
        if kind in IGNORED and code not in MILESTONES:
            yield Ignored(reason=IGNORED[kind], code=kind)
        else:
            yield _event(event, status)


def _event(event: Node, status: Node) -> CarrierEvent:
    code, milestone, unknown = most_specific(
        MILESTONES, status.get("code").text(), status.get("type").text(), derived=[_end(event, status)]
    )
    place = event.get("activityLocation")
    numbers = (event["trackingNumber"].text(), event.get("alternateTrackingNumber").text())
    return CarrierEvent(
        tracking_numbers=tuple(dict.fromkeys(filter(None, numbers))),
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        occurred_at=_time(event),
        place=Place(city=place.get("city").text(), state=place.get("stateProvince").text()),
        description=status.get("description").text(),
        raw=event.raw(
            "activityStatus.type",
            "activityStatus.code",
            "activityStatus.description",
            "localActivityDate",
            "localActivityTime",
            "gmtActivityDate",
            "gmtActivityTime",
            "activityLocation.city",
        ),
    )


def _end(event: Node, status: Node) -> str | None:
    """Tell how the delivery's phase ended, where the code alone does not: it is also used before the end."""
    sent, kind = status.get("code").text(), status.get("type").text()
    is_listed = MILESTONES.get(sent or "") is Milestone.DELIVERED
    if not is_listed and (sent in MILESTONES or kind != "D"):
        return None
    said = classify(status.get("description").text())
    is_dated = bool(event.get("actualDeliveryDate").text())
    if said is Milestone.RETURNED or (said is Milestone.RETURNING and is_dated):
        return "D/return"
    if said is Milestone.RETURNING:
        return "D/returning"
    if said is Milestone.AVAILABLE_FOR_PICKUP and not is_listed:
        return "D/counter"
    if not is_dated and said is not Milestone.DELIVERED:
        return "D"
    return None if is_listed else "D/delivered"


def _time(event: Node) -> Moment | None:
    """Read the time in UTC where it is given, else the local one with its offset."""
    universal = _clock(event, "gmtActivityDate", "gmtActivityTime", "Z")
    if universal and not universal.zone_is_assumed:
        return universal
    # A day alone is less than a local time.
    return _clock(event, "localActivityDate", "localActivityTime", event.get("gmtOffset").text()) or universal


def _clock(event: Node, day: str, time: str, offset: str | None) -> Moment | None:
    date, clock = event.get(day).text(), event.get(time).text()
    if date is None:
        return None
    # A time that was sent as a number has lost its leading zeros.
    text = f"{date} {clock.zfill(6)}" if clock else date
    return read_moment(text, "%Y%m%d %H%M%S", "%Y%m%d", offset=offset, path=date.path)


ADAPTER = Adapter(
    slug="ups",
    name="UPS",
    documentation="https://github.com/UPS-API/api-documentation",
    maturity=Maturity.DOCUMENTED,
    # The second version sends a token, ours or a fixed one, and an API key; the first its subscription's secret.
    verification=AnyOf((Bearer(), IssuedToken(), StaticHeader(header="x-api-key"), StaticHeader(header="credential"))),
    milestones=MILESTONES,
    ignored=IGNORED,
    personal=PERSONAL,
    parse=parse,
    redelivery=Redelivery(
        history=False,
        ask="UPS keeps no webhooks: ask its Track API about the parcels of that time.",
    ),
)
