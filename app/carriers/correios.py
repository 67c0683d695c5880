"""Correios: the answer of the Rastro API, objects with their full histories, which customers fetch and post themselves.

Sources read 2026-11-23. Correios publish no webhook of their own; the credential is one that the customer sets.
"""

from collections.abc import Iterator

from app.adapter import Adapter, Maturity, Redelivery, Result, each, most_specific
from app.dialects import s10, sro
from app.model import CarrierEvent, Ignored, Moment, Place, Webhook
from app.payload import Node, json_body
from app.personal import PersonalData
from app.verification import AnyOf, Basic, Bearer, StaticHeader

ZONE = "America/Sao_Paulo"

MILESTONES = sro.MILESTONES

# What was asked for: the first event, or the last one. Everything else is the whole history.
EXCERPTS = {"P", "U"}
PERSONAL = PersonalData(
    plain={
        "**.unidade.nome": "of an office",
        "**.unidade.endereco": "of an office",
        "**.unidadeDestino.endereco": "of an office",
    },
)


def parse(webhook: Webhook) -> Iterator[Result]:
    body = json_body(webhook)
    is_history = body.get("tipoResultado").text() not in EXCERPTS
    found = body["objetos"] if body.is_object and "codObjeto" not in body else body
    objects = [found] if found.is_object else list(found.items())
    if not objects:
        yield Ignored(reason="an answer without objects")
    yield from each(objects, lambda item: _events(item, is_history=is_history))


def _events(item: Node, *, is_history: bool) -> Iterator[Result]:
    number = item["codObjeto"].text()
    entries = list(item.get("eventos").items())
    if not entries:
        yield Ignored(reason=f"{number} has no events: {item.get('mensagem').text() or 'none yet'}")
    standing: list[str] = []
    for entry, time in _oldest_first(entries):
        sent = sro.code_of(entry.get("codigo"), entry.get("tipo"))
        code, milestone, unknown = most_specific(MILESTONES, sent)
        is_reversal = code.startswith(sro.REVERSAL)
        address = entry.get("unidade").get("endereco")
        yield CarrierEvent(
            tracking_numbers=(number,),
            code=code,
            milestone=milestone,
            unknown_code=unknown,
            occurred_at=time,
            place=Place(city=address.get("cidade").text(), state=address.get("uf").text()),
            description=entry.get("descricao", "detalhe").text(),
            raw=entry.raw("codigo", "tipo", "dtHrCriado"),
            full_history=is_history,
            reverses=_undone(standing) if is_reversal else frozenset(),
            warnings=s10.doubts(number),
        )
        if not is_reversal:
            standing.append(code)


def _oldest_first(entries: list[Node]) -> list[tuple[Node, Moment | None]]:
    """Order the entries of one object by time; those of one second as they came, which is newest first."""
    timed = [(entry, entry.get("dtHrCriado").moment(zone=ZONE)) for entry in entries]
    times = [time.at for _, time in timed if time]
    if times and times[0] >= times[-1]:
        timed.reverse()
    earliest = min(times, default=None)
    return sorted(timed, key=lambda pair: pair[1].at if pair[1] else earliest) if earliest else timed


def _undone(standing: list[str]) -> frozenset[str]:
    """Take back the event before; where it was not sent along, only a delivery is worth taking back."""
    if not standing:
        return sro.DELIVERIES
    return frozenset({standing.pop()}) & MILESTONES.keys()


ADAPTER = Adapter(
    slug="correios",
    name="Correios",
    documentation="https://www.correios.com.br/atendimento/developers",
    maturity=Maturity.DOCUMENTED,
    verification=AnyOf((Bearer(), StaticHeader(header="x-api-key"), Basic())),
    milestones=MILESTONES,
    personal=PERSONAL,
    parse=parse,
    redelivery=Redelivery(history=True, ask="Query the parcels of that time again and post the answers."),
    zone=ZONE,
)
