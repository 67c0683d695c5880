"""City and state in one text."""

import pytest

from app.dialects.places import city_and_state, place_in
from app.model import Place
from app.payload import json_document


@pytest.mark.parametrize(
    ("text", "city", "state"),
    [
        ("SAO PAULO / SP", "SAO PAULO", "SP"),
        ("BELO HORIZONTE/MG", "BELO HORIZONTE", "MG"),
        ("São João del-Rei/MG ", "São João del-Rei", "MG"),
        ("EMBU-GUACU / SP", "EMBU-GUACU", "SP"),
        ("AGF VILA PRUDENTE - SAO PAULO/SP", "SAO PAULO", "SP"),
        ("CDD EMBU-GUACU - EMBU-GUACU/SP", "EMBU-GUACU", "SP"),
        ("CTE - CENTRO - RIO DE JANEIRO / RJ", "RIO DE JANEIRO", "RJ"),
        ("CDD \u2013 PALMAS/TO", "PALMAS", "TO"),
        ("CDD -PALMAS/TO", "PALMAS", "TO"),
        ("- PALMAS/TO", "PALMAS", "TO"),
        ("A/C CENTRO/PALMAS/TO", "PALMAS", "TO"),
        ("/SP", None, "SP"),
        ("MATRIZ - /SP", None, "SP"),
    ],
)
def test_city_and_state_are_told_from_the_unit(text: str, city: str | None, state: str) -> None:
    assert Place(city=city, state=state) == place_in(text) == city_and_state(text)


@pytest.mark.parametrize("text", [None, "", "CDD CENTRO", "Rua Um, s/n", "SAO PAULO / SP - BRASIL", " / "])
def test_a_free_text_that_does_not_end_with_a_state_is_no_place(text: str | None) -> None:
    assert Place() == place_in(text)


@pytest.mark.parametrize(
    ("text", "city"), [("SAO PAULO", "SAO PAULO"), ("EMBU-GUACU /", "EMBU-GUACU"), (" / ", None), (None, None)]
)
def test_a_city_field_may_lack_the_state(text: str | None, city: str | None) -> None:
    assert Place(city=city) == city_and_state(text)


def test_city_and_state_remember_where_the_text_stood() -> None:
    place = place_in(json_document('{"cidade": "MATRIZ - PALMAS/TO"}').get("cidade").text())

    assert ["$.cidade", "$.cidade"] == [getattr(part, "path", None) for part in (place.city, place.state)]
