"""Envia.com: one webhook carries one parcel's newest status as a free text, in one of three shapes, mostly timeless.

Page read 2026-11-23. The page says that bodies vary; the shapes are those that a receiver takes. Neither the names of
the headers beside the signature nor the list of statuses is public.
"""

import re
from collections.abc import Iterator

from app.adapter import Adapter, Answer, Decision, Maturity, Redelivery, Result
from app.dialects import english
from app.dialects.keywords import classify, fold
from app.model import CarrierEvent, Ignored, Milestone, References, Webhook
from app.payload import Text, json_body
from app.personal import PersonalData
from app.verification import AnyOf, Bearer, Hmac, Unsigned, headers_and_body

MILESTONES = {
    # What a status says in English, Spanish or Portuguese.
    "PRE_TRANSIT": Milestone.PRE_TRANSIT,
    "IN_TRANSIT": Milestone.IN_TRANSIT,
    "OUT_FOR_DELIVERY": Milestone.OUT_FOR_DELIVERY,
    "DELIVERED": Milestone.DELIVERED,
    "AVAILABLE_FOR_PICKUP": Milestone.AVAILABLE_FOR_PICKUP,
    "FAILED_ATTEMPT": Milestone.FAILED_ATTEMPT,
    "EXCEPTION": Milestone.EXCEPTION,
    "RETURNING": Milestone.RETURNING,
    "RETURNED": Milestone.RETURNED,
    "CANCELLED": Milestone.CANCELLED,
    # Envia's own phrases, tried after that; the first that a status holds decides.
    "address error": Milestone.EXCEPTION,
    "error en la direccion": Milestone.EXCEPTION,
    "direccion incorrecta": Milestone.EXCEPTION,
    "exception": Milestone.EXCEPTION,
    "danad": Milestone.EXCEPTION,
    "returned": Milestone.RETURNED,
    "return": Milestone.RETURNING,
    "fail": Milestone.FAILED_ATTEMPT,
    # How Mexican carriers call a parcel that waits at the counter.
    "ocurre": Milestone.AVAILABLE_FOR_PICKUP,
    "recolectad": Milestone.IN_TRANSIT,
    "en camino": Milestone.IN_TRANSIT,
    "information": Milestone.PRE_TRANSIT,
    "informacion": Milestone.PRE_TRANSIT,
    "created": Milestone.PRE_TRANSIT,
    "cread": Milestone.PRE_TRANSIT,
}
IGNORED = {"surcharge": "a notice of a surcharge", "ecommerce": "a notice to a shop's platform"}
EVENT = "X-Webhook-Event"
TIMES = ("event_time", "eventTime", "event_date", "eventDate", "occurred_at", "date", "updated_at")
PERSONAL = PersonalData(
    plain={
        "carrierName": "of a carrier",
    },
)


def parse(webhook: Webhook) -> Iterator[Result]:
    if panel_check(webhook):
        yield Ignored(reason="a check that the URL answers")
        return
    body = json_body(webhook)
    kind = body.get("type").text() or webhook.header(EVENT) or ""
    parcel = body.get("data") if body.get("data").is_object else body.allowed()
    status = parcel.get("status", "shipment_status", "shipmentStatus").text()
    other = next((name for name in IGNORED if name in kind.lower()), None)
    if other or status is None:
        reason = IGNORED[other] if other else "a document without a parcel's status"
        yield Ignored(reason=reason, code=Text(other, kind.path) if other and isinstance(kind, Text) else other)
        return
    number = parcel.get("tracking_number", "trackingNumber").text()
    orders = [parcel.get(name).text() for name in ("order_id", "imported_id", "reference")]
    order, *others = dict.fromkeys(filter(None, orders)) or (None,)
    code, milestone, unknown = _decide(status)
    yield CarrierEvent(
        tracking_numbers=(number,) if number else (),
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        occurred_at=parcel.first_moment(*TIMES) or body.get("created_at").moment(),
        description=status,
        event_id=webhook.header("X-Webhook-Id"),
        references=References(order_id=order, alternative_order_ids=tuple(filter(None, others))),
        raw=(*parcel.raw("status", "shipment_status", *TIMES), *body.raw("created_at")),
    )


def _decide(status: Text) -> Decision:
    words = fold(re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", status))
    said = english.classify(words) or classify(words)
    key = said.value if said else next((phrase for phrase in MILESTONES if re.search(rf"\b{phrase}", words)), None)
    if key is None:
        return Decision(status, Milestone.UNKNOWN, status)
    return Decision(Text(key, status.path), MILESTONES[key], None)


def panel_check(webhook: Webhook) -> Answer | None:
    """Recognise the check that the panel makes of a URL that is typed in."""
    return Answer() if webhook.method != "POST" else None


ADAPTER = Adapter(
    slug="envia",
    name="Envia.com",
    documentation="https://docs.envia.com/docs/webhooks",
    maturity=Maturity.DOCUMENTED,
    verification=AnyOf(
        (
            Hmac(
                header="X-Webhook-Signature",
                prefix="v1=",
                signed=headers_and_body("X-Webhook-Timestamp", EVENT),
                timestamp_header="X-Webhook-Timestamp",
            ),
            Bearer(),
            Unsigned(because="Envia.com signs only for accounts that it gave a secret; a secret in the path stands in"),
        )
    ),
    milestones=MILESTONES,
    ignored=IGNORED,
    personal=PERSONAL,
    parse=parse,
    redelivery=Redelivery(history=False),
    methods=frozenset({"GET", "HEAD", "POST"}),
    probe=panel_check,
    probe_is_unsigned=True,
    order_reference_is_vtex=True,
    timeless=True,
)
