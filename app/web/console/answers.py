"""An answer to a shopper who asks where their parcel is, in their language, to be copied and sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from app.account import Locale
from app.model import Milestone
from app.redaction import is_mask
from app.vtex import PHRASES, scrub
from app.web import schemas
from app.web.console.timeline import Step, latest_of

__all__ = ["LOCALES", "answer"]

LOCALES: Final = tuple(locale.value for locale in Locale)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sentences:
    """What is said in one language."""

    hello: str
    nothing: str
    latest: str
    place: str
    words: str
    number: str
    next: Mapping[Milestone, str]


_ALL: Final[Mapping[Locale, _Sentences]] = {
    Locale.PT_BR: _Sentences(
        hello="Olá! Sobre o seu pedido {order}:",
        nothing="a transportadora ainda não registrou nenhuma movimentação.",
        latest="a última atualização é de {when}: {phrase}{place}.",
        place=", em {place}",
        words="Nas palavras da transportadora: “{words}”.",
        number="Transportadora: {carrier}. Código de rastreio: {number}.",
        next={
            Milestone.OUT_FOR_DELIVERY: "A entrega está prevista para hoje; é bom que alguém possa receber.",
            Milestone.DELIVERED: "Se o pacote não estiver com você, responda a esta mensagem: vamos abrir uma "
            "verificação com a transportadora.",
            Milestone.AVAILABLE_FOR_PICKUP: "Leve um documento com foto para retirar.",
            Milestone.FAILED_ATTEMPT: "A transportadora costuma tentar de novo no próximo dia útil.",
            Milestone.EXCEPTION: "Estamos acompanhando com a transportadora.",
            Milestone.RETURNING: "O pacote está voltando para nós; vamos combinar com você o que fazer.",
            Milestone.RETURNED: "O pacote voltou para nós; vamos combinar com você o que fazer.",
        },
    ),
    Locale.ES: _Sentences(
        hello="¡Hola! Sobre su pedido {order}:",
        nothing="el transportista todavía no registró ningún movimiento.",
        latest="la última actualización es del {when}: {phrase}{place}.",
        place=", en {place}",
        words="En palabras del transportista: “{words}”.",
        number="Transportista: {carrier}. Número de seguimiento: {number}.",
        next={
            Milestone.OUT_FOR_DELIVERY: "La entrega está prevista para hoy; conviene que alguien pueda recibir.",
            Milestone.DELIVERED: "Si no tiene el paquete, responda a este mensaje: abriremos una verificación con el "
            "transportista.",
            Milestone.AVAILABLE_FOR_PICKUP: "Lleve un documento con foto para retirarlo.",
            Milestone.FAILED_ATTEMPT: "El transportista suele volver a intentarlo el siguiente día hábil.",
            Milestone.EXCEPTION: "Lo estamos siguiendo con el transportista.",
            Milestone.RETURNING: "El paquete está volviendo a nosotros; acordaremos con usted qué hacer.",
            Milestone.RETURNED: "El paquete volvió a nosotros; acordaremos con usted qué hacer.",
        },
    ),
    Locale.EN: _Sentences(
        hello="Hello! About your order {order}:",
        nothing="the carrier has not recorded any movement yet.",
        latest="the latest update is from {when}: {phrase}{place}.",
        place=", in {place}",
        words="In the carrier's words: “{words}”.",
        number="Carrier: {carrier}. Tracking number: {number}.",
        next={
            Milestone.OUT_FOR_DELIVERY: "Delivery is planned for today; it helps if somebody can take it in.",
            Milestone.DELIVERED: "If you do not have the parcel, reply to this message: we will have the carrier "
            "look into it.",
            Milestone.AVAILABLE_FOR_PICKUP: "Bring a photo ID to pick it up.",
            Milestone.FAILED_ATTEMPT: "Carriers usually try again on the next working day.",
            Milestone.EXCEPTION: "We are following this up with the carrier.",
            Milestone.RETURNING: "The parcel is on its way back to us; we will agree with you on what to do.",
            Milestone.RETURNED: "The parcel came back to us; we will agree with you on what to do.",
        },
    ),
}


def answer(
    shipment: schemas.ShipmentDetail, steps: tuple[Step, ...], names: Mapping[str, str], locale: str, zone: ZoneInfo
) -> str:
    """Write the answer; the carrier's words go in without personal data, since it leaves the house."""
    spoken = Locale(locale) if locale in LOCALES else Locale.PT_BR
    say, step = _ALL[spoken], latest_of(steps)
    parts = [say.hello.format(order=shipment.order_id)]
    if step is None:
        parts.append(say.nothing)
    else:
        milestone = Milestone(step.event.milestone)
        where = ", ".join(part for part in (step.event.city, step.event.state) if part)
        place = say.place.format(place=where) if where else ""
        phrase = PHRASES[spoken][milestone].lower()
        parts.append(say.latest.format(when=_when(step, spoken, zone), phrase=phrase, place=place))
        if step.event.description and not is_mask(step.event.description):
            parts.append(say.words.format(words=scrub(step.event.description).strip()))
        if milestone in say.next:
            parts.append(say.next[milestone])
    if shipment.tracking_numbers:
        slug = step.event.carrier if step else None
        carrier = names.get(slug or "") or shipment.courier or "–"
        parts.append(say.number.format(carrier=carrier, number=", ".join(shipment.tracking_numbers)))
    return " ".join(parts)


def _when(step: Step, locale: Locale, zone: ZoneInfo) -> str:
    local = step.at if step.is_day_only else step.at.astimezone(zone)
    day = _day(local.date(), locale)
    return day if step.is_day_only else f"{day} {local.strftime('%H:%M')}"


def _day(day: date, locale: Locale) -> str:
    return day.isoformat() if locale is Locale.EN else day.strftime("%d/%m/%Y")
