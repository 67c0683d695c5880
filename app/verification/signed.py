"""What signatures cover: functions from a webhook to the signed bytes, and where in a body a member stands."""

import json
from collections.abc import Callable, Iterator
from functools import reduce
from typing import Final

from app.errors import MalformedPayload, UnreadableCredential
from app.model import Webhook
from app.payload import Node, json_body, json_or_form_body
from app.verification.proof import demand

Signed = Callable[[Webhook], bytes]

_JSON_SPACE: Final = " \t\r\n"
_DECODER: Final = json.JSONDecoder()


def raw_body(webhook: Webhook) -> bytes:
    """Sign the body as received."""
    return webhook.body


def headers_and_body(*headers: str, separator: bytes = b".") -> Signed:
    """Sign the texts of headers and the body, with a separator between them."""

    def signed(webhook: Webhook) -> bytes:
        texts = [demand(webhook, header).encode("latin-1", "replace") for header in headers]
        return separator.join([*texts, webhook.body])

    return signed


def timestamp_and_body(header: str, separator: bytes = b".") -> Signed:
    """Sign the text of a header, a separator, and the body."""
    return headers_and_body(header, separator=separator)


def header_text(header: str) -> Signed:
    """Sign the text of a header alone: the scheme must say that it does not bind the body."""

    def signed(webhook: Webhook) -> bytes:
        return demand(webhook, header).encode("latin-1", "replace")

    return signed


def text_field(name: str) -> Signed:
    """Sign the decoded value of a form field; senders that post JSON instead sign the same text."""

    def signed(webhook: Webhook) -> bytes:
        try:
            value = json_or_form_body(webhook)[name].raw_text()
        except MalformedPayload as error:
            raise UnreadableCredential(f"the signed field cannot be read: {error}") from None
        return value.encode("utf-8", "surrogatepass")

    return signed


def json_members(*names: str, separator: bytes = b"") -> Signed:
    """Sign the decoded texts of members of a JSON body, one after the other; dots descend, numbers count as written."""

    def signed(webhook: Webhook) -> bytes:
        try:
            document = json_body(webhook)
            texts = [reduce(Node.__getitem__, name.split("."), document).raw_text() for name in names]
        except MalformedPayload as error:
            raise UnreadableCredential(f"the signed members cannot be read: {error}") from None
        return separator.join(text.encode("utf-8", "surrogatepass") for text in texts)

    return signed


def member_span(text: str, *names: str) -> tuple[int, int]:
    """Find where the value of a member stands in a JSON text, without rewriting it; names descend.

    Raises:
        UnreadableCredential: The text is not JSON, has no such member, or has it twice: readers take the last one of
            two, so a signed first one would prove nothing.

    """
    start, end = 0, len(text)
    try:
        for name in names:
            spans = [span for found, span in _members(text, _skip_space(text, start)) if found == name]
            ((start, end),) = spans
    except (ValueError, IndexError, RecursionError):
        raise UnreadableCredential(f"the body has no single member {'.'.join(names)}") from None
    return start, end


def _skip_space(text: str, position: int) -> int:
    while text[position] in _JSON_SPACE:
        position += 1
    return position


def _demand_mark(text: str, position: int, mark: str) -> int:
    position = _skip_space(text, position)
    if text[position] != mark:
        raise ValueError(mark)
    return _skip_space(text, position + 1)


def _members(text: str, position: int) -> Iterator[tuple[object, tuple[int, int]]]:
    """Walk over the members of the object that opens at a position."""
    position = _demand_mark(text, position, "{")
    while text[position] != "}":
        name, position = _DECODER.raw_decode(text, position)
        start = _demand_mark(text, position, ":")
        _, end = _DECODER.raw_decode(text, start)
        yield name, (start, end)
        position = _skip_space(text, end)
        if text[position] == ",":
            position = _skip_space(text, position + 1)
