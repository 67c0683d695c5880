"""Finding an order by whatever a person has in hand."""

from typing import Annotated, Final

from fastapi import APIRouter, Query

from app.store.queries import search as find
from app.web import schemas
from app.web.ops.access import Viewer

__all__ = ["router"]

router: Final = APIRouter(prefix="/search", tags=["shipments"])

_LONGEST: Final = 200


@router.get("", summary="Find an order by whatever is known of it")
async def search(
    caller: Viewer,
    q: Annotated[
        str,
        Query(
            min_length=1,
            max_length=_LONGEST,
            description="A tracking number however it is written, an order's id, group or sequence, an invoice's "
            "number, or the key of an NF-e.",
            examples=["QX004512345BR"],
        ),
    ],
    account: Annotated[str | None, Query(description="Of this account only.")] = None,
    limit: Annotated[int, Query(ge=1, le=100, description="How many of each kind at most.")] = 20,
) -> schemas.FoundPage:
    """Look for shipments, and for parcels that carriers told of and whose shipment is not known."""
    accounts = caller.accounts_wanted(account)
    owners = (
        caller.owners
        if account is None
        else tuple(sorted({account, *(source.owner for source in caller.given.sources if account in source.accounts)}))
    )
    if owners is not None and caller.owners is not None:
        owners = tuple(owner for owner in owners if owner in caller.owners)
    among = tuple(sorted(caller.given.accounts)) if accounts is None else accounts
    found = await caller.given.store.read(lambda connection: find(connection, among, owners, q, limit=limit))
    return schemas.FoundPage(
        items=tuple(schemas.FoundItem.model_validate(each) for each in found.shipments),
        waiting=tuple(schemas.SubjectItem.model_validate(each) for each in found.waiting),
        is_more=found.is_more,
    )
