"""What the log tells of a webhook that was read: what a person would search for it by, and nobody's data."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from app.model import Webhook
from app.reading import Reading
from app.source import Source
from app.store import Recorded, public_id
from app.vtex import scrub

__all__ = ["mapped_line", "unmappable_line"]

_MOST: Final = 20
"""So many of a kind stand in one line at most."""


def mapped_line(
    webhook_id: int, source: Source, webhook: Webhook, reading: Reading, recorded: Recorded, now: datetime
) -> dict[str, Any]:
    """Return the fields of the line about one webhook."""
    events = reading.events
    return {
        "id": public_id("wh", webhook_id),
        "carrier": source.adapter.slug,
        "owner": source.owner,
        "adapter_version": source.adapter.version,
        "tracking_numbers": _some(number for event in events for number in event.tracking_numbers),
        "order_ids": _some(event.references.order_id for event in events),
        "invoice_numbers": _some(event.references.invoice_number for event in events),
        # Some carriers write words where others have codes.
        "codes": [scrub(code) for code in _some(event.code for event in events)],
        "milestones": _some(event.milestone.value for event in events),
        "events": len(events),
        "new_events": recorded.new_events,
        "placed": recorded.placed,
        "parked": recorded.parked,
        "ignored": [scrub(reason) for reason in reading.ignored],
        "warnings": [scrub(warning) for warning in reading.warnings],
        "seconds": round((now - webhook.received_at).total_seconds(), 3),
    }


def unmappable_line(webhook_id: int, owner: str, carrier: str, version: int, reason: str) -> dict[str, Any]:
    """Return the fields of the line about a webhook that cannot be read."""
    return {
        "id": public_id("wh", webhook_id),
        "carrier": carrier,
        "owner": owner,
        "adapter_version": version,
        "reason": scrub(reason),
    }


def _some(texts: Iterable[str | None]) -> list[str]:
    """Return each text once, in order, and not too many."""
    return [str(text) for text in dict.fromkeys(texts) if text][:_MOST]
