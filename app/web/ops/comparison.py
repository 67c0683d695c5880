"""Observed accounts: what they would have been sent, compared with what others write."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query

from app.redaction import NOBODY
from app.store import Refresh
from app.store.queries import ComparedShipment, ComparisonFilter, compare, words_of
from app.vtex import scrub
from app.web import schemas
from app.web.ops.access import Caller, Operator, Viewer
from app.web.ops.accounts import Name, demand_account
from app.web.ops.listing import Cursor, Limit, Since, cursor_of, plain, position
from app.web.ops.showing import shown_texts

__all__ = ["router"]

router: Final = APIRouter(prefix="/accounts/{account}/comparison", tags=["accounts"])

Kind = Literal[
    "same", "reworded", "missing", "waiting", "revised", "extra", "agree", "only-relay", "only-vtex", "delivery-waiting"
]
_ACCEPTED: Final = 202


@router.get("", summary="Compare what would have been sent with what VTEX shows")
async def show(
    caller: Viewer,
    account: Name,
    since: Since = None,
    missing_after_hours: Annotated[
        float,
        Query(
            ge=0,
            le=8760,
            description="How long after a row would have been sent its order must have been read without showing it, "
            "before it counts as missing.",
        ),
    ] = 24.0,
    show: Annotated[Kind | None, Query(description="Only shipments with something of this kind.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> schemas.ComparisonPage:
    """Show how far the relay and the other writers of an observed account agree, in sum and shipment by shipment.

    `since` leaves out what would have been sent before. The totals are those of all shipments since then, whichever
    are shown. An order is looked at for three days after its last new row; `comparison/refresh` looks again now.
    """
    demand_account(caller, account)
    wanted = ComparisonFilter(
        account=account, since=since, missing_after=timedelta(hours=missing_after_hours), kind=show
    )
    before = position(cursor)
    found = await caller.given.store.read(lambda connection: compare(connection, wanted, before=before, limit=limit))
    return schemas.ComparisonPage(
        totals=schemas.ComparisonTotals.model_validate(found.totals),
        items=await _shown(caller, found.items),
        next=cursor_of(found.before),
    )


async def _shown(caller: Caller, items: Sequence[ComparedShipment]) -> tuple[schemas.ComparedShipment, ...]:
    """Show shipments, without what the caller may not see in what carriers said and in what others wrote."""
    if caller.sight is None:
        return tuple(schemas.ComparedShipment.model_validate(each) for each in items)
    told = [row.event_id for each in items for row in each.rows]
    spoken = await caller.given.store.read(lambda connection: words_of(connection, told))
    shown: list[schemas.ComparedShipment] = []
    for each in items:
        texts = shown_texts(caller, spoken, [(row.event_id, row.description) for row in each.rows])
        rows = tuple(replace(row, description=text) for row, text in zip(each.rows, texts, strict=True))
        # What others wrote speaks of the receiver, if of anybody.
        hides = scrub if caller.sight == NOBODY else str
        extra = [{**row, "description": hides(row["description"])} for row in each.extra]
        shown.append(schemas.ComparedShipment.model_validate(plain(each, rows=rows, extra=extra)))
    return tuple(shown)


@router.post("/refresh", summary="Read the orders of observed shipments now", status_code=_ACCEPTED)
async def refresh(caller: Operator, account: Name) -> schemas.Queued:
    """Queue a read of every observed shipment's order; the comparison follows as VTEX answers."""
    demand_account(caller, account)
    queued = await caller.given.store.write(Refresh(account=account, now=caller.given.now()))
    caller.given.wake()
    return schemas.Queued(queued=queued)
