"""What a carrier's document declares as somebody's is not told by its sentences either."""

import json
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.adapter import Adapter
from app.blanking import without_repeated
from app.carriers import adapters
from app.errors import MalformedPayload
from app.examples import Example, examples
from app.model import CarrierEvent, Milestone, Place
from app.payload import Text
from app.personal import Kind, Path, PersonalData
from app.reading import read, trace
from app.vtex import scrub
from tests.redaction.test_redaction import webhook

PERSONAL = PersonalData(
    receiver={
        Kind.NAME: ("to.name", "seen_by"),
        Kind.DOCUMENT: ("to.document",),
        Kind.PHONE: ("to.phone",),
        Kind.EMAIL: ("to.email",),
        Kind.ADDRESS: ("to",),
    }
)
TO = {
    "name": "José Antônio d'Ávila Zanutto",
    "document": "987.654.321-00",
    "phone": "+55 (11) 90000-1234",
    "email": "jose.zanutto@correio.example",
    "street": "Rua das Acácias, 4711 - apto 12",
    "city": "Campo Belo",
    "zip": "01310-999",
}


def told(words: str, place: Place = Place(), **more: Any) -> str:  # noqa: B008 - it is frozen
    """Say what is left of a carrier's words."""
    event = CarrierEvent(
        code="12345",
        milestone=Milestone.IN_TRANSIT,
        raw=(),
        tracking_numbers=("90000123",),
        place=place,
        description=words,
    )
    sent = webhook(json.dumps({"to": {**TO, **more}, **more}))
    (event,) = without_repeated(PERSONAL, sent, [event])
    assert event.description is not None
    return event.description


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("Entregue a José Antônio d'Ávila Zanutto", "Entregue a ***"),
        ("ENTREGUE A JOSE ANTONIO D AVILA ZANUTTO!", "ENTREGUE A ***!"),
        ("Entregue: Zanutto, José.", "Entregue: ***."),
        ("Jose\u0301 A. Zanutto assinou", "*** assinou"),
        ("com jose.zanutto@correio.example, às 10h", "com ***, às 10h"),
        ("tel. 11 90000-1234", "tel. ***"),
        ("ligar para 900001234 antes", "ligar para *** antes"),
        ("CI 98765432100 conferida", "CI *** conferida"),
        ("em Rua das Acácias, 4711 - apto 12", "em ***"),
        ("RUA DAS ACACIAS N 4711, fundos", "***, fundos"),
        ("CEP 01310999", "CEP ***"),
    ],
)
def test_what_is_declared_is_cut_however_it_is_written(words: str, left: str) -> None:
    assert left == told(words)


@pytest.mark.parametrize(
    "words",
    [
        "Saiu para entrega",
        # One name of several is a street, a city, a month: it alone tells nobody.
        "Chegou em São José",
        "Em trânsito para Campo Belo",
        # Numbers that the event is about.
        "Objeto 90000123, ocorrência 12345",
        "Entregue em 2026-03-04 às 09:00",
    ],
)
def test_what_tells_nobody_is_left(words: str) -> None:
    assert words == told(words)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Portaria", "Entregue na portaria"),
        ("O PRÓPRIO DESTINATÁRIO", "Entregue ao próprio destinatário"),
        ("Front Desk", "Left at front desk"),
        ("Ana", "Ana recebeu"),
        ("João Carlos Pessoa", "Em trânsito para João Pessoa - PB"),
        ("João Carlos Pessoa", "Em trânsito para JOAO PESSOA/PB"),
    ],
)
def test_names_that_are_none_or_are_a_city_as_well_are_left(name: str, words: str) -> None:
    assert words == told(words, name=name)


def test_a_city_is_not_a_person_where_the_document_says_that_it_is_a_city() -> None:
    there = Place(city="Vitória", state="ES")

    assert "Chegou em Vitória" == told("Chegou em Vitória", there, name="Vitória")
    assert "Em trânsito para Vitória" == told("Em trânsito para Vitória", name="Vitória", city="VITORIA")
    assert "*** recebeu" == told("Vitória recebeu", name="Vitória")
    assert "*** recebeu em Vitória" == told("Vitória Zanutto recebeu em Vitória", there, name="Vitória Zanutto")


def test_a_name_of_one_word_is_cut_where_the_field_is_a_name() -> None:
    assert "Entregue a ***" == told("Entregue a Quitéria", name="QUITERIA")
    assert "Entregue a ***" == told("Entregue a Quitéria", seen_by="Quitéria")
    assert "Entregue a Quitéria" == told("Entregue a Quitéria", note="Quitéria")


def test_words_without_persons_are_the_same_object_and_others_keep_their_place() -> None:
    event = CarrierEvent(code="1", milestone=Milestone.IN_TRANSIT, raw=(), description=Text("Saiu", "$.words"))
    other = replace(event, description=Text("José Zanutto saiu", "$.words"))
    sent = webhook(json.dumps({"to": TO}))
    same, cut = without_repeated(PERSONAL, sent, [event, other])

    assert same.description is event.description
    assert "*** saiu" == cut.description
    assert "$.words" == trace(cut)["description"]
    assert [other] == list(without_repeated(None, sent, [other]))
    assert [other] == list(without_repeated(PersonalData(), sent, [other]))


