"""Mandaê: one webhook carries one parcel with its full history; documents about items and orders share the URL.

Sources read 2026-11-23. The id of an event is its kind; only part of the kinds is known, the rest is told by its name.
"""

from collections.abc import Iterator

from app.adapter import Adapter, Maturity, Redelivery, Result, most_specific
from app.dialects.keywords import classify, says_returned
from app.model import CarrierEvent, Ignored, Milestone, Webhook
from app.payload import Node, json_body
from app.personal import PersonalData
from app.verification import Unsigned

ZONE = "America/Sao_Paulo"

MILESTONES = {
    "0": Milestone.PRE_TRANSIT,
    "1": Milestone.DELIVERED,
    "1/return": Milestone.RETURNED,
    "31": Milestone.IN_TRANSIT,
    "33": Milestone.IN_TRANSIT,
    "66": Milestone.RETURNED,
    "101": Milestone.IN_TRANSIT,
    "110": Milestone.IN_TRANSIT,
    "118": Milestone.IN_TRANSIT,
    "119": Milestone.IN_TRANSIT,
    "120": Milestone.IN_TRANSIT,
    "121": Milestone.IN_TRANSIT,
    "122": Milestone.IN_TRANSIT,
    "123": Milestone.IN_TRANSIT,
    "124": Milestone.IN_TRANSIT,
    "160": Milestone.IN_TRANSIT,
    # The kinds of moving do not tell the last mile; the name does.
    "moving/OUT_FOR_DELIVERY": Milestone.OUT_FOR_DELIVERY,
}
FORMATS = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M")
PERSONAL = PersonalData(
    plain={
        "carrierName": "of a carrier",
        "events.name": "what a status is called",
    },
)


def parse(webhook: Webhook) -> Iterator[Result]:
    parcel = json_body(webhook)
    if "events" not in parcel:
        kind = "an item that got its tracking code" if "partnerItemId" in parcel else "an order or a pick-up"
        yield Ignored(reason=f"a document about {kind}: it has no events")
        return
    for entry in parcel.get("events").items():
        yield _event(parcel, entry)


def _event(parcel: Node, entry: Node) -> CarrierEvent:
    kind = entry.get("id").text()
    said = (entry.get("name").text(), entry.get("description").text())
    moving = f"moving/{classify(*said)}" if MILESTONES.get(kind or "") is Milestone.IN_TRANSIT else None
    returned = f"{kind}/return" if says_returned(*said) else None
    code, milestone, unknown = most_specific(MILESTONES, kind, derived=(returned, moving))
    if unknown:
        milestone = classify(*said) or Milestone.UNKNOWN
    return CarrierEvent(
        tracking_numbers=(parcel["trackingCode"].text(),),
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        occurred_at=entry.first_moment("timestamp", "date", formats=FORMATS, zone=ZONE),
        description=said[0] or said[1],
        raw=entry.raw("id", "date", "timestamp", "name"),
        full_history=True,
    )


ADAPTER = Adapter(
    slug="mandae",
    name="Mandaê",
    documentation="https://github.com/chico-rei/mandae-php",
    maturity=Maturity.DOCUMENTED,
    verification=Unsigned(because="Mandaê signs nothing and sends no header of ours; a secret in the path stands in"),
    milestones=MILESTONES,
    personal=PERSONAL,
    parse=parse,
    redelivery=Redelivery(history=True),
    zone=ZONE,
)
