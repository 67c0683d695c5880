"""Read texts made of fixed-width records, one a line, as electronic data interchange has them."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from app.errors import MalformedPayload
from app.model import Webhook
from app.payload.bodies import text_body
from app.payload.node import Maybe, Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One line. ``record.at(20, 8)`` demands a field, ``record.get(20, 8)`` allows it; columns count from 0.

    Args:
        number: Its number in the text, counted from 1.
        text: What it holds, without its line ending.

    """

    number: int
    text: str = field(repr=False)

    @property
    def path(self) -> str:
        """Say where in the document this is."""
        return f"line {self.number}"

    def at(self, start: int, length: int) -> Node:
        """Demand a field; it is empty where the line ends before it."""
        return Node(self._field(start, length), self._path(start, length))

    def get(self, start: int, length: int) -> Maybe:
        """Allow a field to be blank, or the line to end before it."""
        return Maybe(self._field(start, length), self._path(start, length))

    def _field(self, start: int, length: int) -> str:
        return self.text[start : start + length].strip()

    def _path(self, start: int, length: int) -> str:
        """Say where the field is, counting from 1 as editors do."""
        return f"{self.path}, columns {start + 1}-{start + length}"


def record_body(webhook: Webhook, kinds: Collection[str]) -> list[Record]:
    """Read the records of a webhook's body whose first characters are one of ``kinds``.

    Raises:
        MalformedPayload: There is none, so the body is something else.

    """
    # The mark is how old systems end a file; form feeds and their like are content, and end no line.
    lines = enumerate(re.split(r"\r\n|\n|\r", text_body(webhook).replace("\x1a", "")), 1)
    records = [Record(number=number, text=line) for number, line in lines if line.startswith(tuple(kinds))]
    if not records:
        raise MalformedPayload("$", f"holds no line that starts with {' or '.join(sorted(kinds))}")
    return records
