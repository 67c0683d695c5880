"""What codes mean: an operator's word for what no adapter knew, and reading again what came before it."""

from typing import Final

from fastapi import APIRouter

from app.store.overrides import Override, OverrideCode, RemoveOverride, list_overrides
from app.store.queries import WebhookFilter
from app.store.replay_jobs import scope_of
from app.web import schemas
from app.web.ops.access import Caller, Operator, Viewer
from app.web.ops.listing import missing
from app.web.ops.replays import item_of

__all__ = ["router"]

router: Final = APIRouter(prefix="/overrides", tags=["replays"])

_MOST: Final = 100_000


@router.get("", summary="List what operators said that codes mean")
async def index(caller: Viewer) -> schemas.OverridePage:
    """List the overrides by source and code; they go over the settings, and those over the adapter."""
    found = await caller.given.store.read(lambda connection: list_overrides(connection, caller.owners))
    return schemas.OverridePage(items=tuple(schemas.OverrideItem.model_validate(each) for each in found))


@router.post("", summary="Say what a code means, and read again what came without a meaning")
async def override(caller: Operator, asked: schemas.NewOverride) -> schemas.Overridden:
    """Give a code of a source its meaning from now on, in one step with a replay of what had none so far.

    With `dry_run` nothing is changed, and what would be read again is only counted. What VTEX accepted as delivered
    stays delivered, also when the override is taken back.
    """
    _demand_source(caller, asked)
    given = caller.given
    said = _said(caller, asked, asked.milestone)
    wanted = WebhookFilter(owners=(asked.account,), carrier=asked.carrier, unknown=True)
    scope = await given.store.read(lambda connection: scope_of(connection, wanted, most=_MOST, samples=1))
    replay = None
    if not asked.dry_run:
        operation = OverrideCode(
            override=said, scope=scope if asked.replay else None, rate=asked.rate, ids=given.store.ids
        )
        replay = await given.store.write(operation)
        given.meaning()
        given.replaying()
    return schemas.Overridden(
        override=schemas.OverrideItem.model_validate(said),
        count=scope.count,
        orders=scope.orders,
        replay=None if replay is None else item_of(replay),
    )


@router.post("/remove", summary="Let a code mean again what the settings and the adapter say")
async def remove(caller: Operator, asked: schemas.OverrideRemoval) -> schemas.OverridePage:
    """Take an override back; what was read by it stays as it is, until it is read again. The rest is answered."""
    _demand_owner(caller, asked)
    given = caller.given
    removed = await given.store.write(RemoveOverride(override=_said(caller, asked, ""), ids=given.store.ids))
    if not removed:
        raise missing(f"override at {asked.account}/{asked.carrier} of the code", asked.code)
    given.meaning()
    return await index(caller)


def _said(caller: Caller, asked: schemas.OverrideRemoval, milestone: str) -> Override:
    return Override(
        owner=asked.account,
        carrier=asked.carrier,
        code=asked.code,
        milestone=milestone,
        actor=caller.name,
        reason=asked.reason,
        at=caller.given.now(),
    )


def _demand_owner(caller: Caller, asked: schemas.OverrideRemoval) -> None:
    """Refuse a source that is not the caller's as one that does not exist."""
    if caller.owners is not None and asked.account not in caller.owners:
        raise missing("source", f"{asked.account}/{asked.carrier}")


def _demand_source(caller: Caller, asked: schemas.OverrideRemoval) -> None:
    _demand_owner(caller, asked)
    if caller.given.sources.find(asked.carrier, asked.account) is None:
        raise missing("source", f"{asked.account}/{asked.carrier}")
