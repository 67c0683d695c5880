"""Accounts and sources: whether VTEX is called, what waits, what was learnt, how many parcels find their order."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from fastapi import Response

from app.web import schemas
from app.web.console.charts import hourly
from app.web.console.routing import FormOf, Visitor, back_to, console_part
from app.web.dependencies import Role
from app.web.ops import accounts, activity, sources
from app.web.ops.access import Caller
from app.web.problems import Problem

__all__ = ["router"]

router: Final = console_part()

_HOURS: Final = 24
_CALLED: Final = ("applied", "failed")
_MADE: Final = frozenset({"pause", "resume", "probe", "history-reset"})


@router.get("/accounts")
async def index(visit: Visitor) -> Response:
    """List accounts and sources."""
    caller = visit.caller
    listed, known = await asyncio.gather(accounts.index(caller), sources.index(caller))
    return visit.show(
        "accounts.html",
        accounts=listed.items,
        # What went quiet first, then what was heard of last.
        sources=sorted(known.items, key=lambda each: (each.rhythm != "quiet", -_heard(each), each.name)),
        names={slug: adapter.name for slug, adapter in caller.given.sources.carriers.items()},
    )


def _heard(source: schemas.Source) -> float:
    return source.last_at.timestamp() if source.last_at is not None else 0.0


@router.get("/accounts/{account}")
async def show(visit: Visitor, account: str, done: str = "") -> Response:
    """Show one account with the evidence of what its PUT does."""
    caller = visit.caller
    found = await accounts.show(caller, account)
    day = await activity.activity(caller, account=account, hours=_HOURS)
    counted = [(hour.hour, hour.kind, hour.count) for hour in day.items]
    return visit.show(
        "account.html",
        zone=visit.page.zone(account),
        account=found,
        forwarded=hourly(counted, _CALLED, day.since, _HOURS),
        names={slug: adapter.name for slug, adapter in caller.given.sources.carriers.items()},
        done=done if done in _MADE else None,
    )


@router.post("/accounts/{account}/{change}")
async def change(visit: Visitor, form: FormOf, account: str, change: str) -> Response:
    """Pause, resume or probe it, or forget what was learnt."""
    visit.demand(Role.OPERATOR)
    reason = form.get("reason")
    if change in {"pause", "history-reset"}:
        if reason is None:
            detail = "reason: is empty. Go back, fill it in, and send the form again."
            raise Problem("invalid-request", detail)
        await _WITH_REASON[change](visit.caller, account, schemas.Reason(reason=reason))
    elif change in {"resume", "probe"}:
        await _MAYBE_REASON[change](visit.caller, account, schemas.OptionalReason(reason=reason))
    else:
        raise Problem("not-found", "An account can be paused, resumed, probed, and its history reset; nothing else.")
    return back_to(f"/console/accounts/{account}", change)


_WITH_REASON: Final[Mapping[str, Callable[[Caller, str, schemas.Reason], Awaitable[Any]]]] = {
    "pause": accounts.pause,
    "history-reset": accounts.reset_history,
}
_MAYBE_REASON: Final[Mapping[str, Callable[[Caller, str, schemas.OptionalReason], Awaitable[Any]]]] = {
    "resume": accounts.resume,
    "probe": accounts.probe,
}
