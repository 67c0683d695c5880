"""Accounts: whether they are called, what waits for them, what their PUT does; pause, resume, probe, reset."""

from collections.abc import Mapping
from typing import Annotated, Final

from fastapi import APIRouter, Path

from app.store import (
    HookRecord,
    ProbeAccount,
    RecordVerdict,
    ResetLearnt,
    ResumeAccount,
    Sample,
    StopAccount,
    hook_records,
)
from app.store.account_limits import NO_LIMITS, LimitAccount, Limits, limits_of
from app.store.queries import AccountOverview, account_overviews
from app.web import schemas
from app.web.dependencies import Forwarding
from app.web.ops.access import Caller, Operator, Viewer
from app.web.ops.listing import missing, plain
from app.web.ops.sources import sources_of
from app.web.problems import Problem

__all__ = ["Name", "demand_account", "router"]

router: Final = APIRouter(prefix="/accounts", tags=["accounts"])

Name = Annotated[str, Path(description="The account, as configured.", examples=["mystore"])]
_PROBED: Final = frozenset({"held", "probing"})


def demand_account(caller: Caller, account: str) -> None:
    """Refuse an account that is not configured or not the caller's: both look the same."""
    visible = caller.accounts is None or account in caller.accounts
    if account not in caller.given.accounts or not visible:
        raise missing("account", account)


@router.get("", summary="List the accounts")
async def index(caller: Viewer) -> schemas.AccountPage:
    """List the configured accounts that the caller may see, each with its state and what waits for it."""
    allowed = caller.accounts
    names = sorted(name for name in caller.given.accounts if allowed is None or name in allowed)
    found = await _overviews(caller, *names)
    hooks = await caller.given.store.read(lambda connection: hook_records(connection, names))
    limits = await caller.given.store.read(limits_of)
    items = tuple(
        schemas.AccountItem.model_validate(_document(caller, overview, hooks[overview.account], limits))
        for overview in found
    )
    return schemas.AccountPage(items=items)


@router.get("/{account}", summary="Show an account with the evidence of what its PUT does")
async def show(caller: Viewer, account: Name) -> schemas.AccountDetail:
    """Show whether it is called and why not, what waits for it, and what was learnt from which reads."""
    demand_account(caller, account)
    return await _detail(caller, account)


@router.post("/{account}/pause", summary="Stop calling an account until it is resumed")
async def pause(caller: Operator, account: Name, asked: schemas.Reason) -> schemas.AccountDetail:
    """Start no call any more; those in flight end. The state is then `stopped`, whatever VTEX answers meanwhile.

    Webhooks are received as ever, and wait. The time does not count as failure of any shipment.
    """
    demand_account(caller, account)
    store, now = caller.given.store, caller.given.now()
    await store.write(StopAccount(account=account, actor=caller.name, reason=asked.reason, ids=store.ids, now=now))
    return await _detail(caller, account)


@router.post("/{account}/resume", summary="Call an account again")
async def resume(caller: Operator, account: Name, asked: schemas.OptionalReason | None = None) -> schemas.AccountDetail:
    """Open a stopped account; let the next call of a held or probing one start now, which decides.

    A time that VTEX asked to wait for is waited for all the same. An open account stays as it is.
    """
    demand_account(caller, account)
    store, now = caller.given.store, caller.given.now()
    reason = asked.reason if asked else None
    await store.write(ResumeAccount(account=account, actor=caller.name, reason=reason, ids=store.ids, now=now))
    caller.given.reopen(account)
    return await _detail(caller, account)


@router.post("/{account}/probe", summary="Find out now whether a held or probing account can be called again")
async def probe(caller: Operator, account: Name, asked: schemas.OptionalReason | None = None) -> schemas.AccountDetail:
    """Let the next call start now instead of at `until`; if VTEX accepts it, the account opens."""
    demand_account(caller, account)
    store, now = caller.given.store, caller.given.now()
    reason = asked.reason if asked else None
    before = await store.write(ProbeAccount(account=account, actor=caller.name, reason=reason, ids=store.ids, now=now))
    if before.state not in _PROBED:
        raise Problem("account-state", _why_not_probed(account, before.state))
    caller.given.reopen(account)
    return await _detail(caller, account)


