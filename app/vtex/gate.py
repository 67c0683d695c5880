"""One gate per account, through which every call to VTEX passes: PUTs and GETs share its budget.

It is open, or paused until a time. Waiting for it spends no attempt and holds no worker: the queue is simply not
claimed while the gate gives nothing free.
"""

from datetime import datetime, timedelta

from app.account import Account

__all__ = ["Gate"]


class Gate:
    """Say how many calls an account may start now."""

    def __init__(self, account: Account) -> None:
        """Start open, with a full second's budget."""
        self._account = account
        self._in_flight = 0
        self._tokens = account.rate_per_second
        self._filled_at: datetime | None = None
        self.paused_until: datetime | None = None
        self.reason: str | None = None

    def free(self, now: datetime) -> int:
        """Return how many calls may start now."""
        if self.paused_until is not None:
            if now < self.paused_until:
                return 0
            self.paused_until = self.reason = None
        self._fill(now)
        return max(0, min(self._account.concurrency - self._in_flight, int(self._tokens)))

    def opens_at(self, now: datetime) -> datetime | None:
        """Return when calls may start again, None when that depends on calls in flight, or when they may start now."""
        if self.paused_until is not None and now < self.paused_until:
            return self.paused_until
        if self._tokens < 1:
            return now + timedelta(seconds=(1 - self._tokens) / self._account.rate_per_second)
        return None

    def pause(self, until: datetime, reason: str) -> None:
        """Start no call before ``until``; a longer pause stands."""
        if self.paused_until is None or until > self.paused_until:
            self.paused_until = until
            self.reason = reason

    def enter(self) -> None:
        """Take a place for a claimed shipment."""
        self._in_flight += 1

    def leave(self) -> None:
        """Give the place back."""
        self._in_flight -= 1

    def spend(self) -> None:
        """Count one call; a second call of one claim may overdraw the budget, which the next claims wait out."""
        self._tokens -= 1

    def _fill(self, now: datetime) -> None:
        rate = self._account.rate_per_second
        if self._filled_at is not None:
            earned = max(0.0, (now - self._filled_at).total_seconds()) * rate
            self._tokens = min(max(rate, 1.0), self._tokens + earned)
        self._filled_at = now
