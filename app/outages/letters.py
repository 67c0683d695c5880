"""What to write to a carrier so that it sends again what was not taken."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal

__all__ = ["Language", "letter"]

Language = Literal["en", "pt-BR"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Words:
    carrier: str
    customer: str


_WORDS: Final[Mapping[Language, _Words]] = {
    "en": _Words(
        carrier="Hello,\n\nour address for your webhooks, {url}, took none between {since} and {until}. Please send us"
        " again every tracking event of our shipments from that time. What we know already is recognised: a few too"
        " many do no harm.",
        customer="The relay's address {url} took nothing between {since} and {until}. Post again every document from"
        " that time. What is known already is recognised: a few too many do no harm.",
    ),
    "pt-BR": _Words(
        carrier="Olá,\n\no nosso endereço para os webhooks de vocês, {url}, não recebeu nenhum entre {since} e"
        " {until}. Por favor, reenviem todos os eventos de rastreamento dos nossos envios desse período. O que já"
        " temos é reconhecido: repetições não atrapalham.",
        customer="O endereço do relay {url} não recebeu nada entre {since} e {until}. Envie de novo todos os"
        " documentos desse período. O que já existe é reconhecido: repetições não atrapalham.",
    ),
}


def letter(language: Language, url: str, since: datetime, until: datetime, *, to_customer: bool) -> str:
    """Write it; ``to_customer`` when a program of the merchant posts the carrier's documents."""
    words = _WORDS[language]
    text = words.customer if to_customer else words.carrier
    return text.format(url=url, since=_time(since), until=_time(until))


def _time(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
