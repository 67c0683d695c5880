"""Bulk replays: what would be read again, running that, and how far it has come."""

from datetime import date, timedelta
from typing import Annotated, Final

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict

from app.web import schemas
from app.web.console.routing import FormOf, Visit, Visitor, back_to, console_part, day_end, day_start, demanded
from app.web.dependencies import Role
from app.web.ops import replays
from app.web.problems import Problem

__all__ = ["router"]

router: Final = console_part()

_ON_A_PAGE: Final = 50
_STATES: Final = ("mapped", "ignored", "unmappable")
_CHANGES: Final = {"pause": replays.pause, "resume": replays.resume, "cancel": replays.cancel}
_WORDS: Final = ("account", "carrier", "state", "tracking_number")

Cursor = Annotated[str | None, Query(max_length=100)]


class _Asked(BaseModel):
    """The fields of the form that asks for a preview, beside the words."""

    model_config = ConfigDict(frozen=True)

    since: date | None = None
    until: date | None = None
    limit: int = 10_000


@router.get("/replays")
async def index(visit: Visitor, cursor: Cursor = None) -> Response:
    """List the replays, and ask what is to be read again."""
    listed = await replays.index(visit.caller, limit=_ON_A_PAGE, cursor=cursor)
    return visit.show("replays.html", items=listed.items, next=listed.next, **_choices(visit))


def _choices(visit: Visit) -> dict[str, tuple[str, ...]]:
    return {"owners": visit.owners, "carriers": visit.carriers, "states": _STATES}


@router.post("/replays/preview")
async def preview(visit: Visitor, form: FormOf) -> Response:
    """Show what would be read again; nothing is changed, and only this can be run."""
    visit.demand(Role.OPERATOR)
    words = {name: form.get(name) for name in _WORDS}
    asked = _Asked.model_validate({name: text for name in _Asked.model_fields if (text := form.get(name)) is not None})
    zone = visit.page.zone(*([words["account"]] if words["account"] else []))
    wanted = schemas.ReplayWanted.model_validate(
        {
            **words,
            "since": day_start(asked.since, zone),
            "until": day_end(asked.until, zone),
            "unknown": form.get("unknown") is not None,
            "limit": asked.limit,
        }
    )
    shown = await replays.preview(visit.caller, wanted)
    return visit.show("replay_preview.html", zone=zone, preview=shown, wanted=wanted)


@router.post("/replays")
async def start(visit: Visitor, form: FormOf) -> Response:
    """Run what a preview showed."""
    visit.demand(Role.OPERATOR)
    asked = {"token": demanded(form, "token"), "reason": demanded(form, "reason"), "rate": form.get("rate") or 20}
    begun = await replays.start(visit.caller, schemas.NewReplay.model_validate(asked))
    return back_to(f"/console/replays/{begun.id}")


@router.get("/replays/{id}")
async def show(visit: Visitor, id: str) -> Response:  # noqa: A002 - the path's word
    """Show how far one has come."""
    replay = await replays.show(visit.caller, id)
    left = None if replay.eta_seconds is None else timedelta(seconds=replay.eta_seconds)
    return visit.show("replay.html", replay=replay, left=left)


@router.post("/replays/{id}/{change}")
async def change(visit: Visitor, form: FormOf, id: str, change: str) -> Response:  # noqa: A002 - the path's word
    """Pause, resume or cancel one."""
    visit.demand(Role.OPERATOR)
    if change not in _CHANGES:
        raise Problem("not-found", "A replay can be paused, resumed and cancelled; nothing else.")
    await _CHANGES[change](visit.caller, id, schemas.OptionalReason(reason=form.get("reason")))
    return back_to(f"/console/replays/{id}")
