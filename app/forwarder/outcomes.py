"""From how a call ended to what happens to its shipment. Pure: one function, one row of the table per outcome."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.account import Account
from app.retry import Patience, Trouble, backoff, grace, next_try
from app.store import Claimed, Settlement
from app.vtex import Answered, Outcome

__all__ = ["Consequence", "consequence"]

_HELD: Final = timedelta(seconds=30)
"""How often a call is tried with credentials that VTEX refuses."""
_TOO_MANY: Final = 429
_UNAVAILABLE: Final = 503


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """What a call's end means: for its shipment, and for its account.

    ``pause_until`` stops every call of the account until then.
    """

    settlement: Settlement
    pause_until: datetime | None = None
    reason: str | None = None


def consequence(claimed: Claimed, answered: Answered, account: Account, *, now: datetime, jitter: float) -> Consequence:
    """Decide what the end of a call means."""
    patience = Patience(base=account.retry_base)
    asked = timedelta(seconds=answered.retry_after) if answered.retry_after is not None else None
    trouble = Trouble(attempts=claimed.work.attempts, since=claimed.work.failing_since, retry_after=asked)
    match answered.outcome:
        case Outcome.APPLIED:
            return Consequence(settlement=_settled(answered))
        case Outcome.NOT_APPLIED | Outcome.UNAUTHORISED:
            return _account_trouble(answered, trouble, patience, now, jitter)
        case Outcome.UNKNOWN | Outcome.FORBIDDEN:
            return _repeated(claimed, answered, trouble, patience, account, now, jitter)
        case Outcome.MISSING:
            retry_at = grace(trouble, patience, now=now, jitter=jitter)
            dead = None if retry_at else f"VTEX has no such order or invoice: {answered.detail}"
            return Consequence(settlement=_settled(answered, retry_at=retry_at, dead=dead))
        case Outcome.REFUSED:
            return Consequence(settlement=_refused(claimed, answered, now))


def _settled(
    answered: Answered,
    *,
    retry_at: datetime | None = None,
    read_after: datetime | None = None,
    dead: str | None = None,
    spends: bool = True,
) -> Settlement:
    return Settlement(
        outcome=answered.outcome.value,
        status=answered.status,
        detail=answered.detail,
        receipt=answered.receipt,
        retry_at=retry_at,
        read_after=read_after,
        dead=dead,
        spends=spends,
    )


def _account_trouble(
    answered: Answered, trouble: Trouble, patience: Patience, now: datetime, jitter: float
) -> Consequence:
    """Stop the account, not the shipment: it spends nothing, and is due again when the account is."""
    if answered.outcome is Outcome.UNAUTHORISED:
        until, reason = now + _HELD, "VTEX refuses the account's credentials"
    else:
        first = Trouble(attempts=0, since=None, retry_after=trouble.retry_after)
        until, reason = now + backoff(first, patience, jitter=jitter), f"VTEX asked to wait ({answered.status})"
    paused = answered.outcome is Outcome.UNAUTHORISED or answered.status == _TOO_MANY
    return Consequence(
        settlement=_settled(answered, retry_at=until, spends=not paused),
        pause_until=until if paused else None,
        reason=reason if paused else None,
    )


def _repeated(
    claimed: Claimed,
    answered: Answered,
    trouble: Trouble,
    patience: Patience,
    account: Account,
    now: datetime,
    jitter: float,
) -> Consequence:
    """Try again for days; after a PUT that may have been applied, only once a read told whether it was."""
    retry_at = next_try(trouble, patience, now=now, jitter=jitter)
    dead = None if retry_at else f"no success within {patience.horizon}: {answered.detail}"
    unsure = answered.outcome is Outcome.UNKNOWN and claimed.plan.body is not None
    read_after = now + account.read_lag if unsure else None
    if retry_at and read_after:
        retry_at = max(retry_at, read_after)
    pause = answered.status == _UNAVAILABLE and trouble.retry_after is not None
    return Consequence(
        settlement=_settled(answered, retry_at=retry_at, read_after=read_after, dead=dead),
        pause_until=now + (trouble.retry_after or timedelta(0)) if pause else None,
        reason="VTEX asked to wait (503)" if pause else None,
    )


def _refused(claimed: Claimed, answered: Answered, now: datetime) -> Settlement:
    """Find the bad row: several are sent one by one from now on, a single one is dead with VTEX's words."""
    words = f"VTEX refused it ({answered.status}): {answered.detail}"
    carried = claimed.plan.carries
    if claimed.plan.body is None or not carried:
        return _settled(answered, dead=words)
    several = len(carried) > 1
    return Settlement(
        outcome=answered.outcome.value,
        status=answered.status,
        detail=answered.detail,
        retry_at=now,
        split=several,
        dead_rows=() if several else ((carried[0], words),),
    )
