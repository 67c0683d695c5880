"""The overview: what arrives, what is forwarded, what waits, and what is wrong."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Final, Literal

from fastapi import Query, Response

from app.store.queries import RefusalFilter, list_refusals
from app.web import schemas
from app.web.console.charts import columns, lines
from app.web.console.routing import Search, Visitor, console_part
from app.web.ops import accounts, activity, parked, quiet, rhythm, sources
from app.web.ops.access import Caller

__all__ = ["Troubles", "router", "troubles_of"]

router: Final = console_part()

_HOURS: Final = 24
_READ: Final = ("mapped", "ignored", "unmappable")
_CALLED: Final = ("applied", "failed")
_LAGS: Final = ("p50", "p95", "p99")
_REFUSALS_COUNTED: Final = 500
_SILENT_COUNTED: Final = 100
# What can be looked back at, and in columns of how many hours.
RANGES: Final = {24: 1, 168: 6, 720: 24}


@dataclass(frozen=True, slots=True, kw_only=True)
class Troubles:
    """What a person should look at, counted."""

    resting: tuple[schemas.AccountItem, ...]
    dead_shipments: int
    dead_rows: int
    causes: tuple[schemas.ParkedCause, ...]
    unknown_codes: tuple[schemas.UnknownCode, ...]
    unmappable: int
    refused: int
    silent: int
    hushed: tuple[schemas.Source, ...]

    @property
    def parked(self) -> int:
        """Count what waits for its shipment."""
        return sum(cause.count for cause in self.causes)

    @property
    def refused_is_more(self) -> bool:
        """Tell whether there are more refusals than were counted."""
        return self.refused >= _REFUSALS_COUNTED

    @property
    def silent_is_more(self) -> bool:
        """Tell whether there are more parcels without news than were counted."""
        return self.silent >= _SILENT_COUNTED

    @property
    def is_any(self) -> bool:
        """Tell whether there is anything to look at."""
        counts = (self.dead_shipments, self.dead_rows, self.parked, self.unmappable, self.refused, self.silent)
        return bool(self.resting or self.unknown_codes or self.hushed or any(counts))


async def troubles_of(
    caller: Caller, listed: Sequence[schemas.AccountItem], hours: Iterable[schemas.ActivityHour]
) -> Troubles:
    """Look for everything that a person should know of."""
    causes, codes, refused, silent, known = await asyncio.gather(
        parked.causes(caller),
        activity.unknown_codes(caller),
        _refused_lately(caller),
        quiet.quiet(caller, limit=_SILENT_COUNTED),
        sources.index(caller),
    )
    return Troubles(
        resting=tuple(account for account in listed if account.state != "open"),
        dead_shipments=sum(account.dead_shipments for account in listed),
        dead_rows=sum(account.dead_rows for account in listed),
        causes=causes.items,
        unknown_codes=tuple(code for code in codes.items if not code.is_listed),
        unmappable=sum(hour.count for hour in hours if hour.kind == "unmappable"),
        refused=refused,
        silent=len(silent.items),
        hushed=tuple(source for source in known.items if source.rhythm == "quiet"),
    )


async def _refused_lately(caller: Caller) -> int:
    """Count the refusals of the last day, up to a limit: there may be a flood of them."""
    wanted = RefusalFilter(owners=caller.owners, since=caller.given.now() - timedelta(hours=_HOURS))
    found = await caller.given.store.read(
        lambda connection: list_refusals(connection, wanted, before=None, limit=_REFUSALS_COUNTED)
    )
    return len(found.items)


class _Looked(Search):
    hours: Literal["24", "168", "720"] = "24"


@router.get("")
async def overview(visit: Visitor, looked: Annotated[_Looked, Query()]) -> Response:
    """Show at a glance how it goes, and how it went."""
    caller, hours = visit.caller, int(looked.hours)
    listed, day, passed = await asyncio.gather(
        accounts.index(caller),
        activity.activity(caller, hours=_HOURS),
        rhythm.summary(caller, hours=hours, step_hours=RANGES[hours]),
    )
    now = caller.given.now()
    oldest = min((each.oldest_due_at for each in listed.items if each.oldest_due_at), default=None)
    return visit.show(
        "overview.html",
        ranges=RANGES,
        hours=hours,
        passed=passed,
        **_charts(passed),
        accounts=listed.items,
        troubles=await troubles_of(caller, listed.items, day.items),
        due=sum(each.due for each in listed.items),
        in_flight=sum(each.in_flight for each in listed.items),
        waiting=sum(each.waiting for each in listed.items),
        pending_rows=sum(each.pending_rows for each in listed.items),
        oldest=None if oldest is None else now - oldest,
        now=now,
    )


def _charts(passed: schemas.Rhythm) -> dict[str, object]:
    step = timedelta(hours=passed.step_hours)
    counts = [(span.since, {kind: getattr(span, kind) for kind in (*_READ, *_CALLED)}) for span in passed.items]
    lags = [(span.since, {kind: getattr(span.latency, f"{kind}_seconds") for kind in _LAGS}) for span in passed.items]
    return {
        "arrived": columns(counts, _READ, step),
        "forwarded": columns(counts, _CALLED, step),
        "lags": lines(lags, _LAGS, step),
    }
