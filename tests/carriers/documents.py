"""Take a webhook's body apart, change one thing in it, and put it together again.

A body is a tree of objects, lists and scalars, whatever it is wrapped in: a form, JSON in a text, base64 of JSON.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from app.model import Webhook

REPLACEMENTS: Final[tuple[Any, ...]] = (None, "", "text", "x\ud800y", "0001-01-01T00:00:00+14:00", 7, True, [], {})
"""What each value is replaced with; the year 1 is how some senders write never."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """JSON inside a text, in base64 or plain."""

    value: Any
    is_base64: bool = False

    def encode(self) -> str:
        text = json.dumps(encode_tree(self.value))
        return base64.b64encode(text.encode()).decode() if self.is_base64 else text


@dataclass(frozen=True, slots=True)
class Form:
    """A form's fields."""

    value: dict[str, Any]


def decode(webhook: Webhook) -> Any:
    """Return a body as a tree; a text that is neither form nor JSON is itself."""
    if webhook.content_type == "application/x-www-form-urlencoded":
        return Form({name: _open(value) for name, value in parse_qsl(webhook.body.decode(), keep_blank_values=True)})
    try:
        return _open(json.loads(webhook.body.decode("utf-8-sig")))
    except ValueError:
        return webhook.body.decode("utf-8", "surrogateescape")


def encode(tree: Any) -> bytes:
    """Return the bytes of a tree."""
    if isinstance(tree, Form):
        fields = {name: value if isinstance(value, str) else json.dumps(value) for name, value in _fields(tree)}
        return urlencode(fields, errors="replace").encode()
    if isinstance(tree, str):
        return tree.encode("utf-8", "surrogateescape")
    return json.dumps(encode_tree(tree)).encode()


def encode_tree(tree: Any) -> Any:
    """Return a tree without its wrappers, ready for JSON."""
    if isinstance(tree, Embedded):
        return tree.encode()
    if isinstance(tree, dict):
        return {key: encode_tree(value) for key, value in tree.items()}
    return [encode_tree(value) for value in tree] if isinstance(tree, list) else tree


def with_tree(webhook: Webhook, tree: Any) -> Webhook:
    """Return the webhook with another body."""
    return replace(webhook, body=encode(tree))


def mutations(tree: Any) -> Iterator[Any]:
    """Yield trees in which one value is missing or something else, at every depth."""
    if isinstance(tree, Form | Embedded):
        yield from (replace(tree, value=value) for value in mutations(tree.value))
    elif isinstance(tree, dict):
        for key, value in tree.items():
            yield {other: tree[other] for other in tree if other != key}
            yield from ({**tree, key: changed} for changed in (*REPLACEMENTS, *mutations(value)))
    elif isinstance(tree, list):
        for index in sorted({0, len(tree) - 1} if tree else ()):
            yield [*tree[:index], *tree[index + 1 :]]
            for changed in (*REPLACEMENTS, *mutations(tree[index])):
                yield [*tree[:index], changed, *tree[index + 1 :]]
    elif isinstance(tree, str) and "\n" in tree:
        lines = tree.splitlines(keepends=True)
        for index, line in enumerate(lines):
            for changed in ("", line[: len(line) // 2], re.sub(r"\d", "x", line), re.sub(r"\S", "9", line)):
                yield "".join([*lines[:index], changed, *lines[index + 1 :]])


def with_value(tree: Any, path: str, value: Any) -> Any:
    """Return the tree with another value at a path such as ``$.packages[0].code`` or ``line 4, columns 29-30``."""
    columns = re.fullmatch(r"line (\d+), columns (\d+)-(\d+)", path)
    if columns and isinstance(tree, str):
        line, first, last = map(int, columns.groups())
        return _with_field(tree, line, first, last, value)
    steps = [int(index) if index else name for name, index in re.findall(r"\.([^.\[\]]+)|\[(\d+)\]", path)]
    return _put(tree, steps, value)


def turned(tree: Any) -> Any:
    """Return the tree with every list in the opposite order."""
    if isinstance(tree, Form | Embedded):
        return replace(tree, value=turned(tree.value))
    if isinstance(tree, dict):
        return {key: turned(value) for key, value in tree.items()}
    return [turned(value) for value in reversed(tree)] if isinstance(tree, list) else tree


def texts(tree: Any) -> Iterator[str]:
    """Yield every text in a tree."""
    if isinstance(tree, Form | Embedded):
        yield from texts(tree.value)
    elif isinstance(tree, dict):
        for value in tree.values():
            yield from texts(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from texts(value)
    elif isinstance(tree, str):
        yield tree


def _open(value: Any) -> Any:
    """Unwrap the documents inside a document."""
    if isinstance(value, dict):
        return {key: _open(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_open(inner) for inner in value]
    if isinstance(value, str):
        for is_base64 in (False, True):
            inner = _inner(value, is_base64=is_base64)
            if isinstance(inner, dict | list):
                return Embedded(_open(inner), is_base64)
    return value


def _inner(text: str, *, is_base64: bool) -> Any:
    try:
        return json.loads(base64.b64decode(text, validate=True).decode() if is_base64 else text)
    except (binascii.Error, ValueError):
        return None


def _fields(form: Form) -> Iterator[tuple[str, Any]]:
    return ((name, encode_tree(value)) for name, value in form.value.items())


def _with_field(text: str, line: int, first: int, last: int, value: str) -> str:
    """Overwrite a field of a fixed-width record; what does not fit is cut off."""
    lines = text.splitlines(keepends=True)
    record = lines[line - 1]
    width = last - first + 1
    lines[line - 1] = record[: first - 1] + value[:width].ljust(width) + record[last:]
    return "".join(lines)


def _put(tree: Any, steps: list[int | str], value: Any) -> Any:
    if not steps:
        return value
    if isinstance(tree, Form | Embedded):
        return replace(tree, value=_put(tree.value, steps, value))
    step, *rest = steps
    if isinstance(tree, list) and isinstance(step, int):
        return [_put(inner, rest, value) if index == step else inner for index, inner in enumerate(tree)]
    return {**tree, step: _put(tree[step], rest, value)}
