"""Write a parcel's number into a VTEX package that has none. Pure.

VTEX's pages and e-mails want a tracking number on the invoice. Where an account asks for it, the number that a webhook
proved is written first, once, and never over one that VTEX has: so the package is read right before.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from app.account import Account
from app.store import Plan, Work

__all__ = ["register"]

_FRESH: Final = timedelta(seconds=60)
_LONGEST: Final = 100
_SPEAKS: Final = frozenset({"pending", "sent", "applied"})


def register(work: Work, account: Account, couriers: Mapping[str, str], now: datetime) -> Plan | None:
    """Plan the read or the write that registers the number; None where there is nothing to register.

    Args:
        work: The shipment as its owner tells it.
        account: Whose it is.
        couriers: What carriers are called, by slug.
        now: The time.

    """
    spoken = next((row for row in work.rows if row.row_state in _SPEAKS and _is_number(row.tracking_number)), None)
    if not account.register_tracking or spoken is None or work.registration is not None:
        return None
    package = work.package
    if package is not None and package.number:
        return None
    if work.read_at is None or now - work.read_at > _FRESH:
        return Plan(read=True)
    if package is None:
        return None  # VTEX does not show the package yet; what it answers to the events tells the rest.
    body: dict[str, Any] = {
        "trackingNumber": spoken.tracking_number,
        "trackingUrl": package.url,
        "dispatchedDate": None,
        "courier": package.courier or couriers.get(spoken.carrier, spoken.carrier),
    }
    return Plan(registration=body)


def _is_number(text: str | None) -> bool:
    """Tell whether shoppers may be shown a text as a number: it comes from outside and lands in their e-mails."""
    return text is not None and 0 < len(text.strip()) <= _LONGEST and text.isprintable()
