"""Read XML: elements and texts, and nothing that XML can be made to do besides.

A document type, and so every entity but the five that XML itself has, is refused where it begins: no file or address is
ever read, and no text grows by being read. Depth and the number of values are bounded while reading.
"""

from typing import Any, NoReturn
from xml.parsers import expat

from app.errors import MalformedPayload
from app.model import Webhook
from app.payload.bounds import bounds
from app.payload.node import Node

__all__ = ["xml_body"]


class _Reading:
    """Turn an XML document into what a JSON one of the same meaning would hold."""

    def __init__(self) -> None:
        self._limits = bounds()
        self._open: list[tuple[str, dict[str, Any], list[str]]] = []
        self._values = 0
        self.root: dict[str, Any] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._values += 1 + len(attributes)
        if self._values > self._limits.values:
            raise MalformedPayload("$", f"holds more than {self._limits.values} values")
        if len(self._open) >= self._limits.depth:
            raise MalformedPayload("$", f"is nested more than {self._limits.depth} levels deep")
        self._open.append((name, {f"@{key}": value for key, value in attributes.items()}, []))

    def text(self, text: str) -> None:
        self._open[-1][2].append(text)

    def end(self, _name: str) -> None:
        name, members, texts = self._open.pop()
        text = "".join(texts).strip()
        value: Any = members | ({"#text": text} if text else {}) if members else text
        above = self._open[-1][1] if self._open else self.root
        if name not in above:
            above[name] = value
        elif isinstance(above[name], list):
            above[name].append(value)
        else:
            above[name] = [above[name], value]

    def refuse(self, *_told: object) -> NoReturn:
        raise MalformedPayload("$", "has a document type, which could define entities; it is not read")


def xml_body(webhook: Webhook) -> Node:
    """Read a webhook's body as XML, as an object that holds the root element by its name.

    An element without attributes and elements is its text; else an object of its elements by name, its attributes
    with ``@`` before theirs, and its text as ``#text``. Elements of one name are a list. Namespaces stay prefixes.

    Raises:
        MalformedPayload: It is no XML document, has a document type, or is too deep or too large.

    """
    reading = _Reading()
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reading.start
    parser.EndElementHandler = reading.end
    parser.CharacterDataHandler = reading.text
    parser.StartDoctypeDeclHandler = reading.refuse
    parser.EntityDeclHandler = reading.refuse
    parser.ExternalEntityRefHandler = reading.refuse
    try:
        parser.Parse(webhook.body, True)  # noqa: FBT003 - expat's own way to say that this is all
    except expat.ExpatError as error:
        raise MalformedPayload("$", f"is not XML: {expat.ErrorString(error.code)} in line {error.lineno}") from None
    except (LookupError, ValueError):
        raise MalformedPayload("$", "is not XML in an encoding that can be read") from None
    return Node(reading.root, "$")
