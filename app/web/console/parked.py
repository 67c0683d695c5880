"""What waits for its shipment, and linking it by hand."""

from datetime import date
from typing import Annotated, Final, Literal

from fastapi import Query, Response
from pydantic import StringConstraints

from app.web import schemas
from app.web.console.orders import meant
from app.web.console.routing import FormOf, Search, Visitor, back_to, console_part, day_end, day_start
from app.web.dependencies import Role
from app.web.ops import parked
from app.web.problems import Problem

__all__ = ["router"]

router: Final = console_part()

_ON_A_PAGE: Final = 50
_DONE: Final = frozenset({"linked", "unlinked"})

Name = Annotated[str, StringConstraints(max_length=100)]


class _ParkedSearch(Search):
    show: Literal["parked", "unmatched"] = "parked"
    account: Name | None = None
    carrier: Name | None = None
    cause: schemas.Cause | None = None
    tracking_number: Name | None = None
    since: date | None = None
    until: date | None = None


@router.get("/parked")
async def index(visit: Visitor, search: Annotated[_ParkedSearch, Query()]) -> Response:
    """List what waits, or what never found its shipment."""
    zone = visit.page.zone()
    since, until = day_start(search.since, zone), day_end(search.until, zone)
    if search.show == "parked":
        listed = await parked.parked(
            visit.caller,
            account=search.account,
            carrier=search.carrier,
            cause=search.cause,
            tracking_number=search.tracking_number,
            since=since,
            until=until,
            limit=_ON_A_PAGE,
            cursor=search.cursor,
        )
    else:
        listed = await parked.unmatched(
            visit.caller,
            account=search.account,
            carrier=search.carrier,
            tracking_number=search.tracking_number,
            since=since,
            until=until,
            limit=_ON_A_PAGE,
            cursor=search.cursor,
        )
    return visit.show_list("parked.html", search, listed, zone=zone, causes=schemas.CAUSES)


@router.get("/parked/{id}")
async def show(
    visit: Visitor,
    id: str,  # noqa: A002 - the path's word
    q: Annotated[str, Query(max_length=100)] = "",
    done: str = "",
) -> Response:
    """Show what waits, the shipments that it might belong to, and those that were looked for."""
    subject = await parked.show(visit.caller, id)
    sought = q.strip()
    found = await meant(visit, sought) if sought else ()
    likely = {candidate.id for candidate in subject.candidates}
    return visit.show(
        "subject.html",
        zone=visit.page.zone(subject.owner),
        subject=subject,
        sought=sought,
        found=[item for item in found if item.id not in likely],
        done=done if done in _DONE else None,
    )


@router.post("/parked/{id}/link")
async def link(visit: Visitor, form: FormOf, id: str) -> Response:  # noqa: A002 - the path's word
    """Link it."""
    visit.demand(Role.OPERATOR)
    asked = schemas.Link(shipment_id=_needed(form.get("shipment_id"), "shipment"), reason=_reason(form.get("reason")))
    await parked.link(visit.caller, id, asked)
    return back_to(f"/console/parked/{id}", "linked")


@router.post("/parked/{id}/unlink")
async def unlink(visit: Visitor, form: FormOf, id: str) -> Response:  # noqa: A002 - the path's word
    """Take the link back."""
    visit.demand(Role.OPERATOR)
    await parked.unlink(visit.caller, id, schemas.Reason(reason=_reason(form.get("reason"))))
    return back_to(f"/console/parked/{id}", "unlinked")


def _reason(text: str | None) -> str:
    return _needed(text, "reason")


def _needed(text: str | None, what: str) -> str:
    if text is None:
        raise Problem("invalid-request", f"{what}: is empty. Go back, fill it in, and send the form again.")
    return text
