"""Sources: which carriers tell of which accounts, and how many of their parcels find their shipment."""

from typing import Final

from fastapi import APIRouter

from app.source import Source
from app.store.match_counts import MatchCount, match_rates
from app.web import schemas
from app.web.ops.access import Caller, Viewer

__all__ = ["router", "sources_of"]

router: Final = APIRouter(prefix="/sources", tags=["accounts"])


@router.get("", summary="List the sources with their match rates")
async def index(caller: Viewer) -> schemas.SourcePage:
    """List the configured sources that the caller may see; a group's only who may see all of its accounts."""
    return schemas.SourcePage(items=await sources_of(caller, caller.owners))


async def sources_of(caller: Caller, owners: tuple[str, ...] | None) -> tuple[schemas.Source, ...]:
    """Show the sources of some accounts and groups, of all for None."""
    counted = await caller.given.store.read(lambda connection: match_rates(connection, owners))
    by_name = {(count.owner, count.carrier): count for count in counted}
    wanted = [source for source in caller.given.sources if owners is None or source.owner in owners]
    return tuple(
        _shown(source, by_name.get((source.owner, source.adapter.slug)))
        for source in sorted(wanted, key=lambda each: each.name)
    )


def _shown(source: Source, count: MatchCount | None) -> schemas.Source:
    seen, soon, placed = (count.subjects, count.placed_within_hour, count.placed) if count else (0, 0, 0)
    return schemas.Source(
        name=source.name,
        owner=source.owner,
        carrier=source.adapter.slug,
        accounts=source.accounts,
        subjects=seen,
        placed_within_hour=soon,
        placed=placed,
        match_rate_within_hour=round(soon / seen, 4) if seen else None,
        match_rate=round(placed / seen, 4) if seen else None,
    )
