"""ShipEngine and ShipStation v2: one webhook carries one shipment with its full history, newest first.

Sources read 2026-11-23.
"""

from collections.abc import Iterator

from app.adapter import Adapter, Answer, Maturity, Redelivery, Result, most_specific
from app.model import CarrierEvent, Ignored, Milestone, Moment, Place, Webhook
from app.payload import Node, json_body, maybe_json
from app.personal import Kind, PersonalData
from app.verification import RsaJwks

MILESTONES = {
    "UN": Milestone.UNKNOWN,
    "NY": Milestone.PRE_TRANSIT,
    "AC": Milestone.IN_TRANSIT,
    "IT": Milestone.IN_TRANSIT,
    "DE": Milestone.DELIVERED,
    "DE/return": Milestone.RETURNED,
    "AT": Milestone.FAILED_ATTEMPT,
    "EX": Milestone.EXCEPTION,
    # "Delivered to collection point": the shopper still has to fetch it.
    "SP": Milestone.AVAILABLE_FOR_PICKUP,
    # Detail codes that say more than their status.
    "SHIPMENT_CREATED": Milestone.PRE_TRANSIT,
    "ELEC_ADVICE_RECD_BY_CARRIER": Milestone.PRE_TRANSIT,
    "AWAITING_DESPATCH": Milestone.PRE_TRANSIT,
    "AWAITING_PICKUP_DROP_OFF": Milestone.PRE_TRANSIT,
    "COLLECTION_REQUESTED": Milestone.PRE_TRANSIT,
    "PICKED_UP": Milestone.IN_TRANSIT,
    "COLLECTION_MADE": Milestone.IN_TRANSIT,
    "IN_TRANSIT": Milestone.IN_TRANSIT,
    "HUB_SCAN_IN": Milestone.IN_TRANSIT,
    "HUB_SCAN_OUT": Milestone.IN_TRANSIT,
    "RECEIVED_BY_CARRIER": Milestone.IN_TRANSIT,
    "RECEIVED_LOCAL_DELIVERY_DEPOT": Milestone.IN_TRANSIT,
    "CUSTOMS_PROCESSING": Milestone.IN_TRANSIT,
    "OUT_FOR_DELIVERY": Milestone.OUT_FOR_DELIVERY,
    "DELIVERED": Milestone.DELIVERED,
    "PARCEL_COLLECTED_FROM_PICKUP_POINT": Milestone.DELIVERED,
    "AWAITING_COLLECTION_FROM_PICKUP_POINT": Milestone.AVAILABLE_FOR_PICKUP,
    "COLLECT_AT_LOCAL_PO": Milestone.AVAILABLE_FOR_PICKUP,
    "CUSTOMER_TO_COLLECT_FROM_CARRIER": Milestone.AVAILABLE_FOR_PICKUP,
    "DELIVERED_TO_LOCKER_COLLECTION_POINT": Milestone.AVAILABLE_FOR_PICKUP,
    "ATTEMPTED_DELIVERY": Milestone.FAILED_ATTEMPT,
    "ATTEMPTED_DELIVERY_2ND": Milestone.FAILED_ATTEMPT,
    "ATTEMPTED_DELIVERY_3RD": Milestone.FAILED_ATTEMPT,
    "ATTEMPTED_DELIVERY_FINAL": Milestone.FAILED_ATTEMPT,
    "CUSTOMER_CARDED": Milestone.FAILED_ATTEMPT,
    "REFUSED_BY_CUSTOMER": Milestone.EXCEPTION,
    "CANCELLED": Milestone.CANCELLED,
    "CANCELLED_BEFORE_DESPATCH": Milestone.CANCELLED,
    "RETURN_TO_SENDER": Milestone.RETURNING,
    # Families of detail codes: the names of their members are only partly documented.
    "HUB_*": Milestone.IN_TRANSIT,
    "RECEIVED_*": Milestone.IN_TRANSIT,
    "RETURN*": Milestone.RETURNING,
}
FAMILIES = ("HUB_", "RECEIVED_", "RETURN")
PERSONAL = PersonalData(
    receiver={
        Kind.NAME: ("data.events.signer", "data.events.company_name"),
        Kind.GEOLOCATION: ("data.events.latitude", "data.events.longitude"),
        Kind.LABEL: ("data.label_url",),
    },
    plain={
        "data.events.postal_code": "of the station that scanned it",
    },
)


