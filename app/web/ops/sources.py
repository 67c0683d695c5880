"""Sources: which carriers tell of which accounts, and how many of their parcels find their shipment."""

from typing import Final

from fastapi import APIRouter

from app.store.match_counts import MatchCount, match_rates
from app.web import schemas
from app.web.ops.access import Viewer

__all__ = ["router"]

router: Final = APIRouter(prefix="/sources", tags=["accounts"])


@router.get("", summary="List the sources with their match rates")
async def index(caller: Viewer) -> schemas.SourcePage:
    """List the configured sources that the caller may see; a group's only who may see all of its accounts."""
    owners = caller.owners
    counted = await caller.given.store.read(lambda connection: match_rates(connection, owners))
    by_name = {(count.owner, count.carrier): count for count in counted}
    items = []
    for source in sorted(caller.given.sources, key=lambda each: each.name):
        if owners is not None and source.owner not in owners:
            continue
        nothing = MatchCount(
            owner=source.owner, carrier=source.adapter.slug, subjects=0, placed_within_hour=0, placed=0
        )
        count = by_name.get((source.owner, source.adapter.slug), nothing)
        items.append(
            schemas.Source(
                name=source.name,
                owner=source.owner,
                carrier=source.adapter.slug,
                accounts=source.accounts,
                subjects=count.subjects,
                placed_within_hour=count.placed_within_hour,
                placed=count.placed,
                match_rate_within_hour=_share(count.placed_within_hour, count.subjects),
                match_rate=_share(count.placed, count.subjects),
            )
        )
    return schemas.SourcePage(items=tuple(items))


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
