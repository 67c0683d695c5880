"""Coordinadora: a Pub/Sub push with one scan of one waybill in base64; incidents and their resolutions as plain JSON.

Sources read 2026-11-23. The vendor's specification is sent by e-mail; this is from the samples in integrations made
after it. Scans are in local time, incidents in UTC. Redeliveries are normal, and nothing is in order.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterator

from app.adapter import Adapter, Maturity, Redelivery, Result, each, most_specific
from app.model import CarrierEvent, Ignored, Milestone, References, Webhook
from app.payload import Node, Text, json_body, maybe_json
from app.personal import Kind, PersonalData
from app.verification import Unsigned

ZONE = "America/Bogota"

MILESTONES = {
    "2": Milestone.IN_TRANSIT,
    "5": Milestone.OUT_FOR_DELIVERY,
    "6": Milestone.DELIVERED,
    "6/return": Milestone.RETURNED,
    # Other codes are not known: what they are called decides.
    "EN DEVOLUCION": Milestone.RETURNING,
    "DEVUELTA": Milestone.RETURNED,
    "CANCELADA": Milestone.CANCELLED,
    "NO ENTREGADA": Milestone.FAILED_ATTEMPT,
    "EN REPARTO": Milestone.OUT_FOR_DELIVERY,
    "ENTREGADA": Milestone.DELIVERED,
    # Incidents and what was decided about them.
    "novedad": Milestone.EXCEPTION,
    "aprobacion": Milestone.IN_TRANSIT,
    "rechazo": Milestone.EXCEPTION,
}
# Returns and negatives before what they negate.
PHRASES = (
    (r"\bEN (?:PROCESO DE )?DEVOLUCION", "EN DEVOLUCION"),
    (r"\bDEVOLUC|\bDEVUELT|\bENTREG\w+ (?:AL? )?REMITENTE", "DEVUELTA"),
    (r"\bCANCELAD", "CANCELADA"),
    (r"\bNO\b.*\bENTREG|\bENTREGA FALLID", "NO ENTREGADA"),
    (r"\bEN REPARTO\b", "EN REPARTO"),
    (r"\bENTREGAD[AO]\b|\bENTREGA EXITOSA\b", "ENTREGADA"),
)
DECISIONS = {"aprob": "aprobacion", "rechaz": "rechazo"}
RETURNS = frozenset({"EN DEVOLUCION", "DEVUELTA"})
PERSONAL = PersonalData(
    receiver={
        Kind.FREE_TEXT: ("message.data.comment", "comment", "**.descripcion", "**.comentario", "**.observacion"),
    },
    plain={
        "message.data.codigo_cliente": "the merchant's own account",
        "subscription": "of a queue",
    },
    documented=frozenset({"**.comentario", "**.observacion"}),
)


def parse(webhook: Webhook) -> Iterator[Result]:
    yield from each(json_body(webhook).allowed().items(), _document)


def _document(document: Node) -> Iterator[Result]:
    if "message" in document:
        message = document["message"]
        content = message["data"]
        yield _scan(content if content.is_object else content.base64_document(), message.get("messageId").text())
    elif document.get("tracking_number"):
        yield _scan(document, None)
    elif document.get("numero_guia"):
        yield _incident(document)
    else:
        yield Ignored(reason="a document about neither a scan nor an incident")


def _scan(scan: Node, message: Text | None) -> CarrierEvent:
    texts = (scan.get("comment").text(), scan.get("desc_estado").text())
    sent, said = scan.get("codigo").text(), _said(*texts)
    returned = "6/return" if sent == "6" and said in RETURNS else None
    code, milestone, unknown = most_specific(MILESTONES, sent, said, derived=[returned])
    return CarrierEvent(
        tracking_numbers=(scan["tracking_number"].text(),),
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        occurred_at=scan.joined("fecha", "hora").moment(zone=ZONE),
        description=texts[0] or texts[1],
        event_id=message,
        references=References(order_id=scan.get("referencia").text()),
        raw=scan.raw("codigo", "fecha", "hora", "comment", "desc_estado"),
    )


def _incident(incident: Node) -> CarrierEvent:
    sent = incident.get("evento").text()
    plain = _plain(sent or "").lower()
    kind = next((kind for start, kind in DECISIONS.items() if plain.startswith(start)), plain)
    # An unknown kind is a problem until someone says otherwise.
    code, milestone, unknown = most_specific(MILESTONES, Text(kind, sent.path) if sent else None, "novedad")
    return CarrierEvent(
        tracking_numbers=(incident["numero_guia"].text(),),
        code=code,
        milestone=milestone,
        unknown_code=unknown,
        occurred_at=incident.get("fecha_hora").moment(zone="UTC"),
        description=incident.get("descripcion", "comentario", "observacion").text() or sent,
        references=References(order_id=incident.get("referencia").text()),
        raw=incident.raw("evento", "fecha_hora", "descripcion"),
    )


def _said(*texts: str | None) -> str | None:
    plain = [_plain(text) for text in texts if text]
    return next((key for words, key in PHRASES for text in plain if re.search(words, text)), None)


def _plain(text: str) -> str:
    """Return a text in capitals without accents."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(c for c in decomposed if not unicodedata.combining(c)).upper()


def message_id(webhook: Webhook) -> str | None:
    """Name the message and its content: a redelivery repeats both, and an id alone must not hide other content."""
    message = maybe_json(webhook).get("message")
    id_, content = message.get("messageId").text(), message.get("data").text()
    return f"{id_}/{hashlib.sha256(content.encode('utf-8', 'replace')).hexdigest()[:32]}" if id_ and content else None


ADAPTER = Adapter(
    slug="coordinadora",
    name="Coordinadora",
    documentation="https://coordinadora.com/",
    maturity=Maturity.DOCUMENTED,
    verification=Unsigned(
        because="Coordinadora states that it sends no credential; a secret in the path and its addresses stand in"
    ),
    milestones=MILESTONES,
    personal=PERSONAL,
    parse=parse,
    # As Google's Pub/Sub does; for how long is not told.
    redelivery=Redelivery(retries=True, history=False),
    identity=message_id,
    zone=ZONE,
    order_reference_is_vtex=True,
)
