"""Refused requests: search and read."""

import asyncio
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query

from app.redaction import NOBODY
from app.store.queries import RefusalFilter, list_refusals, refusal
from app.web import schemas
from app.web.explaining import explain
from app.web.ops.access import Operator, Viewer, note_reading
from app.web.ops.exporting import exported
from app.web.ops.listing import Cursor, Limit, Since, Until, cursor_of, missing, plain, position, row_id
from app.web.ops.showing import shown_request
from app.web.problems import Problem

__all__ = ["router"]

router: Final = APIRouter(prefix="/refusals", tags=["refusals"])

Id = Annotated[str, Path(description="The id that the sender was told.", examples=["ref_01HV2K8Q3ZABG"])]


@router.get("", summary="List refused requests, newest first")
async def index(  # noqa: PLR0913, PLR0917 - each filter is a parameter
    caller: Viewer,
    account: Annotated[str | None, Query(description="Account or group that its path named.")] = None,
    owner: Annotated[str | None, Query(description="The same by another name.")] = None,
    carrier: Annotated[str | None, Query(examples=["easypost"])] = None,
    status: Annotated[int | None, Query(description="What it was answered with.", ge=100, le=599)] = None,
    cause: Annotated[str | None, Query(examples=["wrong-credential"])] = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> schemas.RefusalPage:
    """Search the refused requests that are still kept; requests to unknown paths are only in the log."""
    wanted = RefusalFilter(
        owners=caller.owners_wanted(account, owner),
        carrier=carrier,
        status=status,
        cause=cause,
        since=since,
        until=until,
    )
    before = position(cursor)
    found = await caller.given.store.read(
        lambda connection: list_refusals(connection, wanted, before=before, limit=limit)
    )
    items = tuple(schemas.RefusalItem.model_validate(item) for item in found.items)
    return schemas.RefusalPage(items=items, next=cursor_of(found.before))


exported(router, "", index, schemas.RefusalItem, "refusals")


@router.get("/{id}", summary="Show a refused request")
async def show(caller: Viewer, id: Id) -> schemas.RefusalDetail:  # noqa: A002 - the path's word
    """Show why it was refused, and its headers and the beginning of its body to those who may see them."""
    number = row_id("ref", id, "refusal")
    found = await caller.given.store.read(lambda connection: refusal(connection, number))
    if found is None or (caller.owners is not None and found.owner not in caller.owners):
        raise missing("refusal", id)
    await note_reading(caller, "refusal", number)
    if caller.sight == NOBODY:
        return schemas.RefusalDetail.model_validate(plain(found, headers=None, body=None, body_withheld="role"))
    shown = await shown_request(caller, found.carrier, body=found.body, headers=found.headers, received_at=found.at)
    body = None if shown.body is None else schemas.readable(shown.body)
    document = plain(found, body=body, body_withheld="role" if body is None else None)
    return schemas.RefusalDetail.model_validate(document)


@router.get("/{id}/explanation", summary="Explain a refused request")
async def explanation(caller: Operator, id: Id) -> schemas.RefusalExplanation:  # noqa: A002 - the path's word
    """Try what senders and proxies are known to get wrong on what was kept; the sender is never told."""
    number = row_id("ref", id, "refusal")
    found = await caller.given.store.read(lambda connection: refusal(connection, number))
    if found is None or (caller.owners is not None and found.owner not in caller.owners):
        raise missing("refusal", id)
    sources = caller.given.sources
    source = sources.find(found.carrier, found.owner)
    if source is None:
        raise Problem(
            "not-found", f"{found.owner}/{found.carrier} is not configured any more: nothing to compare with."
        )
    others = [each for each in sources if caller.owners is None or each.owner in caller.owners]
    # Away from the loop: it is some hundred digests.
    known = await asyncio.to_thread(explain, found, source, others)
    document = plain(known, id=found.id, carrier=found.carrier, owner=found.owner, cause=found.cause)
    return schemas.RefusalExplanation.model_validate(document)
