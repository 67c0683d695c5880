"""From how a call ended to what happens to its shipment. Pure: one function, one row of the table per outcome."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.account import Account
from app.calling import asked_to_wait, held
from app.forwarder.learning import wants_sample
from app.retry import Patience, Trouble, grace, next_try
from app.store import AccountChange, Claimed, Settlement
from app.vtex import Answered, Outcome

__all__ = ["Consequence", "consequence"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """What a call's end means: for its shipment, and for its account."""

    settlement: Settlement
    account: AccountChange | None = None


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
    """Hold the account: nothing is spent."""
    return Consequence(
        settlement=call.settled(retry_at=call.now, spends=False), account=held(call.account, call.answered, call.now)
    )


def _told_to_wait(call: _Call) -> Consequence:
    """Wait as long as VTEX asks: with the whole account after a 429, which says so of all its calls."""
    paused = asked_to_wait(call.account, call.answered, call.now, jitter=call.jitter)
    if paused is None:
        return _repeated(call)
    return Consequence(settlement=call.settled(retry_at=paused.until, spends=False), account=paused)


def _repeated(call: _Call) -> Consequence:
    """Try again for days; after a PUT that may have been applied, only once a read told whether it was."""
    retry_at = next_try(call.trouble, call.patience, now=call.now, jitter=call.jitter)
    dead = None if retry_at else f"no success within {call.patience.horizon}: {call.answered.detail}"
    unsure = call.answered.outcome is Outcome.UNKNOWN and call.claimed.plan.body is not None
    read_after = call.now + call.account.read_lag if unsure else None
    if retry_at and read_after:
        retry_at = max(retry_at, read_after)
    paused = asked_to_wait(call.account, call.answered, call.now, jitter=call.jitter)
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
