"""Andreani: one webhook carries the newest state of one parcel; the answer of the tracking query is taken as well.

Sources read 2026-11-23. Whether Andreani send webhooks is not confirmed: receivers differ, and none cites the carrier.
The query's answer lacks the number that was asked about: who posts it puts it into the query, as ``?numero=…``.
"""

from collections.abc import Iterator

from app.adapter import Adapter, Maturity, Redelivery, Result, most_specific
from app.dialects.keywords import classify, fold
from app.model import CarrierEvent, Ignored, Milestone, Place, Webhook
from app.payload import Node, Text, json_body, query_parameters
from app.personal import PersonalData
from app.verification import AnyOf, Bearer, Hmac, StaticHeader, Unsigned

ZONE = "America/Argentina/Buenos_Aires"
NUMBER = ("numeroDeEnvio", "numeroAndreani", "numero", "tracking")

# Lower case without accents. The numbers beside the words are only partly known, so that words decide.
MILESTONES = {
    "pendiente de ingreso": Milestone.PRE_TRANSIT,
    "en viaje": Milestone.IN_TRANSIT,
    "en distribucion": Milestone.OUT_FOR_DELIVERY,
    "entregado": Milestone.DELIVERED,
}
PERSONAL = PersonalData()


def parse(webhook: Webhook) -> Iterator[Result]:
    body = json_body(webhook)
    number = body.get(*NUMBER).text() or query_parameters(webhook).get(*NUMBER).text()
    numbers = (number,) if number else ()
    if "eventos" not in body:
        yield _event(numbers, body, body["estadoActual"].text())
        return
    entries = list(body.get("eventos").items())
    if not entries:
        yield Ignored(reason=f"{number or 'a parcel'} has no events yet")
    for entry in entries:
        yield _event(numbers, entry, entry.get("Estado").text())


def _event(numbers: tuple[str, ...], entry: Node, state: Text | None) -> CarrierEvent:
    folded = fold(state or "")
    known = Text(folded, state.path) if state and folded in MILESTONES else state
    code, milestone, unknown = most_specific(MILESTONES, known)
    said = (state, entry.get("Submotivo").text(), entry.get("Motivo").text())
    if unknown:
        milestone = classify(*said) or Milestone.UNKNOWN
    return CarrierEvent(
        tracking_numbers=numbers,
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        occurred_at=entry.first_moment("Fecha", "fecha", zone=ZONE),
        place=Place(city=entry.get("Sucursal").text()),
        description=entry.get("Traduccion").text() or state,
        raw=entry.raw("estadoActual", "Estado", "EstadoId", "Fecha", "Motivo", "Submotivo", "SucursalId"),
        full_history="Estado" in entry,
    )


ADAPTER = Adapter(
    slug="andreani",
    name="Andreani",
    documentation="https://developers.andreani.com/",
    maturity=Maturity.UNCONFIRMED,
    verification=AnyOf(
        (
            StaticHeader(header="x-api-key"),
            Bearer(),
            Hmac(header="X-Signature", encodings=("hex", "base64")),
            Unsigned(because="most receivers saw no credential; a secret in the path stands in"),
        )
    ),
    milestones=MILESTONES,
    personal=PERSONAL,
    parse=parse,
    redelivery=Redelivery(history=False),
    zone=ZONE,
)
