"""An account as it is called: its client and its gate, and what the end of a call means for the account itself."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.account import Account
from app.retry import Patience, Trouble, backoff
from app.store import AccountChange
from app.store.limits import Limit
from app.telemetry import log_event
from app.vtex import Answered, Client, Gate, Outcome

__all__ = ["Destination", "asked_to_wait", "held", "probe_every", "reserving", "tripped"]

logger = logging.getLogger(__name__)

_MARGIN: Final = timedelta(seconds=5)
_PROBE_CAP: Final = timedelta(seconds=60)
_TOO_MANY: Final = 429
_UNAVAILABLE: Final = 503
_FIRST_PAUSE: Final = 10
"""The first pause of an account in trouble, as a multiple of its first wait after a failed call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """An account, how it is called, and the gate before it."""

    account: Account
    client: Client
    gate: Gate

    @property
    def lease(self) -> timedelta:
        """Return how long a claim lasts: a read and a write at their longest, and what VTEX may still apply after."""
        return 2 * self.account.request_timeout + self.account.read_lag + _MARGIN

    @property
    def limit(self) -> Limit:
        """Return what the account may get from all processes together."""
        return Limit(concurrency=self.account.concurrency, rate=self.account.rate_per_second)

    def close(self, change: AccountChange) -> None:
        """Close the gate at once if that is what a change of the account's state means."""
        if change.until is None:
            return
        self.gate.close(change.until, asked=change.state == "paused")
        log_event(
            logger,
            "account.closed",
            level=logging.WARNING,
            account=self.account.name,
            state=change.state,
            until=change.until,
            reason=change.reason,
        )


@contextmanager
def reserving(destinations: Mapping[str, Destination], places: Mapping[str, int]) -> Iterator[None]:
    """Keep places of accounts while they are claimed for; what was claimed enters before this is left."""
    for name, count in places.items():
        destinations[name].gate.reserve(count)
    try:
        yield
    finally:
        for name, count in places.items():
            destinations[name].gate.release(count)


def probe_every(account: Account) -> timedelta:
    """Return how often an account that cannot be called is called all the same, to see whether it can again."""
    return min(_FIRST_PAUSE * account.retry_base, _PROBE_CAP)


def tripped(account: Account, now: datetime) -> AccountChange:
    """Return the state of an account of which too many calls fail."""
    until = now + _FIRST_PAUSE * account.retry_base
    return AccountChange(state="probing", until=until, reason="half of the latest calls failed")


def held(account: Account, answered: Answered, now: datetime) -> AccountChange:
    """Return the state of an account whose key VTEX refuses: one real call per interval finds out when it is taken."""
    reason = f"VTEX refuses the account's key ({answered.status}): {answered.detail}"
    return AccountChange(state="held", until=now + probe_every(account), reason=reason)


def asked_to_wait(account: Account, answered: Answered, now: datetime, *, jitter: float) -> AccountChange | None:
    """Return the pause that VTEX asks the whole account for: any 429, and a 503 that says how long."""
    asked = timedelta(seconds=answered.retry_after) if answered.retry_after is not None else None
    if answered.status == _TOO_MANY and answered.outcome is Outcome.NOT_APPLIED:
        first = Trouble(attempts=0, since=None, retry_after=asked)
        until = now + backoff(first, Patience(base=account.retry_base), jitter=abs(jitter))
        return AccountChange(state="paused", until=until, reason="VTEX asked to wait (429)")
    if answered.status == _UNAVAILABLE and asked is not None:
        return AccountChange(state="paused", until=now + asked, reason="VTEX asked to wait (503)")
    return None
