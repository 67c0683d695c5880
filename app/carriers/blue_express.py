"""Blue Express: one webhook carries the newest status of one parcel.

Sources read 2026-11-23. Nothing of Blue Express' own was found: the shape is that of one receiver, which was written to
take several.
"""

from collections.abc import Iterator

from app.adapter import Adapter, Maturity, Redelivery, Result, most_specific
from app.dialects.keywords import classify
from app.model import CarrierEvent, Milestone, References, Webhook
from app.payload import Text, json_body
from app.personal import PersonalData
from app.verification import StaticHeader

ZONE = "America/Santiago"

MILESTONES = {
    "DELIVERED": Milestone.DELIVERED,
    "ENTREGADO": Milestone.DELIVERED,
    "ENTREGADA": Milestone.DELIVERED,
    "ENTREGA_OK": Milestone.DELIVERED,
    "ENT": Milestone.DELIVERED,
    "RETURNED": Milestone.RETURNED,
    "DEVUELTO": Milestone.RETURNED,
    "DEVOLUCION": Milestone.RETURNED,
    "DEV": Milestone.RETURNED,
}
PERSONAL = PersonalData()


def parse(webhook: Webhook) -> Iterator[Result]:
    body = json_body(webhook)
    number = body.get("os").text()
    status = body["status"].text()
    known = status.upper() if status.upper() in MILESTONES else status
    code, milestone, unknown = most_specific(MILESTONES, Text(known, status.path))
    if unknown:
        milestone = classify(status.replace("_", " ")) or Milestone.UNKNOWN
    yield CarrierEvent(
        tracking_numbers=(number,) if number else (),
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        occurred_at=body.get("timestamp").moment(zone=ZONE),
        description=status,
        references=References(order_id=body.get("order_id").text()),
        raw=body.raw("status", "timestamp"),
    )


ADAPTER = Adapter(
    slug="blue-express",
    name="Blue Express",
    documentation="https://www.blue.cl/",
    maturity=Maturity.UNCONFIRMED,
    verification=StaticHeader(header="X-BlueX-Secret"),
    milestones=MILESTONES,
    personal=PERSONAL,
    parse=parse,
    redelivery=Redelivery(history=False),
    zone=ZONE,
    order_reference_is_vtex=True,
)
