"""From how a call ended to what happens to its shipment. Pure: one function, one row of the table per outcome."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from app.account import Account
from app.forwarder.learning import wants_sample
from app.retry import Patience, Trouble, backoff, grace, next_try
from app.store import AccountChange, Claimed, Settlement
from app.vtex import Answered, Outcome

__all__ = ["Consequence", "consequence", "probe_every", "tripped"]

_PROBE_CAP: Final = timedelta(seconds=60)
_TOO_MANY: Final = 429
_UNAVAILABLE: Final = 503
_FIRST_PAUSE: Final = 10
"""The first pause of an account in trouble, as a multiple of its first wait after a failed call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """What a call's end means: for its shipment, and for its account."""

    settlement: Settlement
    account: AccountChange | None = None


def probe_every(account: Account) -> timedelta:
    """Return how often an account that cannot be called is called all the same, to see whether it can again."""
    return min(_FIRST_PAUSE * account.retry_base, _PROBE_CAP)


def tripped(account: Account, now: datetime) -> AccountChange:
    """Return the state of an account of which too many calls fail."""
    until = now + _FIRST_PAUSE * account.retry_base
    return AccountChange(state="probing", until=until, reason="half of the latest calls failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """A call that ended, with everything that its end is judged by."""

    claimed: Claimed
    answered: Answered
    account: Account
    now: datetime
    jitter: float

    @property
    def asked(self) -> timedelta | None:
        """Return the wait that VTEX asked for."""
        seconds = self.answered.retry_after
        return timedelta(seconds=seconds) if seconds is not None else None

    @property
    def patience(self) -> Patience:
        return Patience(base=self.account.retry_base)

    @property
    def trouble(self) -> Trouble:
        work = self.claimed.work
        return Trouble(attempts=work.attempts, since=work.failing_since, retry_after=self.asked)

    def settled(
        self,
        *,
        retry_at: datetime | None = None,
        read_after: datetime | None = None,
        dead: str | None = None,
        spends: bool = True,
    ) -> Settlement:
        answered = self.answered
        return Settlement(
            outcome=answered.outcome.value,
            status=answered.status,
            detail=answered.detail,
            receipt=answered.receipt,
            receipted_at=answered.receipted_at,
            retry_at=retry_at,
            read_after=read_after,
            dead=dead,
            spends=spends,
        )


def consequence(
    claimed: Claimed,
    answered: Answered,
    account: Account,
    *,
    now: datetime,
    jitter: float,
    forbidden_elsewhere: bool = False,
) -> Consequence:
    """Decide what the end of a call means.

    Args:
        claimed: The claim that it was made for.
        answered: How it ended.
        account: Whose it was.
        now: When it ended.
        jitter: A number from -1 to 1.
        forbidden_elsewhere: Whether another shipment of the account met a 403, too, and none succeeded since.

    """
    call = _Call(claimed=claimed, answered=answered, account=account, now=now, jitter=jitter)
    found = _judge(call, forbidden_elsewhere=forbidden_elsewhere)
    if claimed.probe and found.account is None and answered.outcome is not Outcome.UNKNOWN:
        return Consequence(settlement=found.settlement, account=AccountChange(state="open"))
    return found


def _judge(call: _Call, *, forbidden_elsewhere: bool) -> Consequence:
    outcome = call.answered.outcome
    if outcome is Outcome.APPLIED:
        return Consequence(settlement=_applied(call))
    if outcome is Outcome.UNAUTHORISED or (outcome is Outcome.FORBIDDEN and forbidden_elsewhere):
        return _held(call)
    if outcome is Outcome.NOT_APPLIED:
        return _told_to_wait(call)
    if outcome is Outcome.MISSING:
        retry_at = grace(call.trouble, call.patience, now=call.now, jitter=call.jitter)
        dead = None if retry_at else f"VTEX has no such order or invoice: {call.answered.detail}"
        return Consequence(settlement=call.settled(retry_at=retry_at, dead=dead))
    if outcome is Outcome.REFUSED:
        return Consequence(settlement=_refused(call))
    return _repeated(call)


def _applied(call: _Call) -> Settlement:
    """Go on, and now and then look at what the call did to the rows that were there before it."""
    carried = call.claimed.plan.carries
    learns = wants_sample(call.account, call.claimed.work, carried, call.now)
    return call.settled(read_after=call.now + call.account.read_lag if learns else None)


def _held(call: _Call) -> Consequence:
    """Hold the account: nothing is spent, one real call per interval finds out whether it may be called again."""
    until = call.now + probe_every(call.account)
    reason = f"VTEX refuses the account's key ({call.answered.status}): {call.answered.detail}"
    return Consequence(
        settlement=call.settled(retry_at=call.now, spends=False),
        account=AccountChange(state="held", until=until, reason=reason),
    )


def _told_to_wait(call: _Call) -> Consequence:
    """Wait as long as VTEX asks: with the whole account after a 429, which says so of all its calls."""
    if call.answered.status != _TOO_MANY:
        return _repeated(call)
    first = Trouble(attempts=0, since=None, retry_after=call.asked)
    until = call.now + backoff(first, call.patience, jitter=abs(call.jitter))
    return Consequence(
        settlement=call.settled(retry_at=until, spends=False),
        account=AccountChange(state="paused", until=until, reason="VTEX asked to wait (429)"),
    )


def _repeated(call: _Call) -> Consequence:
    """Try again for days; after a PUT that may have been applied, only once a read told whether it was."""
    retry_at = next_try(call.trouble, call.patience, now=call.now, jitter=call.jitter)
    dead = None if retry_at else f"no success within {call.patience.horizon}: {call.answered.detail}"
    unsure = call.answered.outcome is Outcome.UNKNOWN and call.claimed.plan.body is not None
    read_after = call.now + call.account.read_lag if unsure else None
    if retry_at and read_after:
        retry_at = max(retry_at, read_after)
    paused = None
    if call.answered.status == _UNAVAILABLE and call.asked is not None:
        paused = AccountChange(state="paused", until=call.now + call.asked, reason="VTEX asked to wait (503)")
    return Consequence(
        settlement=call.settled(retry_at=retry_at, read_after=read_after, dead=dead, spends=paused is None),
        account=paused,
    )


def _refused(call: _Call) -> Settlement:
    """Find the bad row: several are sent one by one from now on, a single one is dead with VTEX's words."""
    answered = call.answered
    words = f"VTEX refused it ({answered.status}): {answered.detail}"
    carried = call.claimed.plan.carries
    if call.claimed.plan.body is None or not carried:
        return call.settled(dead=words)
    several = len(carried) > 1
    return Settlement(
        outcome=answered.outcome.value,
        status=answered.status,
        detail=answered.detail,
        retry_at=call.now,
        split=several,
        dead_rows=() if several else ((carried[0], words),),
    )