@router.put("/{account}/limits", summary="Limit the calls to an account, or let the settings hold again")
async def limit(caller: Operator, account: Name, asked: schemas.AccountLimits) -> schemas.AccountDetail:
    """Set how many calls may start per second and be in flight, from now on and in every process within seconds.

    No account can have more calls in flight than the settings give to any: connections are counted at the start.
    """
    demand_account(caller, account)
    given = caller.given
    most = max((each.concurrency for each in given.forwarding.values()), default=Forwarding().concurrency)
    if asked.concurrency is not None and asked.concurrency > most:
        problem = f"at most {most}, the largest of the settings; raise `concurrency` there and restart"
        errors = [{"field": "concurrency", "problem": problem}]
        raise Problem("invalid-request", f"concurrency: {problem}.", errors=errors)
    limits = Limits(rate_per_second=asked.rate_per_second, concurrency=asked.concurrency)
    await given.store.write(
        LimitAccount(
            account=account,
            actor=caller.name,
            reason=asked.reason,
            ids=given.store.ids,
            now=given.now(),
            limits=limits,
        )
    )
    given.limit(account, limits.rate_per_second, limits.concurrency)
    given.wake()
    return await _detail(caller, account)


def _why_not_probed(account: str, state: str) -> str:
    advice = {
        "paused": "VTEX asked to wait, and is called again by itself when that time has passed",
        "stopped": "an operator stopped it; resume it",
    }
    return f"{account} is {state}: {advice.get(state, 'it is called already')}."


@router.post("/{account}/history/reset", summary="Forget what was learnt of an account's PUT")
async def reset_history(caller: Operator, account: Name, asked: schemas.Reason) -> schemas.AccountDetail:
    """Forget the verdict and its evidence; with `history = "auto"` the next shipments teach it anew."""
    demand_account(caller, account)
    store, now = caller.given.store, caller.given.now()
    await store.write(ResetLearnt(account=account, actor=caller.name, reason=asked.reason, ids=store.ids, now=now))
    return await _detail(caller, account)


@router.put("/{account}/history", summary="Record what an account's PUT was found to do on a test order")
async def record_history(caller: Operator, account: Name, asked: schemas.LearntHistory) -> schemas.AccountDetail:
    """Take over a verdict; when it becomes `full`, shipments whose rows may have been lost are looked at again."""
    demand_account(caller, account)
    store, now = caller.given.store, caller.given.now()
    await store.write(
        RecordVerdict(
            account=account,
            actor=caller.name,
            reason=asked.reason,
            ids=store.ids,
            now=now,
            verdict=asked.verdict,
            order_id=asked.order_id,
        )
    )
    caller.given.wake()
    return await _detail(caller, account)


async def _overviews(caller: Caller, *names: str) -> tuple[AccountOverview, ...]:
    now = caller.given.now()
    return await caller.given.store.read(lambda connection: account_overviews(connection, names, now))


async def _detail(caller: Caller, account: str) -> schemas.AccountDetail:
    (found,) = await _overviews(caller, account)
    hooks = await caller.given.store.read(lambda connection: hook_records(connection, [account]))
    limits = await caller.given.store.read(limits_of)
    evidence = [_sample(sample) for sample in found.learnt.evidence]
    more = {"evidence": evidence, "sources": await sources_of(caller, (account,))}
    return schemas.AccountDetail.model_validate(_document(caller, found, hooks[account], limits) | more)


def _document(
    caller: Caller, found: AccountOverview, hook: HookRecord, limits: Mapping[str, Limits]
) -> dict[str, object]:
    forwarding = caller.given.forwarding.get(found.account, Forwarding())
    limited = limits.get(found.account, NO_LIMITS)
    learnt = found.learnt.verdict or "delta"
    keeper = caller.given.hooks.get(found.account)
    word, problem = keeper.standing(hook) if keeper else ("off", None)
    return plain(
        found,
        found.state,
        mode="observe" if forwarding.is_observed else "live",
        forward_from=forwarding.since,
        since=found.state.changed_at,
        history=forwarding.history,
        sends=learnt if forwarding.history == "auto" else forwarding.history,
        verdict=found.learnt.verdict,
        verdict_at=found.learnt.verdict_at,
        rate_per_second=limited.rate_per_second or forwarding.rate_per_second,
        concurrency=limited.concurrency or forwarding.concurrency,
        is_limited=limited != NO_LIMITS,
        hook=word,
        hook_problem=problem,
    )


def _sample(sample: Sample) -> dict[str, object]:
    # What `accounts learn` found out is of no shipment of the queue.
    return plain(sample, shipment_id=sample.shipment_id or None)
