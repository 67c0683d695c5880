"""The overview: what arrives, what is forwarded, what waits, and what is wrong."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from fastapi import Response

from app.store.queries import RefusalFilter, list_refusals
from app.web import schemas
from app.web.console.charts import hourly
from app.web.console.routing import Visitor, console_part
from app.web.ops import accounts, activity, parked, sources
from app.web.ops.access import Caller

__all__ = ["Troubles", "router", "troubles_of"]

router: Final = console_part()

_HOURS: Final = 24
_READ: Final = ("mapped", "ignored", "unmappable")
_CALLED: Final = ("applied", "failed")
_REFUSALS_COUNTED: Final = 500


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

    @property
    def parked(self) -> int:
        """Count what waits for its shipment."""
        return sum(cause.count for cause in self.causes)

    @property
    def refused_is_more(self) -> bool:
        """Tell whether there are more refusals than were counted."""
        return self.refused >= _REFUSALS_COUNTED

    @property
    def is_any(self) -> bool:
        """Tell whether there is anything to look at."""
        counts = (self.dead_shipments, self.dead_rows, self.parked, self.unmappable, self.refused)
        return bool(self.resting or self.unknown_codes or any(counts))


async def troubles_of(
    caller: Caller, listed: Sequence[schemas.AccountItem], hours: Iterable[schemas.ActivityHour]
) -> Troubles:
    """Look for everything that a person should know of."""
    causes, codes, refused = await asyncio.gather(
        parked.causes(caller), activity.unknown_codes(caller), _refused_lately(caller)
    )
    return Troubles(
        resting=tuple(account for account in listed if account.state != "open"),
        dead_shipments=sum(account.dead_shipments for account in listed),
        dead_rows=sum(account.dead_rows for account in listed),
        causes=causes.items,
        unknown_codes=tuple(code for code in codes.items if not code.is_listed),
        unmappable=sum(hour.count for hour in hours if hour.kind == "unmappable"),
        refused=refused,
    )


async def _refused_lately(caller: Caller) -> int:
    """Count the refusals of the last day, up to a limit: there may be a flood of them."""
    wanted = RefusalFilter(owners=caller.owners, since=caller.given.now() - timedelta(hours=_HOURS))
    found = await caller.given.store.read(
        lambda connection: list_refusals(connection, wanted, before=None, limit=_REFUSALS_COUNTED)
    )
    return len(found.items)


@router.get("")
async def overview(visit: Visitor) -> Response:
    """Show the last day at a glance."""
    caller = visit.caller
    listed, day, known = await asyncio.gather(
        accounts.index(caller), activity.activity(caller, hours=_HOURS), sources.index(caller)
    )
    counted = [(hour.hour, hour.kind, hour.count) for hour in day.items]
    now = caller.given.now()
    oldest = min((each.oldest_due_at for each in listed.items if each.oldest_due_at), default=None)
    return visit.show(
        "overview.html",
        arrived=hourly(counted, _READ, day.since, _HOURS),
        forwarded=hourly(counted, _CALLED, day.since, _HOURS),
        accounts=listed.items,
        sources=known.items,
        troubles=await troubles_of(caller, listed.items, day.items),
        due=sum(each.due for each in listed.items),
        in_flight=sum(each.in_flight for each in listed.items),
        waiting=sum(each.waiting for each in listed.items),
        pending_rows=sum(each.pending_rows for each in listed.items),
        oldest=None if oldest is None else now - oldest,
        now=now,
    )
