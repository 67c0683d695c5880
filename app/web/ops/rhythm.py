"""What happened in spans of time: how much arrived, how much VTEX accepted, and how long that took."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final

from fastapi import APIRouter, Query

from app.store.lags import percentile, spans_since
from app.web import schemas
from app.web.ops.access import Viewer
from app.web.ops.activity import every_owner

__all__ = ["router"]

router: Final = APIRouter(tags=["activity"])

_KINDS: Final = ("mapped", "ignored", "unmappable", "refused", "applied", "failed")


@router.get("/activity/summary", summary="Sum up what happened, with the latency to VTEX")
async def summary(
    caller: Viewer,
    account: Annotated[
        str | None, Query(description="The account or group; all that may be seen unless given.")
    ] = None,
    hours: Annotated[int, Query(ge=1, le=720, description="How far back.")] = 24,
    step_hours: Annotated[int, Query(ge=1, le=720, description="How long each span is.")] = 1,
) -> schemas.Rhythm:
    """Sum up webhooks, calls to VTEX, and how long events took from their webhook to VTEX, in all and span by span."""
    wanted = caller.owners_wanted(account)
    owners = wanted if wanted is not None else every_owner(caller)
    now, step = caller.given.now(), min(step_hours, hours)
    found = await caller.given.store.read(
        lambda connection: spans_since(connection, owners, hours=hours, step=step, now=now)
    )
    counts: Counter[str] = Counter()
    lags: Counter[int] = Counter()
    for span in found:
        counts.update(span.counts)
        lags.update(span.lags)
    return schemas.Rhythm(
        hours=hours,
        step_hours=step,
        total=_shown(found[0].since, counts, lags),
        items=tuple(_shown(span.since, span.counts, span.lags) for span in found),
    )


def _shown(since: datetime, counts: Mapping[str, int], lags: Mapping[int, int]) -> schemas.RhythmSpan:
    kinds = {kind: counts.get(kind, 0) for kind in _KINDS}
    calls = kinds["applied"] + kinds["failed"]
    latency = schemas.Latency(
        count=sum(lags.values()),
        p50_seconds=percentile(lags, 0.5),
        p95_seconds=percentile(lags, 0.95),
        p99_seconds=percentile(lags, 0.99),
    )
    rate = round(kinds["applied"] / calls, 4) if calls else None
    return schemas.RhythmSpan(since=since, success_rate=rate, latency=latency, **kinds)
