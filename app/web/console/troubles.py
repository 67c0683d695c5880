"""Problems: everything that waits for a person, kind by kind, with what can be done about it."""

import asyncio
from typing import Final

from fastapi import Response

from app.web import schemas
from app.web.console.overview import troubles_of
from app.web.console.routing import FormOf, Visitor, back_to, console_part, demanded
from app.web.dependencies import Role
from app.web.ops import accounts, activity, quiet, redriving, shipments, webhooks

__all__ = ["router"]

router: Final = console_part()

_SHOWN: Final = 10


@router.get("/problems")
async def problems(visit: Visitor, done: str = "", n: int = 0) -> Response:
    """Show each kind of problem with its latest cases."""
    caller = visit.caller
    listed, day, dead, unmappable, causes, silent = await asyncio.gather(
        accounts.index(caller),
        activity.activity(caller),
        shipments.index(caller, state="dead", limit=_SHOWN),
        webhooks.index(caller, state="unmappable", limit=_SHOWN),
        redriving.causes(caller),
        quiet.quiet(caller, limit=_SHOWN),
    )
    found = await troubles_of(caller, listed.items, day.items)
    return visit.show(
        "problems.html",
        troubles=found,
        dead=dead.items,
        dead_causes=causes.items,
        redriven=n if done == "redriven" else None,
        unmappable=unmappable.items,
        quiet=silent.items,
        dead_rows=[account for account in listed.items if account.dead_rows],
    )


@router.post("/problems/redrive")
async def redrive(visit: Visitor, form: FormOf) -> Response:
    """Take up again what was given up of an account for a cause."""
    visit.demand(Role.OPERATOR)
    asked = schemas.RedriveRequest.model_validate(
        {"account": form.get("account"), "cause": form.get("cause"), "reason": demanded(form, "reason")}
    )
    taken = await redriving.redrive_many(visit.caller, asked)
    return back_to(f"/console/problems?n={taken.redriven}&done=redriven#dead")
