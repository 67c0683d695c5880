"""A declaration that is right, to be changed by tests, and requests to read with it."""

from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from app.model import Webhook

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
