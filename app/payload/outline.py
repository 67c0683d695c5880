"""A document as it was sent, member for member: a name that comes twice is here twice.

A reading wants the meaning of a document; whoever must find everything that stands in it wants this.
"""

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl
from xml.parsers import expat

from app.errors import MalformedPayload
from app.model import Webhook
from app.payload.bodies import decoded, text_body
from app.payload.bounds import bounds, check_text
from app.payload.values import Number

__all__ = ["Inner", "Members", "Outline", "Value", "leaves", "opened", "outline", "query_members"]

_SHORTEST_BASE64: Final = 16
_BASE64: Final = re.compile(rf"[A-Za-z0-9+/\s]{{{_SHORTEST_BASE64},}}={{0,2}}\s*")
_FORM: Final = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Members:
    """An object, an element or a form: names and values in their order, a name as often as it came."""

    pairs: tuple[tuple[str, "Value"], ...]


@dataclass(frozen=True, slots=True)
class Inner:
    """A document that was sent as a text."""

    value: "Value"
    is_base64: bool = False


Value = Members | list[Any] | Inner | str | bool | None
"""A part of a document; numbers are `Number`, texts with the digits that were sent."""


@dataclass(frozen=True, slots=True)
class Outline:
    """A body: ``json``, ``xml``, ``form`` or ``records``, and what it holds; records are a list of lines."""

    form: str
    value: Value


def outline(webhook: Webhook) -> Outline | None:
    """Take a webhook's body apart; None for what is no document that can be read whole."""
    try:
        return _outline(webhook)
    except (MalformedPayload, RecursionError, ValueError, LookupError):
        return None


def _outline(webhook: Webhook) -> Outline | None:
    text = _text(webhook)
    start = text.lstrip()[:1]
    if start == "<":
        return Outline("xml", _xml(webhook.body))
    if start in {"{", "["}:
        return Outline("json", _json(text))
    if webhook.content_type == _FORM and "=" in text and "\n" not in text.strip():
        return Outline("form", query_members(text))
    return Outline("records", list(re.split(r"\r\n|\n|\r", text)))


def _text(webhook: Webhook) -> str:
    try:
        return decoded(webhook)
    except MalformedPayload:
        return text_body(webhook)


def query_members(text: str) -> Members:
    """Take a form or a query apart.

    Raises:
        ValueError: It has too many fields.

    """
    pairs = parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=bounds().form_fields)
    return Members(tuple((name, opened(value)) for name, value in pairs))


def opened(text: str) -> Value:
    """Open a text that holds a document of its own; any other comes back."""
    bare = text.strip()
    if bare.startswith(("{", "[")):
        return _inner(bare, text, is_base64=False)
    if len(bare) >= _SHORTEST_BASE64 and _BASE64.fullmatch(bare):
        try:
            inside = base64.b64decode(bare).decode()
        except (binascii.Error, ValueError):
            return text
        if inside.lstrip()[:1] in {"{", "["}:
            return _inner(inside, text, is_base64=True)
    return text


def _inner(inside: str, text: str, *, is_base64: bool) -> Value:
    try:
        return Inner(_json(inside), is_base64)
    except (MalformedPayload, ValueError, RecursionError):
        return text


class _Pairs(list[tuple[str, Any]]):
    """An object's members, told from a list."""


def _json(text: str) -> Value:
    check_text(text, "$")
    return _built(json.loads(text, parse_int=Number, parse_float=Number, object_pairs_hook=_Pairs), bounds().depth)


def _built(value: Any, depth: int) -> Value:  # noqa: ANN401 - JSON may be anything
    if type(value) is str:  # Not a `Number`, which is one with the digits that were sent.
        return opened(value)
    if not isinstance(value, list):
        return value  # type: ignore[no-any-return]
    if not depth:
        raise MalformedPayload("$", "is nested too deeply")
    if isinstance(value, _Pairs):
        return Members(tuple([(name, _built(inner, depth - 1)) for name, inner in value]))
    return [_built(inner, depth - 1) for inner in value]


def _xml(body: bytes) -> Value:
    """Read elements as members, attributes with ``@`` before their names, and texts as ``#text``."""
    limits = bounds()
    levels: list[list[tuple[str, Value]]] = [[]]
    names: list[str] = []
    count = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1 + len(attributes)
        if count > limits.values or len(names) >= limits.depth:
            raise MalformedPayload("$", "is too large")
        names.append(name)
        levels.append([(f"@{key}", opened(value)) for key, value in attributes.items()])

    def text(content: str) -> None:
        if content.strip():
            levels[-1].append(("#text", opened(content.strip())))

    def end(_name: str) -> None:
        inside = levels.pop()
        levels[-1].append((names.pop(), Members(tuple(inside))))

    def refuse(*_told: object) -> None:
        raise MalformedPayload("$", "has a document type")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(body, True)  # noqa: FBT003 - expat's own way to say that this is all
    except expat.ExpatError:
        raise MalformedPayload("$", "is not XML") from None
    return Members(tuple(levels[0]))


def leaves(value: Value) -> list[tuple[tuple[str, ...], Value]]:
    """List every value with its path; lists and texts that hold documents are passed through."""
    found: list[tuple[tuple[str, ...], Value]] = []
    _gather(value, (), found)
    return found


def _gather(value: Value, path: tuple[str, ...], found: list[tuple[tuple[str, ...], Value]]) -> None:
    if isinstance(value, Members):
        for name, inner in value.pairs:
            _gather(inner, path if name == "#text" else (*path, name), found)
    elif isinstance(value, list):
        for inner in value:
            _gather(inner, path, found)
    elif isinstance(value, Inner):
        _gather(value.value, path, found)
    else:
        found.append((path, value))
