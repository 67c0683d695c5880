"""Moova: one webhook carries one shipment's new status and its date, and nothing else.

Sources read 2026-11-23. The date's form is not documented.
"""

from collections.abc import Iterator

from app.adapter import Adapter, Maturity, Redelivery, most_specific
from app.model import CarrierEvent, Milestone, Webhook
from app.payload import json_body
from app.personal import Kind, PersonalData
from app.verification import Unsigned

FORMATS = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M")

MILESTONES = {
    "DRAFT": Milestone.PRE_TRANSIT,
    "READY": Milestone.PRE_TRANSIT,
    "WAITING": Milestone.PRE_TRANSIT,
    # A courier was found.
    "CONFIRMED": Milestone.PRE_TRANSIT,
    "PICKEDUP": Milestone.IN_TRANSIT,
    # One courier brings it from door to door: what is under way is out for delivery.
    "INTRANSIT": Milestone.OUT_FOR_DELIVERY,
    "DELIVERED": Milestone.DELIVERED,
    "CANCELED": Milestone.CANCELLED,
    "INCIDENCE": Milestone.EXCEPTION,
    "RETURNED": Milestone.RETURNED,
}
PERSONAL = PersonalData(
    courier={
        Kind.NAME: ("extra.driver",),
    },
)


def parse(webhook: Webhook) -> Iterator[CarrierEvent]:
    shipment = json_body(webhook)
    code, milestone, unknown = most_specific(MILESTONES, shipment.get("status").text())
    yield CarrierEvent(
        tracking_numbers=(shipment["id"].text(),),
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        occurred_at=shipment.get("date").moment(*FORMATS),
        raw=shipment.raw("status", "date"),
    )


ADAPTER = Adapter(
    slug="moova",
    name="Moova",
    documentation="https://github.com/moovaio/eCommerce-Woocommerce",
    maturity=Maturity.DOCUMENTED,
    verification=Unsigned(because="Moova only names one of its shipments; a secret in the path stands in"),
    milestones=MILESTONES,
    personal=PERSONAL,
    parse=parse,
    redelivery=Redelivery(history=False),
)
