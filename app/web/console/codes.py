"""Codes that no adapter knew: saying what they mean, and reading again what came before."""

from typing import Annotated, Final

from fastapi import Query, Response
from pydantic import StringConstraints

from app.web import schemas
from app.web.console.routing import FormOf, Search, Visit, Visitor, back_to, console_part, demanded
from app.web.dependencies import Role
from app.web.ops import activity, overrides, webhooks
from app.web.problems import Problem

__all__ = ["router"]

router: Final = console_part()

_NAMES: Final = ("account", "carrier", "code", "reason")
_DONE: Final = frozenset({"said", "removed"})

Name = Annotated[str, StringConstraints(max_length=100)]
Code = Annotated[str, StringConstraints(max_length=200)]


class _CodeAsked(Search):
    account: Name | None = None
    carrier: Name | None = None
    code: Code | None = None


@router.get("/codes")
async def index(visit: Visitor, asked: Annotated[_CodeAsked, Query()], done: str = "") -> Response:
    """List what was said, and ask what a code means."""
    listed = await overrides.index(visit.caller)
    is_asked = asked.account is not None and asked.carrier is not None and asked.code is not None
    return visit.show(
        "codes.html",
        items=listed.items,
        asked=asked if is_asked else None,
        samples=await _samples(visit, asked) if is_asked else (),
        meanings=schemas.MEANINGS,
        done=done if done in _DONE else None,
    )


async def _samples(visit: Visit, asked: _CodeAsked) -> tuple[schemas.Event, ...]:
    """Show with which words the code came last; nobody can give a bare number a meaning."""
    known = await activity.unknown_codes(visit.caller, account=asked.account, carrier=asked.carrier)
    latest = next((each.webhook_id for each in known.items if each.code == asked.code), None)
    if latest is None:
        return ()
    try:
        found = await webhooks.show(visit.caller, latest)
    except Problem:
        # Retention took it; the code can be given its meaning all the same.
        return ()
    return tuple(event for event in found.events if event.code == asked.code)[:1]


@router.post("/codes")
async def override(visit: Visitor, form: FormOf) -> Response:
    """Say what a code means; lead to the replay that this began."""
    visit.demand(Role.OPERATOR)
    asked = {name: demanded(form, name) for name in (*_NAMES, "milestone")}
    said = schemas.NewOverride.model_validate({**asked, "replay": form.get("replay") is not None})
    found = await overrides.override(visit.caller, said)
    return back_to("/console/codes", "said") if found.replay is None else back_to(f"/console/replays/{found.replay.id}")


@router.post("/codes/remove")
async def remove(visit: Visitor, form: FormOf) -> Response:
    """Take back what was said."""
    visit.demand(Role.OPERATOR)
    asked = {name: demanded(form, name) for name in _NAMES}
    await overrides.remove(visit.caller, schemas.OverrideRemoval.model_validate(asked))
    return back_to("/console/codes", "removed")
