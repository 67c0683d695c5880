"""Refused requests, and why: told to operators, never to senders."""

from datetime import date
from typing import Annotated, Final

from fastapi import Query, Response
from pydantic import Field, StringConstraints

from app.web import schemas
from app.web.console.routing import Search, Visitor, console_part, day_end, day_start
from app.web.console.texts import excerpt
from app.web.console.webhooks import BODY_SHOWN
from app.web.ops import refusals
from app.web.problems import Problem

__all__ = ["router"]

router: Final = console_part()

_ON_A_PAGE: Final = 50

Name = Annotated[str, StringConstraints(max_length=100)]


class _RefusalSearch(Search):
    account: Name | None = None
    carrier: Name | None = None
    status: Annotated[int, Field(ge=100, le=599)] | None = None
    cause: Name | None = None
    since: date | None = None
    until: date | None = None


@router.get("/refusals")
async def index(visit: Visitor, search: Annotated[_RefusalSearch, Query()]) -> Response:
    """List refused requests, newest first."""
    zone = visit.page.zone()
    listed = await refusals.index(
        visit.caller,
        account=search.account,
        carrier=search.carrier,
        status=search.status,
        cause=search.cause,
        since=day_start(search.since, zone),
        until=day_end(search.until, zone),
        limit=_ON_A_PAGE,
        cursor=search.cursor,
    )
    return visit.show_list("refusals.html", search, listed, zone=zone)


@router.get("/refusals/{id}")
async def show(visit: Visitor, id: str) -> Response:  # noqa: A002 - the path's word
    """Show a refused request, to operators with what explains it."""
    found = await refusals.show(visit.caller, id)
    explained: schemas.RefusalExplanation | None = None
    unexplained: str | None = None
    if visit.page.may("operator"):
        try:
            explained = await refusals.explanation(visit.caller, id)
        except Problem as problem:
            # Its source may not be configured any more; the rest can be shown all the same.
            unexplained = problem.detail
    body = found.body
    return visit.show(
        "refusal.html",
        zone=visit.page.zone(found.owner),
        refusal=found,
        body=None if body is None else excerpt(body.content, BODY_SHOWN),
        encoding=None if body is None else body.encoding,
        explained=explained,
        unexplained=unexplained,
    )
