"""Read untrusted documents without ever meeting a ``KeyError``.

A `Node` is a place in a document. ``node["x"]`` demands, ``node.get("x")`` allows. Leaves are taken by ``text()``,
``number()``, ``flag()`` and ``moment()``: a demanded leaf raises `MalformedPayload` with its path when it is missing,
empty or of another type; an allowed one is None instead. Texts remember their path, so that a mapping can be traced.
"""

from app.payload.bodies import (
    form_body,
    json_body,
    json_bytes,
    json_or_form_body,
    maybe_json,
    member,
    query_parameters,
    text_body,
)
from app.payload.bounds import Bounds, set_bounds
from app.payload.markup import xml_body
from app.payload.node import Maybe, Node, json_document
from app.payload.outline import Inner, Members, Outline, Value, leaves, outline, query_members
from app.payload.records import Record, record_body
from app.payload.times import read_moment, read_offset
from app.payload.values import Text

__all__ = [
    "Bounds",
    "Inner",
    "Maybe",
    "Members",
    "Node",
    "Outline",
    "Record",
    "Text",
    "Value",
    "form_body",
    "json_body",
    "json_bytes",
    "json_document",
    "json_or_form_body",
    "leaves",
    "maybe_json",
    "member",
    "outline",
    "query_members",
    "query_parameters",
    "read_moment",
    "read_offset",
    "record_body",
    "set_bounds",
    "text_body",
    "xml_body",
]
