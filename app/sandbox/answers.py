"""Answers of the emulated API: receipts, documents, and the two shapes of VTEX's errors."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.sandbox.timestamps import vtex_timestamp

__all__ = ["Answer", "oms_error", "problem", "receipt", "success"]

_JSON = "application/json; charset=utf-8"
_PROBLEM = "application/problem+json; charset=utf-8"
_TITLES = {
    400: "One or more validation errors occurred.",
    401: "Unauthorized",
    404: "Not Found",
    409: "Conflict",
    415: "Unsupported Media Type",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Status and JSON body of one answer; a body of None is an empty one."""

    status: int | None
    """None when the connection ends instead."""
    body: object = None
    media_type: str = _JSON
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    """What is sent in place of the body."""
    body_seconds: float = 0.0
    """How long sending the body takes."""


def success(body: object) -> Answer:
    """Answer 200 with a document."""
    return Answer(status=200, body=body)


def receipt(order_id: str, now: datetime) -> Answer:
    """Answer a write: VTEX gives every accepted one a new receipt."""
    return success({"date": vtex_timestamp(now), "orderId": order_id, "receipt": secrets.token_hex(16)})


def oms_error(status: int, code: str, message: str) -> Answer:
    """Answer with the error envelope of the order system."""
    return Answer(status=status, body={"error": {"code": code, "message": message, "exception": None}})


def problem(status: int, errors: Mapping[str, Sequence[str]] | None = None) -> Answer:
    """Answer with an RFC 7807 document, as VTEX's newer routes do."""
    body: dict[str, object] = {
        "type": f"https://httpstatuses.example/{status}",
        "title": _TITLES[status],
        "status": status,
        "traceId": f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-00",
    }
    if errors:
        body["errors"] = {name: list(messages) for name, messages in errors.items()}
    return Answer(status=status, body=body, media_type=_PROBLEM)
