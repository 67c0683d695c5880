"""Places as Indian carriers name their hubs: ``City_Area_Kind (State)``."""

import re
from typing import Final

from app.model import Place
from app.payload import Text

__all__ = ["place_of_hub"]

_HUB: Final = re.compile(r"\s*([^_(]*)[^(]*(?:\(([^)]*)\))?")


def place_of_hub(text: str | None) -> Place:
    """Return the city, which ends at the first underscore, and the state, which stands in brackets."""
    match = _HUB.match(text or "")
    if text is None or match is None:
        return Place()
    city, state = ((part or "").strip() for part in match.groups())
    path = getattr(text, "path", "")
    return Place(city=Text(city, path) if city else None, state=Text(state, path) if state else None)
