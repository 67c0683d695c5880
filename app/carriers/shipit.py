"""Shipit: one webhook carries one package with its newest status.

Sources read 2026-11-23. That the webhook exists is sure, its shape is that of receivers which were written before the
vendor answered: POST or PUT, with a token in a header or with nothing.
"""

from collections.abc import Iterator

from app.adapter import Adapter, Maturity, Redelivery, Result, most_specific
from app.model import CarrierEvent, Milestone, References, Webhook
from app.payload import json_body
from app.personal import PersonalData
from app.verification import AnyOf, Bearer, StaticHeader, Unsigned

ZONE = "America/Santiago"

MILESTONES = {
    "by_retired": Milestone.PRE_TRANSIT,
    "in_preparation": Milestone.PRE_TRANSIT,
    "ready_to_ship": Milestone.PRE_TRANSIT,
    "in_route": Milestone.IN_TRANSIT,
    "shipped": Milestone.IN_TRANSIT,
    "delivered": Milestone.DELIVERED,
    "failed": Milestone.EXCEPTION,
    "returned": Milestone.RETURNED,
}
PERSONAL = PersonalData(
    plain={
        "status_name": "what a status is called",
    },
)


def parse(webhook: Webhook) -> Iterator[Result]:
    body = json_body(webhook)
    package = body["package"] if body.get("package") else body
    number = package.get("tracking_number").text()
    sent = (package.get("sub_status").text(), package.get("status").text())
    code, milestone, unknown = most_specific(MILESTONES, *sent)
    yield CarrierEvent(
        tracking_numbers=(number,) if number else (),
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        occurred_at=package.get("updated_at").moment(zone=ZONE),
        description=package.get("status_name").text(),
        references=References(order_id=package.get("reference").text()),
        raw=package.raw("status", "sub_status", "updated_at"),
    )


ADAPTER = Adapter(
    slug="shipit",
    name="Shipit",
    documentation="https://developers.shipit.cl/",
    maturity=Maturity.UNCONFIRMED,
    verification=AnyOf(
        (
            StaticHeader(header="x-shipit-token"),
            Bearer(),
            Unsigned(because="one receiver of two saw no credential; a secret in the path stands in"),
        )
    ),
    milestones=MILESTONES,
    personal=PERSONAL,
    parse=parse,
    redelivery=Redelivery(history=False),
    methods=frozenset({"POST", "PUT"}),
    zone=ZONE,
    order_reference_is_vtex=True,
)
