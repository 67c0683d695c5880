"""What a scan's words mean, in Portuguese and Spanish, for codes that a carrier does not document.

Only adapters whose carrier has no code for a thing ask here: everywhere else codes decide. Returns and negatives are
tried before what they negate, because "não entregue" holds "entregue" and "entregue ao remetente" is a return.
"""

import re
import unicodedata
from typing import Final

from app.model import Milestone

_RULES: Final[tuple[tuple[str, Milestone], ...]] = (
    # Cancelling a return, or a parcel before it moves, is said with the same words.
    (r"cancel\w*|anulad[oa]s?", Milestone.CANCELLED),
    (r"em devolucao|en devolucion|devolucao (?:iniciada|em andamento|solicitada|autorizada)", Milestone.RETURNING),
    (r"(?:sera|em processo de ser) devolvid[oa]s?", Milestone.RETURNING),
    (r"devolvid[oa]s?|devuelt[oa]s?|retornad[oa]s? ao remetente", Milestone.RETURNED),
    (r"devolucao (?:realizada|concluida|finalizada|entregue|assinada)", Milestone.RETURNED),
    (r"entreg(?:ue|ad[oa]) (?:\w+ ){0,3}(?:ao?|al|no) (?:remetente|remitente)", Milestone.RETURNED),
    (r"entrega (?:realizada|efetuada|concluida) (?:ao|al) (?:remetente|remitente)", Milestone.RETURNED),
    (r"devol\w*|retorno ao remetente|retornando", Milestone.RETURNING),
    (r"(?:entrega|entregar|rota) (?:para o|ao|al) (?:remetente|remitente)", Milestone.RETURNING),
    (r"extravi\w*|roub\w*|robad[oa]s?|furt\w*|avari\w*|danific\w*|sinistro|perdid[oa]s?", Milestone.EXCEPTION),
    (r"apreend\w*|retid[oa]s?|retenid[oa]s?|recus\w*|rechaz\w*|incidencia", Milestone.EXCEPTION),
    (r"endereco (?:\w+ ){0,2}(?:incorreto|insuficiente|errado|invalido|inexistente)", Milestone.EXCEPTION),
    (r"nao (?:\w+ ){0,4}(?:entreg\w*|atendid[oa]|efetuad[oa]|realizad[oa]|localizad[oa])", Milestone.FAILED_ATTEMPT),
    (r"no (?:\w+ ){0,3}(?:entregad[oa]|entregar)|entrega fallida", Milestone.FAILED_ATTEMPT),
    (r"ausente|insucesso|tentativa|intento (?:de entrega|fallido)|falha na entrega", Milestone.FAILED_ATTEMPT),
    (r"(?:aguardando|disponivel para|pront[oa] para) (?:a )?retirada", Milestone.AVAILABLE_FOR_PICKUP),
    (r"(?:disponible|list[oa]) para (?:retiro|retirar|recoger)", Milestone.AVAILABLE_FOR_PICKUP),
    (r"(?:saiu|saida|saindo) (?:para|p) (?:a )?entrega|(?:em )?rota de entrega", Milestone.OUT_FOR_DELIVERY),
    (r"em rota para entrega|en reparto|en ruta de entrega|sali\w* a reparto", Milestone.OUT_FOR_DELIVERY),
    (r"entregues?|entregad[oa]s?|entrega (?:realizada|efetuada|concluida|exitosa)", Milestone.DELIVERED),
    (r"postad[oa]s?|coletad[oa]s?|em transito|en transito|encaminhad[oa]s?|expedid[oa]s?", Milestone.IN_TRANSIT),
    (r"em transferencia|transferid[oa]s?|em rota|chegou|despachad[oa]s?", Milestone.IN_TRANSIT),
    (r"pedido criado|cadastrad[oa]s?|etiqueta (?:\w+ )?(?:gerada|emitida)", Milestone.PRE_TRANSIT),
    (r"aguardando (?:coleta|postagem)", Milestone.PRE_TRANSIT),
)
_COMPILED: Final = tuple((re.compile(rf"\b(?:{words})\b"), milestone) for words, milestone in _RULES)
_RETURNS: Final = frozenset({Milestone.RETURNING, Milestone.RETURNED})


def fold(text: str) -> str:
    """Return a text in lower case without accents, its words one space apart."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    plain = "".join(character for character in folded if not unicodedata.combining(character))
    return " ".join(re.findall(r"\w+|[.;!]", plain))


def classify(*texts: str | None) -> Milestone | None:
    """Return what the first text that says anything says; None when none does."""
    for text in texts:
        folded = fold(text or "")
        for pattern, milestone in _COMPILED:
            if pattern.search(folded):
                return milestone
    return None


def says_returned(*texts: str | None) -> bool:
    """Tell whether any of the texts speaks of a parcel that goes, or came, back to its sender."""
    return any(classify(text) in _RETURNS for text in texts)
