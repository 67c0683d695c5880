"""Backfills: look for an account's orders of the past; see, pause, resume and cancel that."""

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query

from app.store import Backfill, ChangeBackfill, StartBackfill
from app.store.backfill_jobs import recent_backfills
from app.store.backfills import backfill as stored_backfill
from app.store.reads_left import being_read, waiting_reads
from app.web import schemas
from app.web.dependencies import Forwarding
from app.web.ops.access import Caller, Operator, Viewer
from app.web.ops.accounts import demand_account
from app.web.ops.listing import Cursor, Limit, cursor_of, missing, plain, position, row_id
from app.web.problems import Problem

__all__ = ["router"]

router: Final = APIRouter(prefix="/backfills", tags=["backfills"])

Id = Annotated[str, Path(description="The backfill.", examples=["bf_01HV2K8Q3ZABH"])]
_COUNTED: Final = 100_000


@router.post("", status_code=201, summary="Look for an account's orders of the past")
async def start(caller: Operator, asked: schemas.NewBackfill) -> schemas.BackfillItem:
    """List the orders that were invoiced in a span of time, and read and index each.

    It goes on by itself, behind live traffic and within the account's limits, and survives restarts. Orders that were
    read before are not read again.
    """
    demand_account(caller, asked.account)
    given, now = caller.given, caller.given.now()
    until = min(asked.until or now, now)
    if asked.since >= until:
        raise _wrong("since", "must be before until, and before now")
    if asked.since < datetime(2000, 1, 1, tzinfo=UTC):
        raise _wrong("since", "is before VTEX; it gives no order older than two years")
    begun = await given.store.write(
        StartBackfill(
            id=given.store.ids.next(),
            account=asked.account,
            since=asked.since,
            until=until,
            rate=asked.rate,
            tail_since=given.tail_of(asked.since, until, now),
            actor=caller.name,
            reason=asked.reason,
            ids=given.store.ids,
            now=now,
        )
    )
    given.look_back(asked.account)
    return await _item(caller, begun)


def _wrong(field: str, problem: str) -> Problem:
    return Problem("invalid-request", f"{field}: {problem}.", errors=[{"field": field, "problem": problem}])


@router.get("", summary="List the backfills")
async def index(
    caller: Viewer,
    account: Annotated[str | None, Query(description="Of this account only.")] = None,
    state: Annotated[schemas.BackfillState | None, Query(description="In this state only.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> schemas.BackfillPage:
    """List what people asked for, newest first; the relay's own sweeps are not among them."""
    accounts, before = caller.accounts_wanted(account), position(cursor)
    found = await caller.given.store.read(
        lambda connection: recent_backfills(connection, accounts, state=state, before=before, limit=limit)
    )
    items = [await _item(caller, each) for each in found]
    return schemas.BackfillPage(items=tuple(items), next=cursor_of(found[-1].id if len(found) == limit else None))


@router.get("/{id}", summary="Show a backfill")
async def show(caller: Viewer, id: Id) -> schemas.BackfillItem:  # noqa: A002 - the path's word
    """Show how far it has come, how long it may take, and what hinders it."""
    return await _item(caller, await _demanded(caller, id))


@router.post("/{id}/pause", summary="Pause a backfill")
async def pause(caller: Operator, id: Id, asked: schemas.OptionalReason | None = None) -> schemas.BackfillItem:  # noqa: A002
    """List nothing more until it is resumed; orders that were found already are still read."""
    return await _change(caller, id, "pause", asked)


@router.post("/{id}/resume", summary="Resume a paused backfill")
async def resume(caller: Operator, id: Id, asked: schemas.OptionalReason | None = None) -> schemas.BackfillItem:  # noqa: A002
    """Go on where it was paused."""
    return await _change(caller, id, "resume", asked)


@router.post("/{id}/cancel", summary="End a backfill")
async def cancel(caller: Operator, id: Id, asked: schemas.OptionalReason | None = None) -> schemas.BackfillItem:  # noqa: A002
    """List nothing more, for good; orders that were found already are still read."""
    return await _change(caller, id, "cancel", asked)


async def _change(caller: Caller, id_: str, change: str, asked: schemas.OptionalReason | None) -> schemas.BackfillItem:
    found = await _demanded(caller, id_)
    given = caller.given
    changed, now_is = await given.store.write(
        ChangeBackfill(
            id=found.id,
            change=change,
            actor=caller.name,
            reason=asked.reason if asked else None,
            ids=given.store.ids,
            now=given.now(),
        )
    )
    if not changed:
        raise Problem("backfill-state", f"{id_} is {now_is.state}: it cannot {change} any more, or did already.")
    given.look_back(found.account)
    return await _item(caller, now_is)


async def _demanded(caller: Caller, id_: str) -> Backfill:
    number = row_id("bf", id_, "backfill")
    found = await caller.given.store.read(lambda connection: stored_backfill(connection, number))
    visible = found is not None and (caller.accounts is None or found.account in caller.accounts)
    if found is None or not visible or found.kind != "asked":
        raise missing("backfill", id_)
    return found


async def _item(caller: Caller, found: Backfill) -> schemas.BackfillItem:
    given = caller.given
    now = given.now()
    unread = await given.store.read(
        lambda c: waiting_reads(c, found.account, now, _COUNTED) + being_read(c, found.account, now, _COUNTED)
    )
    told = found.told + found.listed
    eta = None
    if found.expected is not None and found.state == "running":
        per_second = given.forwarding.get(found.account, Forwarding()).rate_per_second
        eta = (max(0, found.expected - told) + unread) / min(per_second, found.rate or per_second)
    return schemas.BackfillItem.model_validate(plain(found, told=told, unread=unread, eta_seconds=eta))
