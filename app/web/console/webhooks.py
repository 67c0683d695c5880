"""Webhooks: every request that came in, and everything that became of one."""

from datetime import date
from typing import Annotated, Final, Literal

from fastapi import Query, Response
from pydantic import StringConstraints

from app.model import Milestone
from app.store.queries import webhook as stored_webhook
from app.web import schemas
from app.web.console.curl import curl
from app.web.console.routing import (
    FormOf,
    Search,
    Visitor,
    back_to,
    console_part,
    day_end,
    day_start,
    demanded,
)
from app.web.console.texts import excerpt
from app.web.dependencies import Role
from app.web.ops import webhooks
from app.web.ops.listing import row_id
from app.web.problems import Problem

__all__ = ["BODY_SHOWN", "router"]

router: Final = console_part()

BODY_SHOWN: Final = 64 * 1024
_ON_A_PAGE: Final = 50

Name = Annotated[str, StringConstraints(max_length=100)]


class _WebhookSearch(Search):
    account: Name | None = None
    carrier: Name | None = None
    state: Literal["stored", "mapped", "ignored", "unmappable"] | None = None
    tracking_number: Name | None = None
    milestone: Milestone | None = None
    code: Annotated[str, StringConstraints(max_length=200)] | None = None
    body: Annotated[str, StringConstraints(min_length=3, max_length=200)] | None = None
    since: date | None = None
    until: date | None = None


@router.get("/webhooks")
async def index(visit: Visitor, search: Annotated[_WebhookSearch, Query()]) -> Response:
    """List webhooks, newest first."""
    zone = visit.page.zone(*([search.account] if search.account else []))
    listed = await webhooks.index(
        visit.caller,
        account=search.account,
        carrier=search.carrier,
        state=search.state,
        tracking_number=search.tracking_number,
        milestone=search.milestone,
        code=search.code,
        body=search.body,
        since=day_start(search.since, zone),
        until=day_end(search.until, zone),
        limit=_ON_A_PAGE,
        cursor=search.cursor,
    )
    return visit.show_list("webhooks.html", search, listed, zone=zone, milestones=tuple(Milestone))


@router.get("/webhooks/{id}")
async def show(visit: Visitor, id: str, done: str = "") -> Response:  # noqa: A002 - the path's word
    """Show the request, its proof, its reading, and what came of it."""
    found = await webhooks.show(visit.caller, id)
    body = found.body
    return visit.show(
        "webhook.html",
        zone=visit.page.zone(found.owner),
        webhook=found,
        proof=visit.proof(found.carrier, found.verification.scheme),
        body=None if body is None else excerpt(body.content, BODY_SHOWN),
        encoding=None if body is None else body.encoding,
        curl=curl(found, visit.caller.given.public_url or visit.page.origin),
        done=done if done == "replayed" else None,
        orders={row.shipment_id for row in found.rows},
        references={subject.subject: subject.references for subject in found.resolution},
    )


@router.post("/webhooks/{id}/compare")
async def compare(visit: Visitor, form: FormOf, id: str) -> Response:  # noqa: A002 - the path's word
    """Show what would be read differently today; nothing is changed."""
    del form
    visit.demand(Role.OPERATOR)
    found = await webhooks.show(visit.caller, id)
    asked = schemas.ReplayRequest(dry_run=True, reason="a look in the console")
    difference = await webhooks.replay(visit.caller, id, asked)
    return visit.show("webhook_compared.html", zone=visit.page.zone(found.owner), webhook=found, difference=difference)


@router.post("/webhooks/{id}/replay")
async def replay(visit: Visitor, form: FormOf, id: str) -> Response:  # noqa: A002 - the path's word
    """Read it again, and forward what is missing."""
    visit.demand(Role.OPERATOR)
    await webhooks.replay(visit.caller, id, schemas.ReplayRequest(reason=demanded(form, "reason")))
    return back_to(f"/console/webhooks/{id}", "replayed")


@router.get("/webhooks/{id}/body")
async def body(visit: Visitor, id: str) -> Response:  # noqa: A002 - the path's word
    """Give out the bytes as they came, as a file that no browser opens."""
    visit.demand(Role.OPERATOR)
    # Whether it exists for this reader is decided where it is shown.
    shown = await webhooks.show(visit.caller, id)
    number = row_id("wh", id, "webhook")
    found = await visit.caller.given.store.read(lambda connection: stored_webhook(connection, number))
    if found is None or found.body is None:
        raise Problem(
            "gone", f"The bytes of {shown.id} were deleted by retention; the events that it brought are kept."
        )
    headers = {
        "Content-Disposition": f'attachment; filename="{shown.id}.bin"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return Response(found.body, media_type="application/octet-stream", headers=headers)
