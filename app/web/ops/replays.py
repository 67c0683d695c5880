"""Bulk replays: preview what would be read again, run exactly that, see, pause, resume and cancel it."""

from collections import Counter
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path

from app.errors import MalformedPayload
from app.store.bulk_replays import Replay
from app.store.queries import WebhookFilter
from app.store.replay_jobs import ChangeReplay, PreviewReplay, StartReplay, recent_replays, replay_job, scope_of
from app.web import schemas
from app.web.ops.access import Caller, Operator, Viewer
from app.web.ops.listing import Cursor, Limit, cursor_of, missing, plain, position, row_id
from app.web.problems import Problem

__all__ = ["item_of", "router"]

router: Final = APIRouter(prefix="/replays", tags=["replays"])

Id = Annotated[str, Path(description="The replay.", examples=["rp_01HV2K8Q3ZABL"])]
_SAMPLES: Final = 20
_FILTERS: Final = ("account", "carrier", "state", "since", "until", "tracking_number")
_NOTE: Final = (
    "Rows that VTEX has are never sent again. Events that are missing are added to timelines, what is delivered by "
    "today's reading is called delivered, and what was given up is taken up again; nothing is taken back."
)


@router.post("/preview", summary="Show what a bulk replay would touch")
async def preview(caller: Operator, asked: schemas.ReplayWanted) -> schemas.ReplayPreview:
    """Count the webhooks and the orders that show them, and read a sample again; nothing is changed.

    The token that is answered runs exactly this, within the hour and for the same caller only. What waits for its first
    reading is left out.
    """
    if not asked.unknown and all(getattr(asked, name) is None for name in _FILTERS):
        problem = "name at least one filter: everything at once is never replayed"
        raise Problem("invalid-request", f"account: {problem}.", errors=[{"field": "account", "problem": problem}])
    given = caller.given
    wanted = WebhookFilter(
        owners=caller.owners_wanted(asked.account),
        accounts=caller.accounts or tuple(sorted(given.accounts)),
        carrier=asked.carrier,
        state=asked.state,
        since=asked.since,
        until=asked.until,
        tracking_number=asked.tracking_number,
        unknown=asked.unknown,
    )
    scope = await given.store.read(lambda connection: scope_of(connection, wanted, most=asked.limit, samples=_SAMPLES))
    meanings: Counter[tuple[str | None, str]] = Counter()
    sample = [await _sampled(caller, id_, meanings) for id_ in scope.sample]
    kept = await given.store.write(
        PreviewReplay(wanted=wanted, scope=scope, actor=caller.name, ids=given.store.ids, now=given.now())
    )
    return schemas.ReplayPreview(
        token=kept.token,
        count=scope.count,
        orders=scope.orders,
        sample=tuple(sample),
        meanings=tuple(
            schemas.MeaningChange(before=before, after=after, count=count)
            for (before, after), count in sorted(meanings.items(), key=str)
        ),
        note=_NOTE,
    )


async def _sampled(caller: Caller, id_: int, meanings: Counter[tuple[str | None, str]]) -> schemas.ReplaySample:
    """Read one webhook again and count what it would change."""
    try:
        reread = await caller.given.reread(id_)
    except MalformedPayload as error:
        unread = {"webhook_id": id_, "new": 0, "changed": 0, "unchanged": 0, "problem": str(error)}
        return schemas.ReplaySample.model_validate(unread)
    meanings.update((None, str(event["milestone"])) for event in reread.new)
    meanings.update((each["before"]["milestone"], each["after"]["milestone"]) for each in reread.changed)
    counts = {"new": len(reread.new), "changed": len(reread.changed), "unchanged": reread.unchanged}
    return schemas.ReplaySample.model_validate({"webhook_id": id_, "problem": None, **counts})


