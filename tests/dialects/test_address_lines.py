"""Places written as one line."""

import pytest

from app.dialects.address_lines import place_in_line
from app.model import Place
from app.payload import json_document


@pytest.mark.parametrize(
    ("text", "city", "state"),
    [
        ("BUFFALO, NY", "BUFFALO", "NY"),
        ("Salem, OR 97301", "Salem", "OR"),
        ("Salem, OR, 97301", "Salem", "OR"),
        ("GUELPH, ON N1H", "GUELPH", "ON"),
        ("Boulder, CO, US", "Boulder", "CO"),
        ("Denver, CO, 80216, US", "Denver", "CO"),
        ("Guelph, ON, Canada", "Guelph", "ON"),
        ("Toronto, ON, CA", "Toronto", "ON"),
        ("Austin, Texas, USA", "Austin", "Texas"),
        ("Rio de Janeiro, RJ, BR", "Rio de Janeiro", "RJ"),
        ("01310-100, São Paulo, SP, BR", "São Paulo", "SP"),
        ("Distribution Center, Memphis, TN", "Memphis", "TN"),
        ("São Paulo, SP", "São Paulo", "SP"),
        ("Salvador, BA", "Salvador", "BA"),
        ("Lages - SC", "Lages", "SC"),
        ("Lages/SC", "Lages", "SC"),
        ("AGF CENTRO - Lages / SC", "Lages", "SC"),
        ("GUELPH ON", "GUELPH", "ON"),
        ("BOSTON MA 02101", "BOSTON", "MA"),
    ],
)
def test_a_city_is_read_with_its_state(text: str, city: str, state: str) -> None:
    assert Place(city=city, state=state) == place_in_line(text)


@pytest.mark.parametrize(
    ("text", "city"),
    [
        ("Vigo, ES", "Vigo"),
        ("Lisboa, PRT", "Lisboa"),
        ("Paris, France", "Paris"),
        ("4700-001 Braga, Portugal", "Braga"),
        ("F-75001 Paris, FR", "Paris"),
        ("GRAZ - AT", "GRAZ"),
        ("Shenzhen", "Shenzhen"),
    ],
)
def test_a_country_is_no_state(text: str, city: str) -> None:
    assert Place(city=city) == place_in_line(text)


@pytest.mark.parametrize("text", [None, "", " , ", "GB", "USPS Regional Facility", "Post office"])
def test_a_line_without_a_city_is_no_place(text: str | None) -> None:
    assert Place() == place_in_line(text)


def test_a_place_remembers_where_it_stood() -> None:
    place = place_in_line(json_document('{"location": "Salem, OR"}').get("location").text())

    assert ("$.location", "$.location") == (getattr(place.city, "path", ""), getattr(place.state, "path", ""))
