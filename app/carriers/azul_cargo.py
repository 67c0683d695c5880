"""Azul Cargo: the answer of the occurrence query, air waybills with their full histories, which customers post on.

Sources read 2026-11-23. Azul Cargo publish no webhook; the credential is one that the customer sets. Codes up to 99 are
Proceda's, those above are Azul's own and not documented.
"""

from collections.abc import Iterator

from app.adapter import Adapter, Maturity, Redelivery, Result, each, most_specific
from app.dialects import ocoren
from app.model import CarrierEvent, Ignored, Milestone, Place, Webhook
from app.payload import Node, json_body
from app.personal import Kind, PersonalData
from app.verification import AnyOf, Basic, Bearer, StaticHeader

ZONE = "America/Sao_Paulo"

MILESTONES = ocoren.MILESTONES | {
    # Azul gave it another meaning, which is not known.
    "87": Milestone.UNKNOWN,
}
PERSONAL = PersonalData(
    receiver={
        Kind.FREE_TEXT: ("**.Ocorrencias.Comentario",),
    },
)


def parse(webhook: Webhook) -> Iterator[Result]:
    body = json_body(webhook)
    waybills = list(body["Value"].allowed().items())
    if not waybills:
        yield Ignored(reason=f"an answer without waybills: {body.get('ErrorText').text() or 'no word why'}")
    yield from each(waybills, _events)


def _events(waybill: Node) -> Iterator[Result]:
    number = waybill["Awb"].text()
    entries = list(waybill.get("Ocorrencias").items())
    if not entries:
        yield Ignored(reason=f"{number} has no occurrences yet")
    for entry in entries:
        code, milestone, unknown = most_specific(MILESTONES, ocoren.code_of(entry.get("Codigo").text()))
        yield CarrierEvent(
            tracking_numbers=(number,),
            code=code,
            milestone=milestone,
            unknown_code=unknown,
            occurred_at=entry.get("DataHora").moment(zone=ZONE),
            place=Place(city=entry.get("UnidadeMunicipio").text(), state=entry.get("UnidadeUF").text()),
            description=entry.get("Descricao", "Comentario").text(),
            raw=entry.raw("Codigo", "DataHora", "Descricao", "Comentario", "UnidadeMunicipio"),
            full_history=True,
        )


ADAPTER = Adapter(
    slug="azul-cargo",
    name="Azul Cargo",
    documentation="https://www.azulcargoexpress.com.br/",
    maturity=Maturity.DOCUMENTED,
    verification=AnyOf((Bearer(), StaticHeader(header="x-api-key"), Basic())),
    milestones=MILESTONES,
    personal=PERSONAL,
    parse=parse,
    redelivery=Redelivery(history=True, ask="Query the parcels of that time again and post the answers."),
    zone=ZONE,
)
