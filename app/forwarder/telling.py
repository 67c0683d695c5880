"""What the log tells of a call to VTEX: what a person would search for it by, and nobody's data."""

from typing import Any, Final

from app.store import Claimed, public_id
from app.vtex import Answered, scrub

__all__ = ["attempt_line"]

_MOST: Final = 20
"""So many of a kind stand in one line at most."""


def attempt_line(claim: Claimed, answered: Answered, seconds: float) -> dict[str, Any]:
    """Return the fields of the line about one call."""
    work, plan = claim.work, claim.plan
    carried = [row for row in work.rows if row.event_id in plan.carries]
    return {
        "attempt": public_id("at", claim.attempt_id),
        "account": work.account,
        "order_id": work.order_id,
        "invoice_number": work.invoice_number,
        "shipment": public_id("sh", work.shipment_id),
        "tracking_numbers": work.tracking_numbers[:_MOST],
        "carriers": list(dict.fromkeys(row.carrier for row in carried))[:_MOST],
        "call": plan.call,
        "outcome": answered.outcome.value,
        "status": answered.status,
        "detail": scrub(answered.detail) if answered.detail else None,
        "rows": len(plan.carries),
        "tries": work.attempts,
        "probe": claim.probe,
        "seconds": round(seconds, 4),
    }
