"""Problems: everything that waits for a person, kind by kind, with what can be done about it."""

import asyncio
from typing import Final

from fastapi import Response

from app.web.console.overview import troubles_of
from app.web.console.routing import Visitor, console_part
from app.web.ops import accounts, activity, shipments, webhooks

__all__ = ["router"]

router: Final = console_part()

_SHOWN: Final = 10


@router.get("/problems")
async def problems(visit: Visitor) -> Response:
    """Show each kind of problem with its latest cases."""
    caller = visit.caller
    listed, day, dead, unmappable = await asyncio.gather(
        accounts.index(caller),
        activity.activity(caller),
        shipments.index(caller, state="dead", limit=_SHOWN),
        webhooks.index(caller, state="unmappable", limit=_SHOWN),
    )
    found = await troubles_of(caller, listed.items, day.items)
    return visit.show(
        "problems.html",
        troubles=found,
        dead=dead.items,
        unmappable=unmappable.items,
        dead_rows=[account for account in listed.items if account.dead_rows],
    )
