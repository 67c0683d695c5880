"""Problems: everything that waits for a person, kind by kind, with what can be done about it."""

import asyncio
from datetime import timedelta
from typing import Final

from fastapi import Response

from app.outages import Language
from app.web import schemas
from app.web.console.overview import troubles_of
from app.web.console.routing import FormOf, Visit, Visitor, back_to, console_part, demanded
from app.web.dependencies import Role
from app.web.ops import accounts, activity, quiet, redriving, shipments, webhooks
from app.web.ops.gaps import gaps_since

__all__ = ["router"]

router: Final = console_part()

_SHOWN: Final = 10
_LOOKS_BACK: Final = timedelta(days=30)
_LEAST_DOWN: Final = timedelta(minutes=1)
"""A restart that took less is no problem; the command and the interface list it all the same."""


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
        gaps=(await _gaps(visit))[:_SHOWN],
        dead_rows=[account for account in listed.items if account.dead_rows],
    )


async def _gaps(visit: Visit) -> list[schemas.Gap]:
    """List when webhooks were not taken, short restarts left aside."""
    now = visit.caller.given.now()
    language: Language = "pt-BR" if visit.page.language.tag == "pt-BR" else "en"
    found = await gaps_since(visit.caller, now - _LOOKS_BACK, language=language)
    return [gap for gap in found if gap.kind != "down" or (gap.until or now) - gap.since >= _LEAST_DOWN]


@router.post("/problems/redrive")
async def redrive(visit: Visitor, form: FormOf) -> Response:
    """Take up again what was given up of an account for a cause."""
    visit.demand(Role.OPERATOR)
    asked = schemas.RedriveRequest.model_validate(
        {"account": form.get("account"), "cause": form.get("cause"), "reason": demanded(form, "reason")}
    )
    taken = await redriving.redrive_many(visit.caller, asked)
    return back_to(f"/console/problems?n={taken.redriven}&done=redriven#dead")
