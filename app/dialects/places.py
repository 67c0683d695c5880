"""Places that Brazilian carriers write into one text: ``CITY / UF``, ``CITY/UF``, ``UNIT - CITY/UF``.

Cities may hold hyphens (``EMBU-GUACU``): only a hyphen with a space at its side ends the name of a unit.
"""

import re
from typing import Final

from app.model import Place
from app.payload import Text

__all__ = ["city_and_state", "place_in"]

_AT_THE_END: Final = re.compile(r"(?P<city>[^/]*?)\s*/\s*(?P<state>[A-Za-z]{2})\s*$")
_BETWEEN_UNIT_AND_CITY: Final = re.compile(r"(?:\s|^)[-\u2013]\s*|[-\u2013]\s+")


def place_in(text: str | None) -> Place:
    """Return the city and the state that end a free text; an empty place when it does not end with them."""
    match = _AT_THE_END.search(text or "")
    if text is None or match is None:
        return Place()
    city = _BETWEEN_UNIT_AND_CITY.split(match["city"])[-1].strip()
    return Place(city=_taken(text, city) if city else None, state=_taken(text, match["state"]))


def city_and_state(text: str | None) -> Place:
    """Read a field that names a city, with or without its state; without one the whole text is the city."""
    place = place_in(text)
    if place != Place() or text is None:
        return place
    city = text.strip(" /-")
    return Place(city=_taken(text, city) if city else None)


def _taken(text: str, part: str) -> str:
    """Let a part of a text remember where the text stood."""
    path = getattr(text, "path", "")
    return Text(part, path) if path else part
