"""Taking up again what was given up: one shipment, or many by account and cause."""

from collections.abc import Sequence
from functools import partial
from time import monotonic
from typing import Annotated, Final

from fastapi import APIRouter, Query

from app.store import Redrive
from app.store.queries import shipment_summary
from app.store.redriving import dead_causes, given_up
from app.web import schemas
from app.web.ops.access import Caller, Operator, Viewer
from app.web.ops.listing import cursor_of, missing, position, row_id
from app.web.ops.shipments import Id
from app.web.problems import Problem

__all__ = ["router"]

router: Final = APIRouter(prefix="/shipments", tags=["shipments"])

_SECONDS: Final = 2.0
_BATCH: Final = 200


@router.get("/dead/causes", summary="Sum up why shipments were given up, account by account")
async def causes(
    caller: Viewer, account: Annotated[str | None, Query(description="Of this account only.")] = None
) -> schemas.DeadCauses:
    """Count the shipments that were given up, and those with rows that were, by their cause."""
    accounts = caller.accounts_wanted(account)
    found, is_more = await caller.given.store.read(lambda connection: dead_causes(connection, accounts))
    items = tuple(schemas.DeadCauseItem.model_validate(each) for each in found)
    return schemas.DeadCauses(items=items, is_more=is_more)


@router.post("/{id}/redrive", summary="Take up a shipment that was given up")
async def redrive(caller: Operator, id: Id, asked: schemas.Reason) -> schemas.ShipmentItem:  # noqa: A002 - the path's word
    """Make it due as though it had never failed; rows that VTEX refused are rendered anew and sent again.

    The order is read first: what VTEX shows by now is not sent twice.
    """
    number = row_id("sh", id, "shipment")
    given = caller.given
    known = await given.store.read(lambda connection: shipment_summary(connection, number))
    if known is None or (caller.accounts is not None and known.account not in caller.accounts):
        raise missing("shipment", id)
    redriven = await given.store.write(_redrive(caller, asked.reason, (number,)))
    if not redriven:
        detail = f"Nothing of {id} was given up, or it is being worked on right now; nothing was changed."
        raise Problem("shipment-state", detail)
    given.wake()
    found = await given.store.read(lambda connection: shipment_summary(connection, number))
    return schemas.ShipmentItem.model_validate(found)


@router.post("/redrive", summary="Take up the shipments of an account, or for a cause, that were given up")
async def redrive_many(caller: Operator, asked: schemas.RedriveRequest) -> schemas.Redriven:
    """Take up shipments, oldest first, for a few seconds; ask again with `next` until it is null.

    They go out behind what comes in now: retries and limits of their account hold as ever.
    """
    if asked.account is None and asked.cause is None:
        errors = [{"field": "account", "problem": "name an account, a cause, or both"}]
        raise Problem("invalid-request", "account: name an account, a cause, or both.", errors=errors)
    accounts = caller.accounts_wanted(asked.account)
    given, after = caller.given, position(asked.cursor) or 0
    ends, redriven, passed, is_over = monotonic() + _SECONDS, 0, 0, False
    while not is_over and redriven + passed < asked.limit and monotonic() < ends:
        most = min(_BATCH, asked.limit - redriven - passed)
        query = partial(given_up, accounts=accounts, cause=asked.cause, after=after, limit=most)
        found = await given.store.read(query)
        is_over = len(found) < most
        if found:
            done = await given.store.write(_redrive(caller, asked.reason, found))
            redriven, passed, after = redriven + len(done), passed + len(found) - len(done), found[-1]
            given.wake()
    return schemas.Redriven(redriven=redriven, passed=passed, next=None if is_over else cursor_of(after))


def _redrive(caller: Caller, reason: str, shipment_ids: Sequence[int]) -> Redrive:
    given = caller.given
    return Redrive(shipment_ids=shipment_ids, actor=caller.name, reason=reason, ids=given.store.ids, now=given.now())
