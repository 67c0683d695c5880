"""Events and calls to VTEX, whatever webhook or shipment they belong to."""

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query

from app.model import Milestone
from app.store.queries import AttemptFilter, EventFilter, list_attempts, list_events
from app.web import schemas
from app.web.ops.access import Viewer
from app.web.ops.exporting import exported
from app.web.ops.listing import Cursor, Limit, Since, Until, cursor_of, position
from app.web.ops.showing import list_words

__all__ = ["router"]

router: Final = APIRouter()

Outcome = Literal[
    "applied", "unknown", "not-applied", "unauthorised", "forbidden", "missing", "refused", "lost", "observed", "failed"
]


@router.get("/events", summary="List events, those that arrived last first", tags=["events"])
async def events(  # noqa: PLR0913, PLR0917 - each filter is a parameter
    caller: Viewer,
    account: Annotated[str | None, Query(max_length=100, description="Account or group of the source.")] = None,
    carrier: Annotated[str | None, Query(max_length=100, examples=["easypost"])] = None,
    milestone: Annotated[Milestone | None, Query(description="What they mean.")] = None,
    code: Annotated[str | None, Query(max_length=200, description="As the carrier sent it.")] = None,
    tracking_number: Annotated[str | None, Query(max_length=100, description="However it is written.")] = None,
    placed: Annotated[bool | None, Query(description="Whether the shipment is known that they are about.")] = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> schemas.EventPage:
    """Search events; `since` and `until` are about when they arrived. Who may see more sees it on their webhook."""
    wanted = EventFilter(
        owners=caller.owners_wanted(account),
        carrier=carrier,
        milestone=milestone,
        code=code,
        tracking_number=tracking_number,
        placed=placed,
        since=since,
        until=until,
    )
    before = position(cursor)
    found = await caller.given.store.read(
        lambda connection: list_events(connection, wanted, before=before, limit=limit)
    )
    words = list_words(caller, {each.id: (each.carrier, each.description, each.trace) for each in found.items})
    items = tuple(
        schemas.EventItem.model_validate(each).model_copy(update={"description": words[each.id]})
        for each in found.items
    )
    return schemas.EventPage(items=items, next=cursor_of(found.before))


exported(router, "/events", events, schemas.EventItem, "events")


@router.get("/attempts", summary="List calls to VTEX, newest first", tags=["shipments"])
async def attempts(  # noqa: PLR0913, PLR0917 - each filter is a parameter
    caller: Viewer,
    account: Annotated[str | None, Query(max_length=100, description="The account that was called.")] = None,
    outcome: Annotated[
        Outcome | None, Query(description="What the answer said; failed for all that VTEX did not accept.")
    ] = None,
    status: Annotated[int | None, Query(ge=100, le=599, description="The HTTP status of the answer.")] = None,
    call: Annotated[Literal["put", "patch", "get", "observe"] | None, Query(description="Which call.")] = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> schemas.AttemptPage:
    """Search calls; `since` and `until` are about when they began. What was sent stands on the shipment."""
    wanted = AttemptFilter(
        accounts=caller.accounts_wanted(account), outcome=outcome, status=status, call=call, since=since, until=until
    )
    before = position(cursor)
    found = await caller.given.store.read(
        lambda connection: list_attempts(connection, wanted, before=before, limit=limit)
    )
    items = tuple(schemas.AttemptItem.model_validate(each) for each in found.items)
    return schemas.AttemptPage(items=items, next=cursor_of(found.before))


exported(router, "/attempts", attempts, schemas.AttemptItem, "attempts")
