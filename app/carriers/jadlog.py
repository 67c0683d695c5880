"""Jadlog: the answer of the tracking query, parcels with their full histories, which customers fetch and post on.

Sources read 2026-11-23. Jadlog publish no webhook; the credential is one that the customer sets. A status is a word and
has no code beside it; words that no source lists are read for what they say.
"""

from collections.abc import Iterator

from app.adapter import Adapter, Maturity, Redelivery, Result, each, most_specific
from app.dialects.keywords import classify, fold
from app.dialects.nfe import invoice_references
from app.dialects.places import place_in
from app.model import CarrierEvent, Ignored, Milestone, Moment, Webhook
from app.payload import Maybe, Node, Text, json_body
from app.personal import Kind, PersonalData
from app.verification import AnyOf, Basic, Bearer, StaticHeader

ZONE = "America/Sao_Paulo"
FORMATS = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y")

# Lower case without accents.
MILESTONES = {
    # The freight document is issued.
    "emissao": Milestone.PRE_TRANSIT,
    "entrada": Milestone.IN_TRANSIT,
    "transferencia": Milestone.IN_TRANSIT,
    "em rota": Milestone.OUT_FOR_DELIVERY,
    "entregue": Milestone.DELIVERED,
    # Handed over after it had turned round.
    "entregue/return": Milestone.RETURNED,
}
GOING_BACK = {Milestone.RETURNING, Milestone.RETURNED}
PERSONAL = PersonalData(
    receiver={
        Kind.NAME: ("consulta.tracking.recebedor.nome",),
        Kind.DOCUMENT: ("consulta.tracking.recebedor.doc",),
    },
    plain={
        "consulta.df": "names the invoice and the company that issued it",
        "consulta.tracking.recebedor.data": "when it was delivered",
    },
    documented=frozenset({"consulta.tracking.recebedor.doc"}),
)


def parse(webhook: Webhook) -> Iterator[Result]:
    answers = list(json_body(webhook)["consulta"].allowed().items())
    if not answers:
        yield Ignored(reason="an answer about nothing")
    yield from each(answers, _events)


def _events(answer: Node) -> Iterator[Result]:
    numbers, tracking = _numbers(answer), answer.get("tracking")
    entries = list(tracking.get("eventos").items())
    if not entries and not tracking.get("status"):
        why = answer.get("erro").get("descricao", "detalhe").text() or "no events yet"
        yield Ignored(reason=f"{next(iter(numbers), 'a parcel')}: {why}")
        return
    # The invoice that was asked for, which the answer repeats.
    invoice = answer.get("df")
    references, warnings = invoice_references(
        key=invoice.get("danfe").text(),
        number=invoice.get("nf").text(),
        series=invoice.get("serie").text(),
        issuer=invoice.get("cnpjRemetente").text(),
    )
    is_going_back = False
    for entry, time in _oldest_first(entries) or [(answer["tracking"], None)]:
        sent = _code(entry.get("status").text())
        returned = f"{sent}/return" if is_going_back else None
        code, milestone, unknown = most_specific(MILESTONES, sent, derived=[returned])
        if unknown:
            milestone = classify(sent) or Milestone.UNKNOWN
        is_going_back = is_going_back or milestone in GOING_BACK
        yield CarrierEvent(
            tracking_numbers=numbers,
            code=code,
            milestone=milestone,
            unknown_code=unknown,
            occurred_at=time,
            place=place_in(entry.get("unidade").text()),
            description=entry.get("status").text(),
            references=references,
            raw=entry.raw("status", "data", "unidade"),
            full_history=bool(entries),
            warnings=warnings,
        )


def _oldest_first(entries: list[Node]) -> list[tuple[Node, Moment | None]]:
    """Order a history by time where all of it has one; as sent otherwise, which is oldest first."""
    timed = [(entry, entry.get("data").moment(*FORMATS, zone=ZONE)) for entry in entries]
    times = {id(entry): time.at for entry, time in timed if time}
    return sorted(timed, key=lambda pair: times[id(pair[0])]) if len(times) == len(timed) else timed


def _code(status: Text | None) -> Text | None:
    """Return a status as the table has it; as sent where it has none such."""
    folded = fold(status or "")
    return Text(folded, status.path) if status and folded in MILESTONES else status


def _numbers(answer: Node) -> tuple[str, ...]:
    """List the numbers that Jadlog knows a parcel by; merchants show one or the other."""
    tracking = answer.get("tracking")
    places: list[Maybe | Node] = [answer, tracking]
    texts = [place.get(name).text() for name in ("shipmentId", "codigo", "cte") for place in places]
    return tuple(dict.fromkeys(filter(None, texts)))


ADAPTER = Adapter(
    slug="jadlog",
    name="Jadlog",
    documentation="https://www.jadlog.com.br/",
    maturity=Maturity.DOCUMENTED,
    verification=AnyOf((Bearer(), StaticHeader(header="x-api-key"), Basic())),
    milestones=MILESTONES,
    personal=PERSONAL,
    parse=parse,
    redelivery=Redelivery(history=True, ask="Query the parcels of that time again and post the answers."),
    zone=ZONE,
)