def test_other_forms_of_documents_are_read_as_well() -> None:
    event = CarrierEvent(
        code="1", milestone=Milestone.DELIVERED, raw=(), description="Para ANA ZANUTTO e Rui Prado, CPF 98765432100"
    )
    told_of = PersonalData(
        receiver={Kind.NAME: ("to.name", "who", "?who", "342[3:15]"), Kind.DOCUMENT: ("to.@id",)},
        plain={"to.kind": "none"},
    )

    def left(body: str, content_type: str, query: str = "") -> str | None:
        return without_repeated(told_of, webhook(body, content_type, query), [event])[0].description

    xml = '<to id="987.654.321-00"><name>Ana Zanutto</name><kind>Rui Prado</kind></to>'
    assert "Para *** e Rui Prado, CPF ***" == left(xml, "application/xml")
    assert "Para *** e Rui Prado, CPF 98765432100" == left("who=Ana+Zanutto", "application/x-www-form-urlencoded")
    assert "Para *** e Rui Prado, CPF 98765432100" == left("342ANA ZANUTTO \r\n341RUI PRADO   ", "text/plain")
    assert "Para ANA ZANUTTO e ***, CPF 98765432100" == left("{}", "application/json", "who=Rui%20Prado")


# ---- every carrier -------------------------------------------------------------------------------

PLANTED = {
    Kind.NAME: "Quitéria Ângela Zanutto",
    Kind.DOCUMENT: "987.654.321-00",
    Kind.PHONE: "+55 11 90000-1234",
    Kind.EMAIL: "quiteria@correio.example",
    Kind.ADDRESS: "Rua das Acácias, 4711",
}
LOCALITIES = ("city", "state", "country", "province", "cidade", "locality", "region", "uf")


def documents() -> Iterator[tuple[Adapter, Example]]:
    for adapter in adapters().values():
        declared = {what.kind for _, what in adapter.personal.declared()} if adapter.personal else set()
        if not declared.isdisjoint(PLANTED):
            yield from ((adapter, example) for example in examples(adapter.slug))


def planted(adapter: Adapter, value: Any, used: set[Kind], path: Path = ()) -> Any:
    """Put somebody at every declared path of a document."""
    if isinstance(value, dict):
        return {name: planted(adapter, inner, used, (*path, name)) for name, inner in value.items()}
    if isinstance(value, list):
        return [planted(adapter, inner, used, path) for inner in value]
    assert adapter.personal
    what = adapter.personal.at(path)
    if not isinstance(value, str) or what is None or what.kind not in PLANTED:
        return value
    if any(word in path[-1].lower() for word in LOCALITIES):
        return value
    used.add(what.kind)
    return PLANTED[what.kind]


def spoken(value: Any, words: str, heard: str) -> Any:
    """Have the carrier say something more wherever it says some words."""
    if isinstance(value, dict):
        return {name: spoken(inner, words, heard) for name, inner in value.items()}
    if isinstance(value, list):
        return [spoken(inner, words, heard) for inner in value]
    return f"{words} {heard}" if value == words else value


def plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if c.isalnum())


HOW = st.sampled_from((str, str.upper, str.lower, lambda text: unicodedata.normalize("NFD", text)))
BARE = st.sampled_from((str, lambda text: unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()))


@given(st.sampled_from(list(documents())), HOW, BARE, st.data())
def test_no_carrier_tells_a_shopper_who_its_document_is_about(
    case: tuple[Adapter, Example], how: Any, bare: Any, data: st.DataObject
) -> None:
    adapter, example = case
    try:
        document = json.loads(example.webhook.body)
        events = read(adapter, example.webhook).events
    except (ValueError, MalformedPayload):
        return
    used: set[Kind] = set()
    document = planted(adapter, document, used)
    said = sorted({event.description for event in events if event.description})
    assume(said and used)
    kind = data.draw(st.sampled_from(sorted(used)))
    heard = how(bare(PLANTED[kind]))
    sent = replace(
        example.webhook, body=json.dumps(spoken(document, data.draw(st.sampled_from(said)), f"<{heard}>")).encode()
    )

    for event in read(adapter, sent).events:
        assert plain(PLANTED[kind]) not in plain(scrub(event.description or ""))
        assert "<" not in (event.description or "") or "<***>" in (event.description or "")


def test_the_carriers_that_declare_persons_in_fields_are_many() -> None:
    assert len({adapter.slug for adapter, _ in documents()}) >= 15


@given(st.sampled_from([(a, e) for a in adapters().values() for e in examples(a.slug)]))
def test_identities_of_events_are_those_of_what_was_sent(case: tuple[Adapter, Example]) -> None:
    """What is on timelines already is told again under the fingerprint that it had: over raw values, words as sent."""
    adapter, example = case
    try:
        parsed = [each for each in adapter.parse(example.webhook) if isinstance(each, CarrierEvent)]
    except MalformedPayload:
        return
    cut = without_repeated(adapter.personal, example.webhook, parsed)

    assert [(each.raw, each.subject) for each in parsed] == [(each.raw, each.subject) for each in cut]


@given(st.lists(st.sampled_from([*TO.values(), "para", "José", "Campo", "9", "-", "(11)", "Rua"]), max_size=12))
def test_cutting_again_cuts_nothing_more(words: list[str]) -> None:
    once = told(" ".join(words))

    assert once == told(once)
