"""Shiprocket: one webhook carries one shipment with its scans, each under a courier's code and Shiprocket's own label.

Sources read 2026-11-23: public receivers that quote the documentation. The webhook's address must not hold the
carrier's name, so that its source needs an alias, and must answer 200 whatever comes, the panel's test included.
"""

import re
from collections.abc import Iterator

from app.adapter import Adapter, Answer, Maturity, Redelivery, Result, most_specific
from app.dialects.hubs import place_of_hub
from app.dialects.merchant_words import merchant_references
from app.dialects.returns import returned_to_sender
from app.model import CarrierEvent, Ignored, Milestone, Moment, References, Webhook
from app.payload import Node, Text, json_body, maybe_json
from app.personal import Kind, PersonalData
from app.verification import AnyOf, StaticHeader, Unsigned

ZONE = "Asia/Kolkata"

MILESTONES = {
    "MANIFEST GENERATED": Milestone.PRE_TRANSIT,
    "AWB ASSIGNED": Milestone.PRE_TRANSIT,
    "PICKUP SCHEDULED": Milestone.PRE_TRANSIT,
    "PICKUP QUEUED": Milestone.PRE_TRANSIT,
    "PICKUP SCHEDULED/QUEUED": Milestone.PRE_TRANSIT,
    "PICKED UP": Milestone.IN_TRANSIT,
    "SHIPPED": Milestone.IN_TRANSIT,
    "IN TRANSIT": Milestone.IN_TRANSIT,
    "REACHED AT DESTINATION HUB": Milestone.IN_TRANSIT,
    "OUT FOR DELIVERY": Milestone.OUT_FOR_DELIVERY,
    "DELIVERED": Milestone.DELIVERED,
    "UNDELIVERED": Milestone.FAILED_ATTEMPT,
    "RTO INITIATED": Milestone.RETURNING,
    "RTO IN TRANSIT": Milestone.RETURNING,
    "RTO DELIVERED": Milestone.RETURNED,
    # A shipment that the shopper sends back.
    "DELIVERED/return": Milestone.RETURNED,
    "IN TRANSIT/return": Milestone.RETURNING,
    "OUT FOR DELIVERY/return": Milestone.RETURNING,
    "CANCELED": Milestone.CANCELLED,
    "CANCELLED": Milestone.CANCELLED,
    "LOST": Milestone.EXCEPTION,
    "DAMAGED": Milestone.EXCEPTION,
}
NOW = "%d %m %Y %H:%M:%S"
PERSONAL = PersonalData(
    receiver={
        Kind.PROOF: ("pod",),
    },
    plain={
        "courier_name": "of a carrier",
        "pod_status": "whether there is a proof",
    },
)


def parse(webhook: Webhook) -> Iterator[Result]:
    if panel_check(webhook):
        yield Ignored(reason="a check that the URL answers: it names no shipment")
        return
    shipment = json_body(webhook)
    scans = list(shipment.get("scans").items())
    current = _label(shipment.get("current_status").text()) or _label(shipment.get("shipment_status").text())
    if not scans:
        time = shipment.get("current_timestamp").moment(NOW, zone=ZONE)
        yield _event(shipment, shipment, current, time)
        return
    times = [time.at for time in map(_time, scans) if time]
    events = []
    for scan in scans:
        time, label = _time(scan), _label(scan.get("sr-status-label").text())
        is_last = time is None or time.at == max(times)
        # What the shipment is now says nothing of where it was, except that it was on its way.
        if label is None and (is_last or MILESTONES.get(current or "") is Milestone.IN_TRANSIT):
            label = current
        events.append(_event(shipment, scan, label, time))
    yield from returned_to_sender(events, "DELIVERED/return")


def _label(text: Text | None) -> Text | None:
    """Return a label in the one form in which the table lists it, an unlisted one as sent; "NA" is none."""
    if text is None or text.upper() in {"NA", "N/A"}:
        return None
    label = " ".join(re.sub(r"[_-]", " ", text.upper()).split())
    return Text(label, text.path) if label in MILESTONES else text


def _event(shipment: Node, entry: Node, label: Text | None, time: Moment | None) -> CarrierEvent:
    is_return = shipment.get("is_return").flag()
    code, milestone, unknown = most_specific(MILESTONES, label, derived=[f"{label}/return" if is_return else None])
    return CarrierEvent(
        tracking_numbers=(shipment["awb"].text(),),
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        occurred_at=time,
        place=place_of_hub(entry.get("location").text()),
        description=entry.get("activity", "current_status").text(),
        references=_references(shipment),
        raw=entry.raw("date", "sr-status", "sr-status-label", "activity", "current_status_id", "current_timestamp"),
        full_history=True,
    )


def _time(scan: Node) -> Moment | None:
    return scan.get("date").moment(NOW, zone=ZONE)


def _references(shipment: Node) -> References:
    """Take the merchant's order; Shiprocket may add an underscore and a number of its own."""
    order = shipment.get("order_id").text()
    plain = Text(re.sub(r"_\d+$", "", order), order.path) if order else None
    return merchant_references(plain, order)


def panel_check(webhook: Webhook) -> Answer | None:
    """Recognise the panel's test calls: without a token, of any method, of any content but a shipment."""
    return None if webhook.method == "POST" and maybe_json(webhook).get("awb") else Answer()


ADAPTER = Adapter(
    slug="shiprocket",
    name="Shiprocket",
    documentation="https://apidocs.shiprocket.in/",
    maturity=Maturity.DOCUMENTED,
    verification=AnyOf(
        (
            StaticHeader(header="x-api-key"),
            Unsigned(because="Shiprocket's token may be left empty; a secret in the path stands in"),
        )
    ),
    milestones=MILESTONES,
    personal=PERSONAL,
    parse=parse,
    redelivery=Redelivery(history=True),
    methods=frozenset({"GET", "HEAD", "POST"}),
    refusal_status=200,
    probe=panel_check,
    probe_is_unsigned=True,
    zone=ZONE,
    order_reference_is_vtex=True,
)
