"""Webhooks: search, read, replay."""

from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query

from app.errors import CallFailed, MalformedPayload
from app.model import Milestone
from app.store.queries import (
    SEARCHED,
    Page,
    WebhookDetail,
    WebhookFilter,
    WebhookSummary,
    list_webhooks,
    search_bodies,
    webhook,
    webhook_summary,
)
from app.web import schemas
from app.web.dependencies import Role
from app.web.ops.access import Caller, Operator, Viewer, demand_role, note_reading
from app.web.ops.exporting import exported
from app.web.ops.listing import Cursor, Limit, Since, Until, cursor_of, missing, plain, position, row_id
from app.web.ops.showing import shown_attempts, shown_events, shown_request, shown_rows
from app.web.problems import Problem

__all__ = ["router"]

router: Final = APIRouter(prefix="/webhooks", tags=["webhooks"])

Id = Annotated[str, Path(description="The webhook's id.", examples=["wh_01HV2K8Q3ZABC"])]
State = Literal["stored", "mapped", "ignored", "unmappable"]


@router.get("", summary="List webhooks, newest first")
async def index(  # noqa: PLR0913, PLR0917 - each filter is a parameter
    caller: Viewer,
    account: Annotated[str | None, Query(description="Account or group that its source belongs to.")] = None,
    owner: Annotated[str | None, Query(description="The same by another name.")] = None,
    carrier: Annotated[str | None, Query(examples=["easypost"])] = None,
    state: State | None = None,
    since: Since = None,
    until: Until = None,
    tracking_number: Annotated[
        str | None, Query(max_length=100, description="Of an event that it brought, however it is written.")
    ] = None,
    milestone: Annotated[Milestone | None, Query(description="Of an event that it brought first.")] = None,
    code: Annotated[str | None, Query(max_length=200, description="Of such an event, as the carrier sent it.")] = None,
    adapter_version: Annotated[int | None, Query(ge=0, le=1 << 30, description="Which reading read it last.")] = None,
    body: Annotated[
        str | None,
        Query(
            min_length=3,
            max_length=200,
            description=f"A text in its body, as it stands there; takes the role operator, and filters that leave at "
            f"most {SEARCHED} webhooks.",
        ),
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> schemas.WebhookPage:
    """Search webhooks; refused requests are listed apart, under /refusals."""
    wanted = WebhookFilter(
        owners=caller.owners_wanted(account, owner),
        accounts=caller.accounts or tuple(sorted(caller.given.accounts)),
        carrier=carrier,
        state=state,
        since=since,
        until=until,
        tracking_number=tracking_number,
        milestone=milestone,
        code=code,
        adapter_version=adapter_version,
    )
    before = position(cursor)
    if body is not None:
        found = await _with_body(caller, wanted, body, before, limit)
    else:
        found = await caller.given.store.read(
            lambda connection: list_webhooks(connection, wanted, before=before, limit=limit)
        )
    items = tuple(schemas.WebhookItem.model_validate(item) for item in found.items)
    return schemas.WebhookPage(items=items, next=cursor_of(found.before))


exported(router, "", index, schemas.WebhookItem, "webhooks")


async def _with_body(
    caller: Caller, wanted: WebhookFilter, text: str, before: int | None, limit: int
) -> Page[WebhookSummary]:
    """Look into bodies; whoever may not see them must not learn what stands in them by searching."""
    demand_role(caller.token, Role.OPERATOR)
    found = await caller.given.store.read(
        lambda connection: search_bodies(connection, wanted, text, before=before, limit=limit)
    )
    if found is None:
        problem = f"the other filters leave more than {SEARCHED} webhooks to read; narrow them, by time for example"
        raise Problem("invalid-request", f"body: {problem}.", errors=[{"field": "body", "problem": problem}])
    return found


@router.get("/{id}", summary="Show a webhook with everything that became of it")
async def show(caller: Viewer, id: Id) -> schemas.WebhookDetail:  # noqa: A002 - the path's word
    """Show the request, its verification, mapping, events, resolution, rows and attempts.

    In body, query and the carrier's words viewers see nothing of persons, and support what is about the receiver.
    """
    number = row_id("wh", id, "webhook")
    found = await caller.given.store.read(lambda connection: webhook(connection, number))
    if found is None or not _may_see(caller, found.summary):
        raise missing("webhook", id)
    await note_reading(caller, "webhook", number)
    return await _detail(caller, found)


def _may_see(caller: Caller, about: WebhookSummary) -> bool:
    return caller.owners is None or about.owner in caller.owners


async def _detail(caller: Caller, found: WebhookDetail) -> schemas.WebhookDetail:
    about = found.summary
    shown = await shown_request(
        caller,
        about.carrier,
        body=found.body or b"",
        query=found.query or "",
        headers=found.headers,
        received_at=about.received_at,
    )
    withheld = "role" if shown.body is None else None
    if found.body is None:
        withheld = "retention"
    rows = shown_rows(caller, found.events, found.rows)
    document = plain(
        about,
        found,
        query=shown.query,
        body=None if withheld or shown.body is None else schemas.readable(shown.body),
        body_withheld=withheld,
        is_masked=shown.is_masked,
        verification={"scheme": about.scheme, "secret": about.secret},
        mapping={
            "adapter_version": about.adapter_version,
            "mapped_at": about.mapped_at,
            "ignored": tuple(found.notes.get("ignored", ())),
            "warnings": tuple(found.notes.get("warnings", ())),
        },
        events=shown_events(caller, found.events),
        resolution=found.subjects,
        rows=rows,
        attempts=shown_attempts(caller, found.attempts, rows),
    )
    return schemas.WebhookDetail.model_validate(document)


@router.post("/{id}/replay", summary="Map a webhook's stored bytes again")
async def replay(caller: Operator, id: Id, asked: schemas.ReplayRequest) -> dict[str, Any]:  # noqa: A002
    """Read the stored bytes with today's adapter and answer what differs.

    Events that are missing are added and forwarded; rows that VTEX has are never sent again. With `dry_run` nothing
    is changed.
    """
    number = row_id("wh", id, "webhook")
    found = await caller.given.store.read(lambda connection: webhook_summary(connection, number))
    if found is None or not _may_see(caller, found):
        raise missing("webhook", id)
    if not found.body_kept:
        raise Problem("gone", f"The bytes of {id} were deleted by retention; the events that it brought are kept.")
    try:
        difference = await caller.given.replay(number, dry_run=asked.dry_run, reason=asked.reason, actor=caller.name)
    except MalformedPayload as error:
        raise Problem("malformed-payload", f"The webhook {id} still cannot be read: {error}.") from None
    except CallFailed as error:
        raise Problem("lookup-failed", f"The call that the webhook {id} asks for failed: {error}.") from None
    if difference is None:
        raise missing("webhook", id)
    return {"id": id, **difference}
