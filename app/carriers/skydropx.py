"""Skydropx PRO: one webhook carries one package at its newest status, without a time or a place.

Page read 2026-11-23. Orders are announced at the same URL. Details would need a call to the address in the document;
the list of statuses is not public. The merchant chooses the header's name.
"""

from collections.abc import Iterator

from app.adapter import Adapter, Maturity, Redelivery, Result, most_specific
from app.model import CarrierEvent, Ignored, Milestone, Webhook
from app.payload import Node, Text, json_body
from app.personal import Kind, PersonalData
from app.verification import AnyOf, Hmac, StaticHeader

MILESTONES = {
    "created": Milestone.PRE_TRANSIT,
    "label_created": Milestone.PRE_TRANSIT,
    "picked_up": Milestone.IN_TRANSIT,
    "in_transit": Milestone.IN_TRANSIT,
    "last_mile": Milestone.OUT_FOR_DELIVERY,
    "out_for_delivery": Milestone.OUT_FOR_DELIVERY,
    "delivered": Milestone.DELIVERED,
    "delivery_attempt": Milestone.FAILED_ATTEMPT,
    "failed_attempt": Milestone.FAILED_ATTEMPT,
    "exception": Milestone.EXCEPTION,
    "in_return": Milestone.RETURNING,
    "returned": Milestone.RETURNED,
    "cancelled": Milestone.CANCELLED,
    "canceled": Milestone.CANCELLED,
}
IGNORED = {"orders": "a document about an order, not about a package"}
PERSONAL = PersonalData(
    receiver={
        Kind.LABEL: ("data.attributes.label_url",),
    },
)


def parse(webhook: Webhook) -> Iterator[Result]:
    for resource in json_body(webhook)["data"].allowed().items():
        kind = resource.get("type").text()
        if kind in {None, "packages"}:
            yield _event(resource)
        else:
            yield Ignored(reason=IGNORED.get(kind or "", f"a document about {kind}, not about a package"), code=kind)


def _event(package: Node) -> CarrierEvent:
    attributes = package["attributes"]
    sent = attributes.get("status").text()
    code, milestone, unknown = most_specific(MILESTONES, Text(sent.lower(), sent.path) if sent else None)
    return CarrierEvent(
        # The label may come before the carrier's number.
        tracking_numbers=(attributes.get("tracking_number").text() or package["id"].text(),),
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        raw=package.raw("id", "attributes.status"),
    )


ADAPTER = Adapter(
    slug="skydropx",
    name="Skydropx PRO",
    documentation="https://github.com/zaamx/medusa-skydropxpro",
    maturity=Maturity.DOCUMENTED,
    verification=AnyOf(
        (
            Hmac(header="Authorization", algorithm="sha512", prefix="HMAC "),
            StaticHeader(header="Authorization", prefix="Bearer "),
        )
    ),
    milestones=MILESTONES,
    ignored=IGNORED,
    personal=PERSONAL,
    parse=parse,
    redelivery=Redelivery(history=False),
    timeless=True,
)
