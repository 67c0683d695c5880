"""Delhivery: one webhook carries one scan of one shipment, in a shape that each merchant may agree on anew.

Sources read 2026-11-23: public receivers, and the form on which merchants state what they want. Two variants of the
shape, with lists of shipments or of scans, are read as well.
"""

from collections.abc import Iterator

from app.adapter import Adapter, Maturity, Redelivery, Result, each, most_specific
from app.dialects import english
from app.dialects.english import wording
from app.dialects.hubs import place_of_hub
from app.dialects.merchant_words import merchant_references
from app.dialects.returns import returned_to_sender
from app.model import CarrierEvent, Ignored, Milestone, Webhook
from app.payload import Node, Text, json_body
from app.personal import Kind, PersonalData
from app.verification import AnyOf, Bearer, StaticHeader

ZONE = "Asia/Kolkata"

MILESTONES = {
    # Forward.
    "UD": Milestone.IN_TRANSIT,
    "UD/manifested": Milestone.PRE_TRANSIT,
    "UD/not picked": Milestone.PRE_TRANSIT,
    "UD/in transit": Milestone.IN_TRANSIT,
    "UD/dispatched": Milestone.OUT_FOR_DELIVERY,
    # The end of a day's round, by its code, or something else that keeps the parcel.
    "UD/pending": Milestone.EXCEPTION,
    "UD/pending/EOD": Milestone.FAILED_ATTEMPT,
    # Pick-up: announced, and made.
    "PP": Milestone.PRE_TRANSIT,
    "PP/open": Milestone.PRE_TRANSIT,
    "PP/scheduled": Milestone.PRE_TRANSIT,
    "PP/dispatched": Milestone.PRE_TRANSIT,
    "PU": Milestone.IN_TRANSIT,
    "PU/in transit": Milestone.IN_TRANSIT,
    "PU/pending": Milestone.IN_TRANSIT,
    "PU/dispatched": Milestone.IN_TRANSIT,
    # On its way back.
    "RT": Milestone.RETURNING,
    "RT/in transit": Milestone.RETURNING,
    "RT/pending": Milestone.RETURNING,
    "RT/dispatched": Milestone.RETURNING,
    "RT/delivered": Milestone.RETURNED,
    "DL": Milestone.DELIVERED,
    "DL/delivered": Milestone.DELIVERED,
    "DL/return": Milestone.RETURNED,
    # To the origin of a parcel that was refused, and of one that the shopper sent back.
    "DL/rto": Milestone.RETURNED,
    "DL/dto": Milestone.RETURNED,
    "CN": Milestone.CANCELLED,
    "CN/canceled": Milestone.CANCELLED,
    "CN/cancelled": Milestone.CANCELLED,
    # Without a type.
    "manifested": Milestone.PRE_TRANSIT,
    "not picked": Milestone.PRE_TRANSIT,
    "in transit": Milestone.IN_TRANSIT,
    "dispatched": Milestone.OUT_FOR_DELIVERY,
    "pending": Milestone.EXCEPTION,
    "pending/EOD": Milestone.FAILED_ATTEMPT,
    "delivered": Milestone.DELIVERED,
    "rto": Milestone.RETURNED,
    "dto": Milestone.RETURNED,
    "canceled": Milestone.CANCELLED,
    "cancelled": Milestone.CANCELLED,
}
TURNS = {Milestone.RETURNED, Milestone.RETURNING}
PERSONAL = PersonalData(
    receiver={
        Kind.PROOF: ("**.Shipment.POD",),
    },
    plain={
        "**.StatusLocation": "of the station that scanned it",
    },
)


def parse(webhook: Webhook) -> Iterator[Result]:
    body = json_body(webhook)
    wrapped = [entry.get("Shipment") or entry.allowed() for entry in body.get("ShipmentData", "Shipments").items()]
    shipments = [shipment for place in wrapped or [body.get("Shipment", "shipment")] for shipment in place.items()]
    if not shipments and not any(name in body for name in ("ShipmentData", "Shipments", "Shipment", "shipment")):
        shipments = list(body.allowed().items())
    if shipments:
        yield from each(shipments, _shipment)
    else:
        yield Ignored(reason="a document without shipments")


def _shipment(shipment: Node) -> Iterator[Result]:
    history = [scan for entry in shipment.get("Scans").items() for scan in entry.get("ScanDetail").items()]
    scans = history or list(shipment.get("Status", "status").items())
    if scans:
        yield from returned_to_sender([_event(shipment, scan) for scan in scans], "DL/return")
    else:
        shipment.get("AWB", "awb", "Waybill", "waybill").text() or shipment["AWB"].text()
        yield Ignored(reason="a document about a shipment without a scan, such as a proof of delivery")


def _event(shipment: Node, scan: Node) -> CarrierEvent:
    kind, status = scan.get("StatusType", "ScanType").text(), wording(scan.get("Status", "Scan").text())
    kind = Text(kind.upper(), kind.path) if kind else None
    sent = Text(f"{kind}/{status}" if kind else status, status.path) if status else None
    reason = shipment.get("NSLCode").text() or scan.get("NSLCode", "StatusCode").text() or ""
    attempt = f"{sent}/EOD" if reason.upper().startswith("EOD") else None
    is_return = kind == "DL" and english.says(status, scan.get("Instructions").text()) & TURNS
    code, milestone, unknown = most_specific(
        MILESTONES, sent, kind, derived=["DL/return" if is_return else None, attempt]
    )
    number = shipment.get("AWB", "awb", "Waybill", "waybill").text() or shipment["AWB"].text()
    return CarrierEvent(
        tracking_numbers=(number,),
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        occurred_at=scan.first_moment("StatusDateTime", "ScanDateTime", zone=ZONE),
        place=place_of_hub(scan.get("StatusLocation", "ScannedLocation").text()),
        description=scan.get("Instructions", "Status", "Scan").text(),
        references=merchant_references(shipment.get("ReferenceNo", "referenceNo", "reference_no").text()),
        raw=(
            *scan.raw("StatusType", "ScanType", "Status", "Scan", "StatusDateTime", "ScanDateTime", "StatusLocation"),
            *shipment.raw("NSLCode"),
        ),
    )


ADAPTER = Adapter(
    slug="delhivery",
    name="Delhivery",
    documentation="https://one.delhivery.com/developer-portal/documents",
    maturity=Maturity.DOCUMENTED,
    # Whatever the merchant states on the form; the name of the header is the source's setting.
    verification=AnyOf((StaticHeader(header="x-api-key"), Bearer())),
    milestones=MILESTONES,
    personal=PERSONAL,
    parse=parse,
    redelivery=Redelivery(history=False),
    zone=ZONE,
    order_reference_is_vtex=True,
)
