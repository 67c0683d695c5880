"""The document of everything that is known of an order."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from app.store import public_id
from app.web.schemas import readable

__all__ = ["File", "as_file"]

_PREFIXES: Final = {
    "webhook_id": "wh",
    "event_id": "ev",
    "revises": "ev",
    "shipment_id": "sh",
    "linked_to": "sh",
    "subject_id": "su",
    "attempt_id": "at",
}
_OWN: Final = {"shipments": "sh", "subjects": "su", "events": "ev", "attempts": "at", "webhooks": "wh", "audit": "au"}


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A document and the digest by which it is known again."""

    content: bytes = field(repr=False)
    sha256: str


def as_file(account: str, order_id: str, found: Mapping[str, Sequence[Mapping[str, Any]]], now: datetime) -> File:
    """Write the document: ids as everywhere else, times in UTC, bytes as text where they are text."""
    document = {
        "account": account,
        "order_id": order_id,
        "exported_at": now.isoformat(),
        "known": {
            table: [
                {name: _plain(table, name, value) for name, value in row.items() if value is not None} for row in rows
            ]
            for table, rows in found.items()
        },
    }
    content = json.dumps(document, ensure_ascii=False, indent=2).encode("utf-8", "backslashreplace")
    return File(content=content, sha256=hashlib.sha256(content).hexdigest())


def _plain(table: str, name: str, value: object) -> object:
    prefix = _OWN.get(table) if name == "id" else _PREFIXES.get(name)
    if prefix is not None and isinstance(value, int):
        return public_id(prefix, value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return readable(value).model_dump()
    return value
