"""What a case maps to, in the form that its expected file pins."""

import json
from typing import Any

from app.adapter import Adapter, fingerprint
from app.errors import MalformedPayload
from app.examples import Example
from app.model import CarrierEvent
from app.reading import as_document, read


def golden(adapter: Adapter, example: Example) -> dict[str, Any]:
    """Map a case: what `try` prints, and per event what must not change unnoticed.

    The refused variants that the expected file lists are kept: they are written by people.
    """
    kept = json.loads(example.expected) if example.expected else {}
    refused = {"refused": kept["refused"]} if "refused" in kept else {}
    try:
        reading = read(adapter, example.webhook)
    except MalformedPayload as problem:
        return {"carrier": adapter.slug, "adapter_version": adapter.version, "unmappable": str(problem), **refused}
    document = as_document(adapter, reading)
    for entry, event in zip(document["events"], reading.events, strict=True):
        entry.update(_pinned(adapter, event))
    return {**document, **refused}


def as_text(document: dict[str, Any]) -> str:
    """Write a document as its file holds it."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _pinned(adapter: Adapter, event: CarrierEvent) -> dict[str, Any]:
    """Add what `try` does not print; what is usual is left out."""
    unusual = {
        "other_tracking_numbers": list(event.tracking_numbers[1:]),
        "alternative_order_ids": list(event.references.alternative_order_ids),
        "invoice_series": event.references.invoice_series,
        "issuer": event.references.issuer,
        "unknown_code": event.unknown_code,
        "reverses": sorted(event.reverses),
    }
    return {
        "fingerprint": fingerprint(adapter, event),
        "quality": event.occurred_at.quality.value if event.occurred_at else None,
        **{key: value for key, value in unusual.items() if value},
    }
