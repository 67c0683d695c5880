"""How large a document may be to be read: what a parser builds can be many times what was sent."""

from dataclasses import dataclass
from typing import Any

from app.errors import MalformedPayload
from app.payload.values import Number

__all__ = ["Bounds", "bounds", "check_built", "check_text", "set_bounds", "short_number"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Limits of documents.

    Args:
        depth: How deeply objects and lists, or elements, may be nested.
        values: How many members, items and attributes there may be, counted by the characters that part them.
        number_length: How long a number may be, in characters.
        form_fields: How many fields a form or a query may have.

    """

    depth: int = 64
    values: int = 500_000
    number_length: int = 128
    form_fields: int = 200


_current = Bounds()


def bounds() -> Bounds:
    """Return the limits of this process."""
    return _current


def set_bounds(given: Bounds) -> None:
    """Set the limits of this process, once, when it starts: adapters are pure and are handed nothing but webhooks."""
    global _current  # noqa: PLW0603 - a fact of the process, like its locale
    _current = given


def check_text(text: str, path: str) -> bool:
    """Refuse a JSON text that would become too many values, before any is built; tell whether it may be too deep."""
    opened = text.count("{") + text.count("[")
    if len(text) > _current.values and opened + text.count(",") > _current.values:
        raise MalformedPayload(path, f"holds more than {_current.values} values")
    return opened > _current.depth


def short_number(text: str) -> Number:
    """Keep a number as it was written, unless it is of absurd length."""
    if len(text) > _current.number_length:
        raise MalformedPayload("$", f"holds a number of more than {_current.number_length} characters")
    return Number(text)


def check_built(value: Any, path: str) -> None:  # noqa: ANN401 - JSON may be anything
    """Refuse what is nested too deeply for whoever walks through it."""
    level, depth = [value], 0
    while level:
        below: list[Any] = []
        for each in level:
            if isinstance(each, dict):
                below += each.values()
            elif isinstance(each, list):
                below += each
            else:
                continue
            if depth == _current.depth:
                raise MalformedPayload(path, f"is nested more than {depth} levels deep")
        level, depth = below, depth + 1
