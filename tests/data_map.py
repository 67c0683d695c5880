"""The data map, in English and Portuguese, made from what carriers' files declare; `make docs` writes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from app.adapter import Adapter
from app.carriers import adapters
from app.personal import Declared, Kind, Subject
from app.settings import Settings

__all__ = ["data_map", "data_map_in_portuguese"]

KINDS: Final[Mapping[Kind, str]] = {
    Kind.NAME: "nome",
    Kind.DOCUMENT: "documento",
    Kind.PHONE: "telefone",
    Kind.EMAIL: "e-mail",
    Kind.ADDRESS: "endereço",
    Kind.GEOLOCATION: "geolocalização",
    Kind.SIGNATURE: "assinatura",
    Kind.PHOTO: "foto",
    Kind.PROOF: "link do comprovante",
    Kind.LABEL: "link da etiqueta",
    Kind.TRACKING_PAGE: "página de rastreio",
    Kind.IDENTIFIER: "identificador",
    Kind.VEHICLE: "veículo",
    Kind.FREE_TEXT: "texto livre",
}
SUBJECTS: Final = {Subject.RECEIVER: "destinatário", Subject.SENDER: "remetente", Subject.COURIER: "entregador"}


@dataclass(frozen=True, kw_only=True)
class _Words:
    head: str
    columns: str
    detail: str
    shown: Mapping[bool, str]
    sent: Mapping[bool, str]
    nothing: str
    documented: str


ENGLISH: Final = _Words(
    head="""# Data map

[Em português](data-map.pt-BR.md). Made by `make docs` from `app/carriers`; [privacy.md](privacy.md) says the rest.

What of persons carriers send, and what becomes of it. Whatever a carrier sends beyond this is masked for viewers and
support, until its file or its examples say what it is.

## What becomes of it

| where | what | how long, by default | who sees it |
| --- | --- | --- | --- |
| bytes of a webhook | everything below, as it came | {body} days (`body_days`); {evidence} days (`evidence_days`) where it told of a parcel's end or could not be read | viewers: masked; support: the receiver's; operators and administrators: all of it, and the audit log says who looked |
| events | the carrier's words without names, documents, telephones, e-mail and street addresses that the same webhook has at a path below; the place of the scan, numbers of parcel, order and invoice | {event} days after the last event (`event_days`) | viewers: words without documents, telephones, e-mail addresses and receivers' names, masked whole where they come from a path below |
| rows and calls to VTEX | the words as they were sent | {event} days (`event_days`), calls {attempt} days (`attempt_days`) | as events |
| VTEX | the words, scrubbed in the same way, or the milestone's phrase (an account's `description`); of what is below nothing else | VTEX decides | the shopper and the shop |

## By carrier
""",  # noqa: E501 - rows of a table
    columns="| carrier | receiver | sender | courier |",
    detail="| path | kind | about | shown to | sent to VTEX |",
    shown={True: "support and above", False: "operator and above"},
    sent={True: "scrubbed, where it is read as the event's words", False: "never"},
    nothing="Nothing.",
    documented="documented only",
)
PORTUGUESE: Final = _Words(
    head="""# Mapa de dados

[In English](data-map.md). Gerado por `make docs` a partir de `app/carriers`; o restante está em
[privacy.pt-BR.md](privacy.pt-BR.md).

O que as transportadoras enviam sobre pessoas e o que acontece com isso. O que uma transportadora enviar além disto aparece
mascarado para viewer e support até que o módulo dela, ou seus exemplos, digam o que é.

## O que acontece com os dados

| onde | o quê | por quanto tempo, por padrão | quem vê |
| --- | --- | --- | --- |
| bytes de um webhook | tudo o que está abaixo, como veio | {body} dias (`body_days`); {evidence} dias (`evidence_days`) quando informou o fim de uma encomenda ou não pôde ser lido | viewer: mascarado; support: o que é do destinatário; operator e admin: tudo, e o registro de auditoria diz quem olhou |
| eventos | as palavras da transportadora sem nomes, documentos, telefones, e-mails e endereços que o mesmo webhook traz num caminho abaixo; o lugar da leitura, números da encomenda, do pedido e da nota | {event} dias depois do último evento (`event_days`) | viewer: palavras sem documentos, telefones, e-mails e nome de quem recebeu, mascaradas por inteiro quando vêm de um caminho abaixo |
| linhas e chamadas à VTEX | as palavras como foram enviadas | {event} dias (`event_days`), chamadas {attempt} dias (`attempt_days`) | como os eventos |
| VTEX | as palavras, limpas do mesmo modo, ou a frase do marco (`description` de uma conta); do que está abaixo, nada mais | quem decide é a VTEX | o comprador e a loja |

## Por transportadora
""",  # noqa: E501 - rows of a table
    columns="| transportadora | destinatário | remetente | entregador |",
    detail="| caminho | tipo | de quem | visível para | enviado à VTEX |",
    shown={True: "support e acima", False: "operator e acima"},
    sent={True: "limpo, quando lido como as palavras do evento", False: "nunca"},
    nothing="Nada.",
    documented="só na documentação",
)


def data_map() -> str:
    """Write the data map."""
    return _page(ENGLISH, {kind: kind.value for kind in Kind}, {subject: subject.value for subject in Subject})


def data_map_in_portuguese() -> str:
    """Write the data map in Portuguese."""
    return _page(PORTUGUESE, KINDS, SUBJECTS)


def _page(words: _Words, kinds: Mapping[Kind, str], subjects: Mapping[Subject, str]) -> str:
    fields = Settings.model_fields
    days = {name: fields[f"{name}_days"].default for name in ("body", "evidence", "event", "attempt")}
    parts = [words.head.format(**days), words.columns, "| --- | --- | --- | --- |"]
    known = adapters().values()
    for adapter in known:
        cells = [_kinds(adapter, subject, kinds) or "–" for subject in Subject]
        parts.append(f"| {adapter.name} | {' | '.join(cells)} |")
    for adapter in known:
        parts += ["", f"## {adapter.name}", "", *_detail(adapter, words, kinds, subjects)]
    return "\n".join(parts).rstrip() + "\n"


def _declared(adapter: Adapter) -> list[tuple[str, Declared]]:
    return list(adapter.personal.declared()) if adapter.personal else []


def _kinds(adapter: Adapter, subject: Subject, kinds: Mapping[Kind, str]) -> str:
    found = dict.fromkeys(kinds[what.kind] for _, what in _declared(adapter) if what.subject is subject)
    return ", ".join(found)


def _detail(adapter: Adapter, words: _Words, kinds: Mapping[Kind, str], subjects: Mapping[Subject, str]) -> list[str]:
    declared = _declared(adapter)
    if not declared or adapter.personal is None:
        return [words.nothing]
    rows = [words.detail, "| --- | --- | --- | --- | --- |"]
    for path, what in declared:
        note = f" ({words.documented})" if path in adapter.personal.documented else ""
        is_sent = what.kind is Kind.FREE_TEXT
        shown = words.shown[what.subject is Subject.RECEIVER]
        rows.append(
            f"| `{path}`{note} | {kinds[what.kind]} | {subjects[what.subject]} | {shown} | {words.sent[is_sent]} |"
        )
    return rows