@router.post("", status_code=201, summary="Run what a preview showed")
async def start(caller: Operator, asked: schemas.NewReplay) -> schemas.ReplayItem:
    """Read the webhooks again, oldest first; it goes on by itself behind live traffic, and survives restarts."""
    given = caller.given
    begun = await given.store.write(
        StartReplay(
            token=asked.token,
            actor=caller.name,
            reason=asked.reason,
            most=asked.limit,
            rate=asked.rate,
            ids=given.store.ids,
            now=given.now(),
        )
    )
    if begun is None:
        detail = "This preview was run already, is older than an hour, or is not of this token; look at another one."
        raise Problem("replay-state", detail)
    given.replaying()
    return item_of(begun)


@router.get("", summary="List the bulk replays")
async def index(caller: Viewer, limit: Limit = 50, cursor: Cursor = None) -> schemas.ReplayPage:
    """List bulk replays, newest first; who is limited to accounts sees those of their own webhooks only."""
    before = position(cursor)
    found = await caller.given.store.read(lambda c: recent_replays(c, before=before, limit=limit))
    items = tuple(item_of(each) for each in found if _may_see(caller, each))
    return schemas.ReplayPage(items=items, next=cursor_of(found[-1].id if len(found) == limit else None))


@router.get("/{id}", summary="Show a bulk replay")
async def show(caller: Viewer, id: Id) -> schemas.ReplayItem:  # noqa: A002 - the path's word
    """Show how far it has come, what it changed, what failed, and what hinders it."""
    return item_of(await _demanded(caller, id))


@router.post("/{id}/pause", summary="Pause a bulk replay")
async def pause(caller: Operator, id: Id, asked: schemas.OptionalReason | None = None) -> schemas.ReplayItem:  # noqa: A002
    """Read nothing more until it is resumed; what it made due is still forwarded."""
    return await _change(caller, id, "pause", asked)


@router.post("/{id}/resume", summary="Resume a paused bulk replay")
async def resume(caller: Operator, id: Id, asked: schemas.OptionalReason | None = None) -> schemas.ReplayItem:  # noqa: A002
    """Go on where it was paused."""
    return await _change(caller, id, "resume", asked)


@router.post("/{id}/cancel", summary="End a bulk replay")
async def cancel(caller: Operator, id: Id, asked: schemas.OptionalReason | None = None) -> schemas.ReplayItem:  # noqa: A002
    """Read nothing more, for good; what was read stays as it is."""
    return await _change(caller, id, "cancel", asked)


async def _change(caller: Caller, id_: str, change: str, asked: schemas.OptionalReason | None) -> schemas.ReplayItem:
    found = await _demanded(caller, id_)
    given = caller.given
    reason = asked.reason if asked else None
    changed, now_is = await given.store.write(
        ChangeReplay(id=found.id, change=change, actor=caller.name, reason=reason, ids=given.store.ids, now=given.now())
    )
    if not changed:
        raise Problem("replay-state", f"{id_} is {now_is.state}: it cannot {change} any more, or did already.")
    given.replaying()
    return item_of(now_is)


async def _demanded(caller: Caller, id_: str) -> Replay:
    number = row_id("rp", id_, "replay")
    found = await caller.given.store.read(lambda connection: replay_job(connection, number))
    if found is None or not _may_see(caller, found):
        raise missing("replay", id_)
    return found


def _may_see(caller: Caller, job: Replay) -> bool:
    if caller.owners is None:
        return True
    return job.wanted.owners is not None and set(job.wanted.owners) <= set(caller.owners)


def item_of(job: Replay) -> schemas.ReplayItem:
    """Show a replay."""
    left = job.expected - job.done
    eta = left / job.rate if job.rate and job.state == "running" else None
    owners = job.wanted.owners
    more: dict[str, Any] = {
        "account": owners[0] if owners is not None and len(owners) == 1 else None,
        "carrier": job.wanted.carrier,
        "eta_seconds": eta,
    }
    return schemas.ReplayItem.model_validate(plain(job, **more))
