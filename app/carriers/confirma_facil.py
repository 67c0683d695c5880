"""Confirma Fácil: a list with one occurrence of one invoice an entry, as carriers push it to that platform.

Sources read 2026-11-23. Many Brazilian carriers can send this shape already, so the relay takes it in the platform's
place; the credential is one that the customer sets.
"""

from collections.abc import Iterator
from dataclasses import replace

from app.adapter import Adapter, Maturity, Redelivery, Result, each, most_specific
from app.dialects import ocoren
from app.dialects.nfe import invoice_references
from app.model import CarrierEvent, Ignored, Milestone, Moment, References, Webhook
from app.payload import Maybe, Node, json_body
from app.personal import Kind, PersonalData
from app.verification import AnyOf, Basic, Bearer, StaticHeader

ZONE = "America/Sao_Paulo"
DAYS = ("%d-%m-%Y", "%d/%m/%Y")
TIMES = tuple(f"{day} {time}" for day in DAYS for time in ("%H:%M:%S", "%H:%M"))

# Codes above 99 are each shipper's own.
MILESTONES = ocoren.MILESTONES
PERSONAL = PersonalData(
    receiver={
        Kind.NAME: ("destinatario.nome", "ocorrencia.nomeRecebedor"),
        Kind.DOCUMENT: ("destinatario.cnpj", "ocorrencia.documentoRecebedor"),
        Kind.ADDRESS: ("destinatario.endereco",),
        Kind.PHOTO: ("ocorrencia.fotos",),
        Kind.FREE_TEXT: ("ocorrencia.comentario",),
    },
    plain={
        "embarcador.cnpj": "the shop's company: it issues the invoice",
        "transportadora.nome": "of a carrier",
        "transportadora.cnpj": "of a carrier",
    },
)


def parse(webhook: Webhook) -> Iterator[Result]:
    body = json_body(webhook)
    entries = [body] if body.is_object else list(body.items())
    if not entries:
        yield Ignored(reason="an empty list of occurrences")
    yield from each(entries, _events)


def _events(entry: Node) -> Iterator[Result]:
    if "embarque" in entry and not entry.get("ocorrencia"):
        yield Ignored(reason="a shipment without an occurrence")
        return
    references, warnings = _references(entry)
    for occurrence in entry["ocorrencia"].allowed().items():
        sent = ocoren.code_of(occurrence["tipoEntrega"].text())
        code, milestone, unknown = most_specific(MILESTONES, sent)
        yield CarrierEvent(
            code=code,
            milestone=milestone,
            unknown_code=unknown,
            occurred_at=_time(entry, occurrence, is_delivery=milestone is Milestone.DELIVERED),
            description=occurrence.get("descricaoTipoEntrega", "comentario").text(),
            references=references,
            raw=occurrence.raw("tipoEntrega", "dtOcorrencia", "hrOcorrencia", "descricaoTipoEntrega", "comentario"),
            warnings=warnings,
        )


def _references(entry: Node) -> tuple[References, tuple[str, ...]]:
    invoice = entry.get("embarque")
    references, warnings = invoice_references(
        key=invoice.get("chave").text(),
        number=invoice.get("numero").text(),
        series=invoice.get("serie").text(),
        issuer=entry.get("embarcador").get("cnpj").text(),
    )
    return replace(references, order_id=entry.get("pedido").get("numero").text()), warnings


def _time(entry: Node, occurrence: Node, *, is_delivery: bool) -> Moment | None:
    """Read when it happened: day and time, else the day; of a delivery also where the shipment tells."""
    moment = _day_and_time(occurrence, "dtOcorrencia", "hrOcorrencia")
    if moment is None and is_delivery:
        moment = _day_and_time(entry.get("embarque"), "dtEntrega", "hrEntrega")
    return moment


def _day_and_time(place: Maybe | Node, day: str, time: str) -> Moment | None:
    both = place.joined(day, time).moment(*TIMES, zone=ZONE)
    return both or place.get(day).moment(*DAYS, zone=ZONE)


ADAPTER = Adapter(
    slug="confirma-facil",
    name="Confirma Fácil",
    documentation="https://github.com/Jurandir/ConfirmaFacil",
    maturity=Maturity.DOCUMENTED,
    verification=AnyOf((Bearer(), StaticHeader(header="x-api-key"), Basic())),
    milestones=MILESTONES,
    personal=PERSONAL,
    parse=parse,
    redelivery=Redelivery(history=False),
    zone=ZONE,
    order_reference_is_vtex=True,
)
