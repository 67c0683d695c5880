"""Sources: which carriers tell of which accounts, by which secrets, how often, and how many parcels are found."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from fastapi import APIRouter

from app.rhythm import rhythm_of
from app.source import Source
from app.store.arrivals import Arrivals, arrivals, secrets_since
from app.store.match_counts import MatchCount, match_rates
from app.store.tallies import hour_of
from app.web import schemas
from app.web.ops.access import Caller, Viewer

__all__ = ["router", "sources_of"]

router: Final = APIRouter(prefix="/sources", tags=["accounts"])

_HOUR: Final = 3600


@router.get("", summary="List the sources: how they prove themselves, speak and match")
async def index(caller: Viewer) -> schemas.SourcePage:
    """List the configured sources that the caller may see; a group's only who may see all of its accounts."""
    return schemas.SourcePage(items=await sources_of(caller, caller.owners))


async def sources_of(caller: Caller, owners: tuple[str, ...] | None) -> tuple[schemas.Source, ...]:
    """Show the sources of some accounts and groups, of all for None."""
    given, now = caller.given, caller.given.now()
    wanted = [source for source in given.sources if owners is None or source.owner in owners]
    keys = [_key(source) for source in wanted]
    counted = await given.store.read(lambda connection: match_rates(connection, owners))
    came = await given.store.read(lambda connection: arrivals(connection, keys, now))
    since = await given.store.read(secrets_since)
    # Away from the loop: names of secrets are slow to make, the first time.
    marks = await asyncio.to_thread(lambda: {_key(source): source.marks for source in wanted})
    matched = {(count.owner, count.carrier): count for count in counted}
    return tuple(
        _shown(source, matched.get(_key(source)), came[_key(source)], _secrets(source, marks[_key(source)], since), now)
        for source in sorted(wanted, key=lambda each: each.name)
    )


def _key(source: Source) -> tuple[str, str]:
    return source.owner, source.adapter.slug


def _secrets(
    source: Source, marks: Sequence[str], since: Mapping[tuple[str, str, str], datetime]
) -> tuple[schemas.SourceSecret, ...]:
    return tuple(
        schemas.SourceSecret(id=mark, position=position, since=since.get((*_key(source), mark)))
        for position, mark in enumerate(marks)
    )


def _shown(
    source: Source,
    count: MatchCount | None,
    came: Arrivals,
    secrets: tuple[schemas.SourceSecret, ...],
    now: datetime,
) -> schemas.Source:
    seen, soon, placed = (count.subjects, count.placed_within_hour, count.placed) if count else (0, 0, 0)
    told, asked = rhythm_of(came.hours, hour_of(now)), came.taken + came.refused
    unusual = None if told.unusual_from is None else datetime.fromtimestamp(told.unusual_from * _HOUR, UTC)
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
        path=source.path,
        has_path_key=source.path_key is not None,
        is_unsigned=source.credentials.unsigned,
        secrets=secrets,
        last_at=came.last_at,
        taken=came.taken,
        refused=came.refused,
        refusal_rate=round(came.refused / asked, 4) if asked else None,
        rhythm=told.state,
        unusual_from=unusual,
    )
