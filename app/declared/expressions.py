"""JMESPath over untrusted documents: checked when the relay starts, and never an error afterwards.

Numbers are texts, with the digits that were sent: references keep their zeros, and fingerprints their bytes.
"""

import base64
import binascii
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final

import jmespath
from jmespath.exceptions import JMESPathError, ParseError
from jmespath.functions import Functions, signature

from app.errors import MalformedPayload
from app.payload import json_document

__all__ = ["Expression", "InvalidExpression"]


class InvalidExpression(ValueError):
    """A text is no expression; the message says why and where."""


class _Functions(Functions):
    """JMESPath's own functions, and those that carriers' documents need besides."""

    @signature({"types": ["string"]})
    def _func_lower(self, text: str) -> str:
        return text.lower()

    @signature({"types": ["string"]})
    def _func_upper(self, text: str) -> str:
        return text.upper()

    @signature({"types": ["string"]})
    def _func_trim(self, text: str) -> str:
        return text.strip()

    @signature({"types": ["string"]}, {"types": ["string"]})
    def _func_split(self, text: str, separator: str) -> list[str]:
        return [part.strip() for part in text.split(separator or " ")]

    @signature({"types": []})
    def _func_from_json(self, value: Any) -> Any:  # noqa: ANN401 - JSON may be anything
        """Open JSON that was sent as a text; what is no text is open already."""
        return _opened(value) if isinstance(value, str) else value

    @signature({"types": ["string"]})
    def _func_from_base64(self, text: str) -> str | None:
        try:
            return base64.b64decode(text, validate=True).decode()
        except (binascii.Error, ValueError):
            return None


# The library's own errors, which are ValueErrors, and those of Python's that odd values lead it into.
_DOES_NOT_FIT: Final = (ValueError, TypeError, ArithmeticError, RecursionError)
_OPTIONS: Final = jmespath.Options(custom_functions=_Functions())


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked JMESPath expression.

    Args:
        text: As configured; it is the path of what it finds.

    Raises:
        InvalidExpression: It cannot be parsed, calls a function that there is not, or compares with a bare number.

    """

    text: str
    _compiled: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Compile and check."""
        object.__setattr__(self, "_compiled", _compile(self.text))

    def find(self, document: Any) -> Any:  # noqa: ANN401 - JSON may be anything
        """Return what it finds, None for nothing; where it does not fit the document, that is nothing."""
        try:
            return self._compiled.search(document, options=_OPTIONS)
        except _DOES_NOT_FIT:
            return None


def _opened(text: str) -> Any:  # noqa: ANN401 - JSON may be anything
    try:
        return json_document(text).plain()
    except MalformedPayload:
        return None


def _compile(text: str) -> Any:  # noqa: ANN401 - the library gives its class no types
    try:
        compiled = jmespath.compile(text)
    except ParseError as error:
        raise InvalidExpression(f"is no JMESPath: {_complaint(text, error.lex_position)}") from None
    except JMESPathError as error:
        raise InvalidExpression(f"is no JMESPath: {error}") from None
    for node in _nodes(compiled.parsed):
        _check(node)
    return compiled


def _complaint(text: str, position: int) -> str:
    """Say where an expression cannot be read further, counting from 1."""
    where = f"at character {position + 1}" if position < len(text) else "at its end"
    return f"{text!r} cannot be read {where}"


def _nodes(node: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Walk over a parsed expression."""
    yield node
    for child in node.get("children", ()):
        if isinstance(child, Mapping):
            yield from _nodes(child)


def _check(node: Mapping[str, Any]) -> None:
    name = node.get("value")
    if node["type"] == "function_expression" and name not in _Functions.FUNCTION_TABLE:
        nearest = get_close_matches(str(name), _Functions.FUNCTION_TABLE, n=1)
        advice = f"did you mean {nearest[0]}()?" if nearest else "docs/declared-carriers.md lists those there are"
        raise InvalidExpression(f"calls {name}(), which there is not; {advice}")
    if node["type"] == "comparator":
        left, right = node["children"]
        if _is_number(left):
            left, right = right, left
        if left["type"] in {"field", "subexpression"} and _is_number(right):
            advice = f"write '{right['value']}', or to_number(…) around the member"
            raise InvalidExpression(
                f"compares a member with the number {right['value']}, but numbers are texts: {advice}"
            )


def _is_number(node: Mapping[str, Any]) -> bool:
    value = node.get("value")
    return node["type"] == "literal" and isinstance(value, int | float) and not isinstance(value, bool)
