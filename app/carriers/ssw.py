"""SSW: the answer of the tracking query, invoices with their full histories, which customers fetch and post themselves.

Sources read 2026-11-23. SSW runs behind many Brazilian carriers and publishes no webhook of its own; the credential is
one that the customer sets. Its codes are not Proceda's: the same numbers mean other things.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from app.adapter import Adapter, Maturity, Redelivery, Result, each, most_specific
from app.dialects.nfe import invoice_references
from app.dialects.places import city_and_state
from app.model import CarrierEvent, Ignored, Milestone, Webhook
from app.payload import Node, Text, json_body
from app.personal import Kind, PersonalData
from app.verification import AnyOf, Basic, Bearer, StaticHeader

ZONE = "America/Sao_Paulo"

MILESTONES = {
    "01": Milestone.DELIVERED,
    "03": Milestone.RETURNED,
    "20": Milestone.EXCEPTION,
    "23": Milestone.EXCEPTION,
    # First, second and third attempt.
    "31": Milestone.FAILED_ATTEMPT,
    "32": Milestone.FAILED_ATTEMPT,
    "33": Milestone.FAILED_ATTEMPT,
    "38": Milestone.FAILED_ATTEMPT,
    "50": Milestone.EXCEPTION,
    "53": Milestone.EXCEPTION,
    "54": Milestone.EXCEPTION,
    "55": Milestone.EXCEPTION,
    "61": Milestone.EXCEPTION,
    "80": Milestone.PRE_TRANSIT,
    "82": Milestone.IN_TRANSIT,
    "83": Milestone.IN_TRANSIT,
    "84": Milestone.IN_TRANSIT,
    "85": Milestone.OUT_FOR_DELIVERY,
    "88": Milestone.RETURNING,
    # "Arriving soon."
    "95": Milestone.OUT_FOR_DELIVERY,
    # Each carrier's own.
    "99": Milestone.UNKNOWN,
    # The carrier takes its delivery back.
    "138": Milestone.UNKNOWN,
}
REVERSALS = {"138": frozenset({"01"})}
IGNORED = {
    "19": "a further image of the proof of delivery",
    "70": "a weighing or measuring",
    "89": "a note about palletising",
}
# The code that ends an occurrence's words, for carriers that leave `codigo_ssw` out.
CODE_AT_THE_END = re.compile(r"\s*\((\d{1,3})\)\s*$")
PERSONAL = PersonalData(
    receiver={
        Kind.NAME: ("**.header.destinatario", "**.tracking.nome_recebedor"),
        Kind.DOCUMENT: ("**.tracking.nro_doc_recebedor",),
        Kind.FREE_TEXT: ("**.tracking.descricao",),
    },
    sender={
        Kind.NAME: ("**.header.remetente",),
    },
)


def parse(webhook: Webhook) -> Iterator[Result]:
    body = json_body(webhook)
    documents = [*body.get("documento").items(), *body.get("documentos").items()]
    if not documents and "success" not in body:
        documents = list(body["documento"].items())
    if not documents:
        yield Ignored(reason=f"an answer without documents: {body.get('message').text() or 'no word why'}")
    yield from each(documents, _events)


def _events(document: Node) -> Iterator[Result]:
    header = document.get("header")
    references, warnings = invoice_references(key=header.get("chave_nfe").text(), number=header.get("nro_nf").text())
    references = replace(references, order_id=header.get("pedido").text())
    entries = list(document.get("tracking").items())
    if not entries:
        yield Ignored(reason="a document without occurrences")
    for entry in entries:
        words = entry.get("ocorrencia").text()
        sent = _code(entry.get("codigo_ssw").text(), words)
        if sent in IGNORED:
            yield Ignored(reason=IGNORED[sent], code=sent)
            continue
        code, milestone, unknown = most_specific(MILESTONES, sent)
        yield CarrierEvent(
            code=code,
            milestone=milestone,
            unknown_code=unknown,
            # When it was entered may be hours after it happened.
            occurred_at=entry.first_moment("data_hora_efetiva", "data_hora", zone=ZONE),
            place=city_and_state(entry.get("cidade").text()),
            description=CODE_AT_THE_END.sub("", words) if words else entry.get("descricao").text(),
            references=references,
            raw=entry.raw("codigo_ssw", "ocorrencia", "data_hora", "descricao"),
            full_history=True,
            reverses=REVERSALS.get(code, frozenset()),
            warnings=warnings,
        )


def _code(given: Text | None, words: Text | None) -> Text | None:
    """Return the code with two digits at least; without one of its own it ends the occurrence's words."""
    match = CODE_AT_THE_END.search(words or "")
    found = given or (Text(match[1], words.path) if words and match else None)
    return Text(found.lstrip("0").zfill(2), found.path) if found and found.isdecimal() else found


ADAPTER = Adapter(
    slug="ssw",
    name="SSW",
    documentation="https://ssw.inf.br/",
    maturity=Maturity.DOCUMENTED,
    verification=AnyOf((Bearer(), StaticHeader(header="x-api-key"), Basic())),
    milestones=MILESTONES,
    ignored=IGNORED,
    personal=PERSONAL,
    parse=parse,
    redelivery=Redelivery(history=True, ask="Query the parcels of that time again and post the answers."),
    zone=ZONE,
    order_reference_is_vtex=True,
)
