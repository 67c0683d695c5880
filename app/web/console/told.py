"""Events, calls to VTEX, and parcels without news, whatever webhook or order they belong to."""

from datetime import date
from typing import Annotated, Final, Literal

from fastapi import Query, Response
from pydantic import Field, StringConstraints

from app.model import Milestone
from app.web.console.orders import account_names
from app.web.console.routing import Search, Visitor, console_part, day_end, day_start
from app.web.ops import quiet, told

__all__ = ["router"]

router: Final = console_part()

_ON_A_PAGE: Final = 50
_OUTCOMES: Final = ("applied", "failed", "refused", "unknown", "not-applied", "missing", "unauthorised", "forbidden")
_SILENCES: Final = ("2d", "5d", "10d", "20d", "30d")

Name = Annotated[str, StringConstraints(max_length=100)]
Code = Annotated[str, StringConstraints(max_length=200)]


class _EventSearch(Search):
    account: Name | None = None
    carrier: Name | None = None
    milestone: Milestone | None = None
    code: Code | None = None
    tracking_number: Name | None = None
    placed: bool | None = None
    since: date | None = None
    until: date | None = None


@router.get("/events")
async def events(visit: Visitor, search: Annotated[_EventSearch, Query()]) -> Response:
    """List events, those that arrived last first."""
    zone = visit.page.zone(*([search.account] if search.account else []))
    listed = await told.events(
        visit.caller,
        account=search.account,
        carrier=search.carrier,
        milestone=search.milestone,
        code=search.code,
        tracking_number=search.tracking_number,
        placed=search.placed,
        since=day_start(search.since, zone),
        until=day_end(search.until, zone),
        limit=_ON_A_PAGE,
        cursor=search.cursor,
    )
    return visit.show_list("events.html", search, listed, zone=zone, milestones=tuple(Milestone))


class _CallSearch(Search):
    account: Name | None = None
    outcome: told.Outcome | None = None
    status: Annotated[int, Field(ge=100, le=599)] | None = None
    call: Literal["put", "patch", "get", "observe"] | None = None
    since: date | None = None
    until: date | None = None


@router.get("/calls")
async def calls(visit: Visitor, search: Annotated[_CallSearch, Query()]) -> Response:
    """List calls to VTEX, newest first."""
    zone = visit.page.zone(*([search.account] if search.account else []))
    listed = await told.attempts(
        visit.caller,
        account=search.account,
        outcome=search.outcome,
        status=search.status,
        call=search.call,
        since=day_start(search.since, zone),
        until=day_end(search.until, zone),
        limit=_ON_A_PAGE,
        cursor=search.cursor,
    )
    return visit.show(
        "calls.html",
        zone=zone,
        search=search,
        items=listed.items,
        next=listed.next,
        accounts=account_names(visit),
        outcomes=_OUTCOMES,
        kinds=("put", "patch", "get", "observe"),
    )


class _QuietSearch(Search):
    account: Name | None = None
    silence: Literal["2d", "5d", "10d", "20d", "30d"] = "5d"


@router.get("/quiet")
async def quiet_parcels(visit: Visitor, search: Annotated[_QuietSearch, Query()]) -> Response:
    """List parcels on their way that nothing is heard of, the quietest first."""
    listed = await quiet.quiet(
        visit.caller, silence=search.silence, account=search.account, limit=_ON_A_PAGE, cursor=search.cursor
    )
    return visit.show(
        "quiet.html",
        search=search,
        items=listed.items,
        next=listed.next,
        accounts=account_names(visit),
        silences=_SILENCES,
    )
