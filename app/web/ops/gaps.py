"""When webhooks were not taken, and what to do about it, source by source."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query

from app.briefing import BRIEFINGS, CUSTOMER
from app.outages import Gap, Language, Verdict, gaps_in, judge, letter
from app.source import Source
from app.store import presences_since, turned_away_since
from app.web import schemas
from app.web.ops.access import Caller, Viewer
from app.web.ops.listing import Limit

__all__ = ["gaps_since", "router"]

router: Final = APIRouter(tags=["activity"])


@router.get("/gaps", summary="List when webhooks were not taken, and what to do about it")
async def index(
    caller: Viewer,
    account: Annotated[str | None, Query(max_length=100, description="Only of this account or group.")] = None,
    carrier: Annotated[str | None, Query(max_length=100, examples=["easypost"])] = None,
    days: Annotated[int, Query(ge=1, le=180, description="How far back.")] = 30,
    language: Annotated[Language, Query(description="The language of the letters.")] = "en",
    limit: Limit = 50,
) -> schemas.GapPage:
    """List the times in which no process was there, a source was answered 503, or all of its requests were refused.

    Each says of every source of it whether its carrier sends again by itself, whether its next webhooks tell what is
    missing, or what to write so that they are sent again.
    """
    since = caller.given.now() - timedelta(days=days)
    found = await gaps_since(caller, since, account=account, carrier=carrier, language=language)
    return schemas.GapPage(since=since, items=tuple(found[:limit]), is_more=len(found) > limit)


async def gaps_since(
    caller: Caller, since: datetime, *, account: str | None = None, carrier: str | None = None, language: Language
) -> list[schemas.Gap]:
    """List the gaps from a time on, the latest first, of the sources that the caller may see."""
    given, owners = caller.given, caller.owners_wanted(account)
    sources = [
        source
        for source in sorted(given.sources, key=lambda each: each.name)
        if (owners is None or source.owner in owners) and carrier in {None, source.adapter.slug}
    ]
    now = given.now()
    presences = await given.store.read(lambda connection: presences_since(connection, since))
    turned_away = await given.store.read(lambda connection: turned_away_since(connection, owners, since))
    return [
        shown
        for gap in gaps_in(presences, turned_away, now)
        if gap.until is None or gap.until >= since
        if (shown := _shown(gap, _of(gap, sources), given.public_url, language, now)).sources
    ]


def _of(gap: Gap, sources: Iterable[Source]) -> Iterator[Source]:
    return (source for source in sources if gap.source in {None, (source.owner, source.adapter.slug)})


def _shown(
    gap: Gap, sources: Iterable[Source], public_url: str | None, language: Language, now: datetime
) -> schemas.Gap:
    return schemas.Gap(
        kind=gap.kind,
        cause=gap.cause,
        since=gap.since,
        until=gap.until,
        requests=gap.requests,
        sources=tuple(_judged(gap, source, public_url or "", language, now) for source in sources),
    )


def _judged(gap: Gap, source: Source, base: str, language: Language, now: datetime) -> schemas.GapSource:
    adapter, until = source.adapter, gap.until or now
    judged = judge(adapter.redelivery, gap.since, until, refused=gap.kind == "refused")
    words = ""
    if judged.verdict is not Verdict.RETRIES:
        briefing = BRIEFINGS.get(adapter.slug)
        words = letter(
            language,
            # The secret at its end is shown to nobody.
            f"{base.rstrip('/')}{source.path}{'/***' if source.path_key else ''}",
            gap.since,
            judged.lost_until or until,
            to_customer=briefing is not None and briefing.pushes == CUSTOMER,
        )
    return schemas.GapSource(
        name=source.name,
        owner=source.owner,
        carrier=adapter.slug,
        verdict=judged.verdict.value,
        retries_until=judged.retries_until,
        lost_until=judged.lost_until,
        ask=adapter.redelivery.ask,
        letter=words,
    )
