"""The sentences of a briefing, in the languages in which carriers' engineers are written to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.cli.proofs import Language

__all__ = ["LETTERS", "Letter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What stands in a briefing, with places for what differs."""

    subject: str
    opening: str
    address: str
    sends: str
    proof: str
    trying: str
    tries: str
    valid: str
    unsigned: str
    answers: str
    stored: str
    replaced: str
    refused: Mapping[int, str]
    retries: str
    wishes: tuple[str, ...]
    setup: str
    notes: str
    numbers: str
    closing: str
    secret: str
    path_key: str


_ENGLISH: Final = Letter(
    subject="Tracking webhooks of {carrier} for {owner}",
    opening="Hello,\n\nplease deliver the tracking events of our shipments as webhooks. All that is needed follows.",
    address="Address",
    sends="{methods}, Content-Type {types}",
    proof="Proof of the sender",
    trying="Trying it",
    tries="{url}\nchecks a request exactly as the address above does and stores nothing: it answers 204, or says what"
    " is wrong. This call is one that it accepts:",
    valid="Where a time is signed, the call is good for seven days.",
    unsigned="The call is not signed: only you have the key.",
    answers="Answers",
    stored="it is stored durably; do not send it again. A repetition is recognised and answered alike",
    replaced="Because of your rules, refused requests (400, 401, 413, 415) are answered {status} as well; the body says"
    " what is wrong.",
    refused={
        400: "the request cannot be verified as it is written; correct it",
        401: "the proof is missing or wrong; correct it, then send again",
        404: "the address is not this one, or its secret part is wrong; compare it letter by letter",
        405: "another method; use the one above",
        413: "the body is too large; nothing was stored",
        415: "another Content-Type, or a compressed body; send it as above",
        503: "our fault; send the same request again after the seconds in Retry-After",
    },
    retries="Retries that we ask for",
    wishes=(
        "On 503, on a time-out and on a lost connection: again, at growing distances, for at least 24 hours.",
        "The same bytes each time: duplicates and any order are welcome.",
        "Please do not switch the address off without telling us.",
    ),
    setup="Setting it up",
    notes="What we know of your webhooks",
    numbers="How our numbers are made; tell us if that differs",
    closing="Each refusal carries an id (ref_…): name it to us and we will look it up.",
    secret="<the agreed secret>",  # noqa: S106 - stands in the place of one
    path_key="<path key>",
)

_PORTUGUESE: Final = Letter(
    subject="Webhooks de rastreamento da {carrier} para {owner}",
    opening="Olá,\n\npedimos que entreguem os eventos de rastreamento dos nossos envios por webhook. Segue tudo o que é"
    " preciso.",
    address="Endereço",
    sends="{methods}, Content-Type {types}",
    proof="Prova do remetente",
    trying="Para testar",
    tries="{url}\nconfere a requisição exatamente como o endereço acima e não grava nada: responde 204, ou diz o que"
    " está errado. Esta chamada é aceita:",
    valid="Quando um horário é assinado, a chamada vale por sete dias.",
    unsigned="A chamada não está assinada: só vocês têm a chave.",
    answers="Respostas",
    stored="está gravado de forma durável; não reenviem. Uma repetição é reconhecida e respondida da mesma forma",
    replaced="Por causa das regras de vocês, requisições recusadas (400, 401, 413, 415) também recebem {status}; o"
    " corpo diz o que está errado.",
    refused={
        400: "a requisição, como está escrita, não pode ser verificada; corrijam-na",
        401: "a prova falta ou está errada; corrijam-na e reenviem",
        404: "o endereço não é este, ou a parte secreta está errada; comparem letra por letra",
        405: "outro método; usem o indicado acima",
        413: "o corpo é grande demais; nada foi gravado",
        415: "outro Content-Type, ou corpo comprimido; enviem como indicado acima",
        503: "falha nossa; reenviem a mesma requisição depois dos segundos indicados em Retry-After",
    },
    retries="Novas tentativas que pedimos",
    wishes=(
        "Após 503, tempo esgotado ou conexão perdida: de novo, em intervalos crescentes, por pelo menos 24 horas.",
        "Sempre os mesmos bytes: duplicatas e qualquer ordem são bem-vindas.",
        "Por favor, não desativem o endereço sem nos avisar.",
    ),
    setup="Como configurar (em inglês)",
    notes="O que sabemos dos webhooks de vocês (em inglês)",
    numbers="Como nossos números são formados; avisem se for diferente",
    closing="Cada recusa traz um id (ref_…): informem-no e nós a localizamos.",
    secret="<o segredo combinado>",  # noqa: S106 - stands in the place of one
    path_key="<chave do caminho>",
)

_SPANISH: Final = Letter(
    subject="Webhooks de seguimiento de {carrier} para {owner}",
    opening="Hola:\n\nles pedimos que entreguen los eventos de seguimiento de nuestros envíos por webhook. Aquí está"
    " todo lo necesario.",
    address="Dirección",
    sends="{methods}, Content-Type {types}",
    proof="Prueba del remitente",
    trying="Para probar",
    tries="{url}\nrevisa la solicitud exactamente como la dirección de arriba y no guarda nada: responde 204, o dice"
    " qué está mal. Esta llamada es aceptada:",
    valid="Cuando se firma una hora, la llamada vale siete días.",
    unsigned="La llamada no está firmada: solo ustedes tienen la clave.",
    answers="Respuestas",
    stored="quedó guardado de forma durable; no lo envíen de nuevo. Una repetición se reconoce y se responde igual",
    replaced="Por las reglas de ustedes, las solicitudes rechazadas (400, 401, 413, 415) también reciben {status}; el"
    " cuerpo dice qué está mal.",
    refused={
        400: "la solicitud, tal como está escrita, no se puede verificar; corríjanla",
        401: "la prueba falta o es incorrecta; corríjanla y envíen de nuevo",
        404: "la dirección no es esta, o su parte secreta es incorrecta; compárenla letra por letra",
        405: "otro método; usen el indicado arriba",
        413: "el cuerpo es demasiado grande; no se guardó nada",
        415: "otro Content-Type, o cuerpo comprimido; envíen como se indica arriba",
        503: "falla nuestra; envíen la misma solicitud tras los segundos indicados en Retry-After",
    },
    retries="Reintentos que pedimos",
    wishes=(
        "Ante 503, tiempo agotado o conexión perdida: de nuevo, a intervalos crecientes, durante al menos 24 horas.",
        "Siempre los mismos bytes: los duplicados y cualquier orden son bienvenidos.",
        "Por favor, no desactiven la dirección sin avisarnos.",
    ),
    setup="Cómo configurarlo (en inglés)",
    notes="Lo que sabemos de sus webhooks (en inglés)",
    numbers="Cómo se forman nuestros números; avísennos si es distinto",
    closing="Cada rechazo trae un id (ref_…): indíquenlo y lo buscamos.",
    secret="<el secreto acordado>",  # noqa: S106 - stands in the place of one
    path_key="<clave de la ruta>",
)

LETTERS: Final[Mapping[Language, Letter]] = {"en": _ENGLISH, "es": _SPANISH, "pt": _PORTUGUESE}
