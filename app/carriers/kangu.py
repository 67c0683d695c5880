"""Kangu: the answer of the tracking query, the newest state of one parcel, which customers fetch and post on.

Sources read 2026-11-23. Nothing of Kangu's own was found; the shape is that of receivers. The answer may lack the
number that was asked about: who posts it puts it into the query, as ``?codigo=…``.
"""

from collections.abc import Iterator

from app.adapter import Adapter, Maturity, Redelivery, Result, most_specific
from app.dialects.keywords import classify, says_returned
from app.model import CarrierEvent, Milestone, Webhook
from app.payload import json_body, query_parameters
from app.personal import Kind, PersonalData
from app.verification import AnyOf, Basic, Bearer, StaticHeader

ZONE = "America/Sao_Paulo"
NUMBER = ("codigo", "id", "rastreio", "tracking")

MILESTONES = {
    "DROPPED_OFF": Milestone.IN_TRANSIT,
    "IN_HUB": Milestone.IN_TRANSIT,
    "SHIPPED": Milestone.IN_TRANSIT,
    "DELIVERED": Milestone.DELIVERED,
    "DELIVERED/return": Milestone.RETURNED,
}
PERSONAL = PersonalData(
    receiver={
        Kind.FREE_TEXT: ("situacao.observacao",),
    },
)


def parse(webhook: Webhook) -> Iterator[Result]:
    body = json_body(webhook)
    state = body["situacao"]
    number = body.get(*NUMBER).text() or query_parameters(webhook).get(*NUMBER).text()
    words = state.get("ocorrencia").text()
    sent = state.get("shipmentStatus").text()
    returned = f"{sent}/return" if says_returned(words) else None
    code, milestone, unknown = most_specific(MILESTONES, sent, derived=[returned])
    if not code or unknown:
        milestone = classify(words) or Milestone.UNKNOWN
    yield CarrierEvent(
        tracking_numbers=(number,) if number else (),
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        occurred_at=state.get("data").moment("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", zone=ZONE),
        description=words or state.get("observacao").text(),
        raw=state.raw("shipmentStatus", "ocorrencia", "observacao", "data"),
    )


ADAPTER = Adapter(
    slug="kangu",
    name="Kangu",
    documentation="https://github.com/ecomplus/app-kangu",
    maturity=Maturity.UNCONFIRMED,
    verification=AnyOf((Bearer(), StaticHeader(header="x-api-key"), Basic())),
    milestones=MILESTONES,
    personal=PERSONAL,
    parse=parse,
    redelivery=Redelivery(history=False, ask="Query the parcels of that time again and post the answers."),
    zone=ZONE,
    timeless=True,
)
