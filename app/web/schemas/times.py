"""Times as operators write them."""

from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator

__all__ = ["Instant"]


def _written_out(value: object) -> object:
    """Refuse a bare number, however it is written: whether it counts seconds or milliseconds would be guessed."""
    if isinstance(value, int | float) or (isinstance(value, str) and _is_number(value)):
        raise ValueError("write the time out, with its offset, such as 2026-11-21T12:00:00-03:00")
    return value


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


Instant = Annotated[AwareDatetime, BeforeValidator(_written_out, json_schema_input_type=AwareDatetime)]
