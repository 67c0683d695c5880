"""A declaration that is right, to be changed by tests, and requests to read with it."""

import json
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from app.declared import declare
from app.model import CarrierEvent, Webhook
from app.reading import Reading, read

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)

ACME: dict[str, Any] = {
    "name": "Acme Log",
    "documentation": "https://docs.acme-log.example/webhooks",
    "zone": "America/Sao_Paulo",
    "parcels": "packages",
    "verification": {"scheme": "hmac", "header": "X-Acme-Signature"},
    "parcel": {"tracking_number": "number", "order_id": "order"},
    "events": {"each": "history", "code": "status", "time": "at", "description": "text", "place": "where"},
    "statuses": {"moving": "IN_TRANSIT", "delivered": "DELIVERED"},
    "ignored": {"ping": "a sign of life"},
}


def acme(**changes: Any) -> dict[str, Any]:
    """Return the declaration with keys changed; ``events__code`` is the key of a table, None takes a key away."""
    table = deepcopy(ACME)
    for name, value in changes.items():
        *outer, key = name.split("__")
        place = table
        for part in outer:
            place = place[part]
        if value is None:
            del place[key]
        else:
            place[key] = value
    return table


def webhook(body: str, content_type: str = "application/json") -> Webhook:
    """Return a request with a body."""
    return Webhook(
        method="POST",
        path="/webhooks/acme/mystore",
        query="",
        headers=(("content-type", content_type),),
        body=body.encode(),
        received_at=NOW,
    )


PARCEL = {"number": "AB17", "order": "100-01", "history": [{"status": "moving", "at": "2026-11-20 08:00:00"}]}


def reading(document: Any, /, **changes: Any) -> Reading:
    return read(declare("acme", acme(**changes)), webhook(json.dumps(document)))


def event(document: Any, /, **changes: Any) -> CarrierEvent:
    (found,) = reading(document, **changes).events
    return found


def parcel(**changes: Any) -> dict[str, Any]:
    """Return a document with one parcel that has one event."""
    return {"packages": [{**PARCEL, "history": [{**PARCEL["history"][0], **changes}]}]}  # type: ignore[dict-item]  # its values differ in type
