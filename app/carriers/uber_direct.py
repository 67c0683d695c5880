"""Uber Direct: one webhook carries one delivery at its newest status, among kinds that are about other things.

Sources read 2026-11-23. A newer envelope names the same things otherwise; what it may hold besides is not public.
"""

from collections.abc import Iterator
from datetime import timedelta

from app.adapter import Adapter, Answer, Maturity, Redelivery, Result, most_specific
from app.model import CarrierEvent, Ignored, Milestone, Place, References, Webhook
from app.payload import Maybe, json_body, maybe_json
from app.personal import Kind, PersonalData
from app.verification import AnyOf, Hmac

MILESTONES = {
    "pending": Milestone.PRE_TRANSIT,
    "scheduled": Milestone.PRE_TRANSIT,
    # The courier goes to the shop.
    "pickup": Milestone.PRE_TRANSIT,
    "pickup_complete": Milestone.IN_TRANSIT,
    "dropoff": Milestone.OUT_FOR_DELIVERY,
    "delivered": Milestone.DELIVERED,
    "delivered/return": Milestone.RETURNED,
    "canceled": Milestone.CANCELLED,
    # Nobody could take it; the courier brings it back.
    "canceled/return": Milestone.RETURNING,
    "returned": Milestone.RETURNED,
    "failed": Milestone.EXCEPTION,
}
IGNORED = {
    "event.courier_update": "a courier's position",
    "event.refund_request": "a request for a refund",
    "event.shopping_progress": "the progress of a courier's shopping",
}

# How a delivery and the one that brings its parcel back name each other.
LEGS = frozenset({"original", "returned"})
PERSONAL = PersonalData(
    receiver={
        Kind.NAME: ("data.dropoff.name",),
        Kind.PHONE: ("data.dropoff.phone_number",),
        Kind.ADDRESS: ("data.dropoff.address", "data.dropoff.detailed_address"),
        Kind.GEOLOCATION: ("data.dropoff.location",),
        Kind.FREE_TEXT: ("data.dropoff.notes",),
        Kind.PROOF: ("data.dropoff.verification",),
        Kind.TRACKING_PAGE: ("data.tracking_url",),
    },
    sender={
        Kind.NAME: ("data.pickup",),
    },
    courier={
        Kind.NAME: ("data.courier",),
        Kind.GEOLOCATION: ("location",),
    },
    plain={
        "data.dropoff.address.city": "shown as the place of delivery",
        "data.dropoff.address.state": "shown as the place of delivery",
        "data.dropoff.address.country": "shown as the place of delivery",
        "data.dropoff.detailed_address.city": "shown as the place of delivery",
        "data.dropoff.detailed_address.state": "shown as the place of delivery",
        "data.dropoff.detailed_address.country": "shown as the place of delivery",
    },
    documented=frozenset(
        {"data.dropoff.phone_number", "data.dropoff.notes", "data.dropoff.verification", "data.pickup"}
    ),
)


def parse(webhook: Webhook) -> Iterator[Result]:
    body = json_body(webhook)
    kind = body.get("kind", "event_type").text()
    newer = body.get("meta")
    delivery = body.get("data") if body.get("data").is_object else newer
    status = body.get("status") or newer.get("status") or delivery.get("status")
    if kind and "status" not in kind:
        yield Ignored(reason=IGNORED.get(kind, f"{kind} is not about a delivery's status"), code=kind)
    elif not status:
        yield Ignored(reason="a document without a delivery's status")
    elif any(place.get("live_mode") and not place.get("live_mode").flag() for place in (body.allowed(), delivery)):
        yield Ignored(reason="a delivery of Uber's test environment (live_mode is false)")
    else:
        yield _event(body.allowed(), newer, delivery, status)


def _event(body: Maybe, newer: Maybe, delivery: Maybe, status: Maybe) -> CarrierEvent:
    sent = status.text()
    returned = f"{sent}/return" if _goes_back(delivery) else None
    code, milestone, unknown = most_specific(MILESTONES, sent, derived=[returned])
    number = body.get("delivery_id").text() or newer.get("delivery_id").text() or delivery.get("id").text()
    orders = [
        place.get(name).text()
        for place, name in (
            (delivery, "external_id"),
            (newer, "external_order_id"),
            (delivery.get("manifest"), "reference"),
        )
    ]
    order, *others = dict.fromkeys(filter(None, orders)) or (None,)
    return CarrierEvent(
        tracking_numbers=(number,) if number else (),
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        occurred_at=body.first_moment("created", "event_time", zone="UTC")
        or delivery.get("updated").moment(zone="UTC"),
        # The drop-off is where the parcel goes: where it is, only once it was handed over.
        place=_drop_off(delivery.get("dropoff")) if milestone is Milestone.DELIVERED else Place(),
        event_id=body.get("id", "event_id").text(),
        references=References(order_id=order, alternative_order_ids=tuple(filter(None, others))),
        raw=(
            *body.raw("created", "event_time", "status", "meta.status", "data.status"),
            *delivery.raw("undeliverable_action", "undeliverable_reason"),
        ),
    )


def _goes_back(delivery: Maybe) -> bool:
    """Tell whether this delivery, or the leg that follows it, brings the parcel back to the shop."""
    legs = {leg.get("relationship").text() for leg in delivery.get("related_deliveries").items()}
    has_return = delivery.get("return").is_object and delivery.raw("return") != ("{}",)
    return delivery.get("undeliverable_action").text() == "returned" or has_return or bool(legs & LEGS)


def _drop_off(dropoff: Maybe) -> Place:
    detailed = dropoff.get("detailed_address")
    if not detailed.is_object:
        # Some versions of the API write the address as JSON into a text.
        detailed = dropoff.get("address").document()
    return Place(city=detailed.get("city").text(), state=detailed.get("state").text())


def sender_id(webhook: Webhook) -> str | None:
    """Name the event, which a retry repeats."""
    return maybe_json(webhook).get("id", "event_id").text()


ADAPTER = Adapter(
    slug="uber-direct",
    name="Uber Direct",
    documentation="https://developer.uber.com/docs/deliveries/overview",
    maturity=Maturity.DOCUMENTED,
    # The second header is the older name of the first.
    verification=AnyOf((Hmac(header="x-uber-signature"), Hmac(header="x-postmates-signature"))),
    milestones=MILESTONES,
    ignored=IGNORED,
    personal=PERSONAL,
    parse=parse,
    # Three tries at most; the second comes after 10 s, the third after 30 s more.
    redelivery=Redelivery(retries=True, retries_for=timedelta(seconds=40), history=False),
    identity=sender_id,
    acknowledgement=Answer(),
    zone="UTC",
)
