"""Lalamove: one webhook carries one event of one order, among event types that are about other things.

Sources read 2026-11-23. The URL is probed without a body or with another method, and switched off after too many
answers other than 200; hence refusals are answered 200 as well.
"""

from collections.abc import Iterator
from datetime import timedelta

from app.adapter import Adapter, Answer, Maturity, Redelivery, Result, most_specific
from app.model import CarrierEvent, Ignored, Milestone, Webhook
from app.payload import json_body, member
from app.personal import Kind, PersonalData
from app.verification import BodyHmac, member_span

MILESTONES = {
    "ASSIGNING_DRIVER": Milestone.PRE_TRANSIT,
    # The driver goes to the shop; the order may fall back to looking for another one.
    "ON_GOING": Milestone.PRE_TRANSIT,
    "PICKED_UP": Milestone.OUT_FOR_DELIVERY,
    # Of the whole order; its stops are told apart only by the proofs of delivery, which carry no status.
    "COMPLETED": Milestone.DELIVERED,
    "CANCELED": Milestone.CANCELLED,
    "REJECTED": Milestone.CANCELLED,
    "EXPIRED": Milestone.CANCELLED,
}
IGNORED = {
    "ORDER_CREATED": "an order was placed; its status comes in an event of its own",
    "DRIVER_ASSIGNED": "a driver was found; the status comes in an event of its own",
    "ORDER_AMOUNT_CHANGED": "the price of an order changed",
    "ORDER_REPLACED": "an order was replaced by another",
    "ORDER_EDITED": "an order was edited",
    "WALLET_BALANCE_CHANGED": "the wallet's balance changed",
    "POD_STATUS_CHANGED": "a proof of delivery of one stop",
    "POP_STATUS_CHANGED": "a proof of pick-up",
    "DELIVERY_CODE_STATUS_CHANGED": "a delivery code changed",
}
# A dot where ISO 8601 has the last colon.
FORMATS = ("%Y-%m-%dT%H:%M.%S%z",)
PERSONAL = PersonalData(
    receiver={
        Kind.NAME: ("data.order.stops.name",),
        Kind.PHONE: ("data.order.stops.phone",),
        Kind.ADDRESS: ("data.order.stops.address",),
        Kind.TRACKING_PAGE: ("data.order.shareLink",),
        Kind.PHOTO: ("data.order.stops.POD.image",),
        Kind.FREE_TEXT: ("data.order.stops.POD.remarks",),
    },
    courier={
        Kind.NAME: ("data.driver.name",),
        Kind.PHONE: ("data.driver.phone",),
        Kind.PHOTO: ("data.driver.photo",),
        Kind.VEHICLE: ("data.driver.plateNumber",),
        Kind.IDENTIFIER: ("data.driver.driverId", "data.order.driverId"),
        Kind.GEOLOCATION: ("data.location",),
    },
    documented=frozenset(
        {
            "data.order.stops.name",
            "data.order.stops.phone",
            "data.order.stops.address",
            "data.order.stops.POD.image",
            "data.order.stops.POD.remarks",
        }
    ),
    secrets=(
        "apiKey",
        "signature",
    ),
)


def parse(webhook: Webhook) -> Iterator[Result]:
    if url_check(webhook):
        yield Ignored(reason="a check that the URL answers")
        return
    body = json_body(webhook)
    kind = body.get("eventType").text()
    if kind not in {None, "ORDER_STATUS_CHANGED"}:
        yield Ignored(reason=IGNORED.get(kind or "", f"{kind} is not about an order's status"), code=kind)
        return
    order = body["data"]["order"]
    code, milestone, unknown = most_specific(MILESTONES, order["status"].text())
    yield CarrierEvent(
        tracking_numbers=(order["orderId"].text(),),
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        occurred_at=body["data"].get("updatedAt").moment(*FORMATS),
        event_id=body.get("eventId").text(),
        raw=(*order.raw("status", "previousStatus"), *body.raw("data.updatedAt")),
    )


def signed_request(webhook: Webhook) -> bytes:
    """Return what is signed: time, method, registered path, and ``data`` exactly as it stands in the body."""
    text = webhook.body.decode("utf-8", "surrogateescape")
    time, content = (text[slice(*member_span(text, name))].strip('"') for name in ("timestamp", "data"))
    signed = f"{time}\r\nPOST\r\n{webhook.path}\r\n\r\n{content}"
    return signed.encode("utf-8", "surrogateescape")


def url_check(webhook: Webhook) -> Answer | None:
    """Recognise the check that Lalamove makes before it registers a URL; it wants to see 200."""
    return Answer() if webhook.method != "POST" or not webhook.body.strip() else None


ADAPTER = Adapter(
    slug="lalamove",
    name="Lalamove",
    documentation="https://developers.lalamove.com/",
    maturity=Maturity.DOCUMENTED,
    verification=BodyHmac(
        signature=("signature",), timestamp=("timestamp",), key_id=("apiKey",), signed=signed_request
    ),
    milestones=MILESTONES,
    ignored=IGNORED,
    personal=PERSONAL,
    parse=parse,
    redelivery=Redelivery(retries=True, retries_for=timedelta(hours=24), history=False),
    methods=frozenset({"GET", "HEAD", "POST"}),
    identity=member("eventId"),
    refusal_status=200,
    probe=url_check,
    probe_is_unsigned=True,
)
