"""Hubs of Indian carriers."""

import pytest

from app.dialects.hubs import place_of_hub
from app.model import Place
from app.payload import json_document


@pytest.mark.parametrize(
    ("text", "city", "state"),
    [
        ("Kochi_Edapally_D (Kerala)", "Kochi", "Kerala"),
        ("Navi Mumbai_Turbhe_H (Maharashtra)", "Navi Mumbai", "Maharashtra"),
        ("Kochi (Kerala)", "Kochi", "Kerala"),
        ("Kochi_Edapally_D", "Kochi", None),
        ("Kochi", "Kochi", None),
        (" (Kerala)", None, "Kerala"),
        ("Kochi ()", "Kochi", None),
        ("", None, None),
        (None, None, None),
    ],
)
def test_the_city_ends_at_the_first_underscore(text: str | None, city: str | None, state: str | None) -> None:
    assert Place(city=city, state=state) == place_of_hub(text)


def test_a_place_remembers_where_it_stood() -> None:
    place = place_of_hub(json_document('{"location": "Kochi_D (Kerala)"}').get("location").text())

    assert ("$.location", "$.location") == (getattr(place.city, "path", ""), getattr(place.state, "path", ""))
