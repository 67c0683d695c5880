"""Decide when to try again. Pure: the clock, the dice and the past are arguments."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

__all__ = ["Patience", "Trouble", "backoff", "grace", "next_try"]

_JITTER: Final = 0.2
_CAP: Final = timedelta(hours=1)
_MAX_DOUBLINGS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long a shipment is tried.

    Args:
        base: The first wait.
        horizon: For how long failing calls are repeated.
        missing_for: For how long an order or invoice that is not there is waited for.

    """

    base: timedelta = timedelta(seconds=30)
    horizon: timedelta = timedelta(hours=72)
    missing_for: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What went wrong so far.

    Args:
        attempts: Failed calls before this one.
        since: When the first of them failed, None if this is the first.
        retry_after: The wait that was asked for, None when none was.

    """

    attempts: int
    since: datetime | None
    retry_after: timedelta | None = None


def backoff(trouble: Trouble, patience: Patience, *, jitter: float) -> timedelta:
    """Return the wait: doubling from the base, ±20 %, not less than was asked for, and never more than an hour.

    Args:
        trouble: The past.
        patience: The policy.
        jitter: A number from -1 to 1.

    """
    doubled = patience.base * (1 << min(trouble.attempts, _MAX_DOUBLINGS))
    wait = min(doubled, _CAP) * (1 + _JITTER * jitter)
    return min(max(wait, trouble.retry_after or timedelta(0)), _CAP)


def next_try(trouble: Trouble, patience: Patience, *, now: datetime, jitter: float) -> datetime | None:
    """Return when to repeat a failed call, None when it was repeated for long enough."""
    if trouble.since is not None and now - trouble.since >= patience.horizon:
        return None
    return now + backoff(trouble, patience, jitter=jitter)


def grace(trouble: Trouble, patience: Patience, *, now: datetime, jitter: float) -> datetime | None:
    """Return when to ask again for what was not there, None when it was waited for long enough."""
    if trouble.since is not None and now - trouble.since >= patience.missing_for:
        return None
    return now + backoff(trouble, patience, jitter=jitter)
