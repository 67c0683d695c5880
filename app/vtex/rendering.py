"""From an event to a row of VTEX's timeline, and from rows to a request. Pure."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from app.account import Account, DateFormat
from app.model import BY_HAND, Milestone
from app.vtex.phrases import PHRASES
from app.vtex.schema import Event, UpdateTrackingStatusRequest
from app.vtex.scrubbing import scrub

__all__ = ["body_hash", "delivered_date", "description", "request_body", "row_date"]

MAX_DESCRIPTION: Final = 5000
_CLOCK_TOLERANCE: Final = timedelta(minutes=5)


def row_date(at: datetime, account: Account, *, now: datetime, day_only: bool = False) -> str:
    """Write when an event happened, as the account wants it.

    A time known only to the day stays that day, whatever zone it was read in and is written in. A time in the future
    is written as now: VTEX sorts by it, and a shopper must not read tomorrow's news.
    """
    zone = UTC if account.date_format is DateFormat.UTC else account.timezone
    local = at.replace(tzinfo=zone) if day_only else at.astimezone(zone)
    if local > now + _CLOCK_TOLERANCE:
        local = now.astimezone(zone)
    if account.date_format is DateFormat.DATE:
        return local.strftime("%Y-%m-%d")
    if account.date_format is DateFormat.DATETIME:
        return _iso(local, local.strftime("%z")[:3] + ":" + local.strftime("%z")[3:])
    return _iso(local, "Z")


def _iso(at: datetime, suffix: str) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S") + suffix


def delivered_date(at: datetime, account: Account, *, now: datetime) -> str:
    """Write when the package was delivered: ``yyyy-MM-dd HH:mm`` in the account's zone, never in the future."""
    return min(at, now).astimezone(account.timezone).strftime("%Y-%m-%d %H:%M")


def description(words: str | None, milestone: Milestone, account: Account, *, carrier: str = "", code: str = "") -> str:
    """Choose the words of a row: the account's own for the code or milestone, the carrier's scrubbed, or a phrase.

    What a person wrote for shoppers to read stands as it is.
    """
    if carrier == BY_HAND:
        return (words or "")[:MAX_DESCRIPTION]
    own = account.texts.get(f"{carrier}/{code}") or account.texts.get(milestone)
    if own is not None:
        return own
    phrase = PHRASES[account.locale][milestone]
    if account.description == "phrase" and milestone is not Milestone.UNKNOWN:
        return phrase
    return scrub(words or "")[:MAX_DESCRIPTION].strip() or phrase


def request_body(rows: Sequence[tuple[str, str, str, str]], delivered: str | None) -> dict[str, Any]:
    """Build the request from ``(city, state, description, date)`` rows; ``delivered`` is its deliveredDate, if any."""
    request = UpdateTrackingStatusRequest(
        isDelivered=delivered is not None,
        deliveredDate=delivered,
        events=tuple(Event(city=city, state=state, description=words, date=date) for city, state, words, date in rows),
    )
    return request.model_dump(mode="json")


def body_hash(body: dict[str, Any]) -> str:
    """Identify a request by its content."""
    return hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=True).encode()).hexdigest()[:32]
