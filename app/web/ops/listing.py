"""What all lists share: page size, cursor, and ids as people write them."""

from typing import Annotated, Any, Final

from fastapi import Query

from app.store import parse_public_id, public_id
from app.web.problems import Problem
from app.web.schemas.times import Instant

__all__ = ["Cursor", "Limit", "Since", "Until", "cursor_of", "missing", "plain", "position", "row_id"]

_CURSOR: Final = "c"

Limit = Annotated[int, Query(ge=1, le=500, description="How many items at most.")]
Cursor = Annotated[str | None, Query(description="`next` of the page before; the other parameters must stay.")]
Since = Annotated[Instant | None, Query(description="Not before this time; with an offset.")]
Until = Annotated[Instant | None, Query(description="Before this time; with an offset.")]


def position(cursor: str | None) -> int | None:
    """Read a cursor; None for the first page."""
    if cursor is None:
        return None
    before = parse_public_id(_CURSOR, cursor)
    if before is None:
        detail = "cursor: is none that a list gave; take `next` of the page before."
        errors = [{"field": "cursor", "problem": "is none that a list gave"}]
        raise Problem("invalid-request", detail, errors=errors)
    return before


def cursor_of(before: int | None) -> str | None:
    """Write a cursor."""
    return None if before is None else public_id(_CURSOR, before)


def row_id(prefix: str, text: str, what: str) -> int:
    """Read an id from a path; one that is no id of this kind is like one that does not exist."""
    id_ = parse_public_id(prefix, text)
    if id_ is None or id_ >= 1 << 63:
        raise missing(what, text)
    return id_


def missing(what: str, text: str) -> Problem:
    """Make the answer for something that does not exist, or that the caller may not know of."""
    return Problem("not-found", f"There is no {what} {text[:40]!r}, or this token may not see it.")


def plain(*values: object, **more: object) -> dict[str, Any]:
    """Merge dataclass values into one table of their fields, as deep as their first level."""
    table: dict[str, Any] = {}
    for value in values:
        table |= {name: getattr(value, name) for name in getattr(value, "__dataclass_fields__", {})}
    return table | more