def parse(webhook: Webhook) -> Iterator[Result]:
    body = json_body(webhook)
    kind = body.get("resource_type").text() or ""
    # API_TRACK, TRACK_EVENT_V2 and whatever version comes next.
    if "TRACK" not in kind and "tracking_number" not in body.get("data"):
        yield Ignored(reason=f"a notice of type {kind or 'unknown'}, which holds no tracking data", code=kind or None)
        return
    shipment = body["data"]
    history = list(shipment.get("events").items())
    if not history:
        # Only the arrival of a shipment without history has a time of its own.
        time = shipment.get("actual_delivery_date").moment() if shipment.get("status_code").text() == "DE" else None
        yield _event(shipment, shipment, time=time)
        return
    times = [_time(entry) for entry in history]
    turned = min(
        (at.at for at, entry in zip(times, history, strict=True) if at and _is_return(entry)),
        default=None,
    )
    for time, entry in zip(times, history, strict=True):
        yield _event(shipment, entry, time=time, is_return=bool(turned and time and time.at > turned))


def _event(shipment: Node, entry: Node, *, time: Moment | None, is_return: bool = False) -> CarrierEvent:
    status = entry.get("status_code").text()
    detail = entry.get("status_detail_code").text()
    family = next((f"{prefix}*" for prefix in FAMILIES if detail and detail.startswith(prefix)), None)
    returned = "DE/return" if status == "DE" and (is_return or _is_return(entry)) else None
    codes = (detail, family, status) if returned is None else (returned,)
    code, milestone, unknown = most_specific(MILESTONES, *codes)
    return CarrierEvent(
        tracking_numbers=(shipment["tracking_number"].text(),),
        code=code,
        milestone=milestone,
        unknown_code=None if family else unknown,
        occurred_at=time,
        place=Place(city=entry.get("city_locality").text(), state=entry.get("state_province").text()),
        description=entry.get("description", "carrier_status_description", "status_description").text(),
        raw=entry.raw(
            "event_code",
            "status_code",
            "status_detail_code",
            "occurred_at",
            "event_date",
            "description",
            "city_locality",
            "state_province",
        ),
        full_history=True,
    )


def _is_return(entry: Node) -> bool:
    return (entry.get("status_detail_code").text() or "").startswith("RETURN")


def _time(entry: Node) -> Moment | None:
    """Read a scan's time; ``carrier_occurred_at`` is a local clock, which some carriers' scans label UTC."""
    moment = entry.first_moment("occurred_at", "event_date", zone="UTC")
    if moment is None:
        moment = entry.get("carrier_occurred_at").moment()
        moment = moment.as_false_utc() if moment else None
    return moment


def thin_notice(webhook: Webhook) -> Answer | None:
    """Recognise a notice of ShipStation's first API: unsigned, and only an address to call back."""
    if webhook.header("x-shipengine-rsa-sha256-signature") is not None:
        return None
    body = maybe_json(webhook)
    return Answer() if "resource_url" in body and "data" not in body else None


ADAPTER = Adapter(
    slug="shipengine",
    name="ShipEngine / ShipStation",
    documentation="https://docs.shipstation.com/webhook-validation",
    maturity=Maturity.DOCUMENTED,
    verification=RsaJwks(
        jwks_url="https://api.shipengine.com/jwks",
        key_id_header="x-shipengine-rsa-sha256-key-id",
        signature_header="x-shipengine-rsa-sha256-signature",
        timestamp_header="x-shipengine-timestamp",
    ),
    milestones=MILESTONES,
    personal=PERSONAL,
    parse=parse,
    redelivery=Redelivery(history=True),
    probe=thin_notice,
    probe_is_unsigned=True,
)
