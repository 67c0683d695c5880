"""What happened: hour by hour, codes that no adapter knew, and who changed what."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query

from app.store import parse_public_id
from app.store.overrides import list_overrides
from app.store.queries import AuditFilter, list_audit
from app.store.tallies import UnknownCode, list_unknown_codes, tallies_since
from app.web import schemas
from app.web.ops.access import Caller, Viewer
from app.web.ops.exporting import exported
from app.web.ops.listing import Cursor, Limit, Since, Until, cursor_of, plain, position

__all__ = ["router"]

router: Final = APIRouter()

_HOUR: Final = 3600
_CODES: Final = 500


@router.get("/activity", summary="Count what happened, hour by hour", tags=["activity"])
async def activity(
    caller: Viewer,
    account: Annotated[
        str | None, Query(description="The account or group; all that may be seen unless given.")
    ] = None,
    hours: Annotated[int, Query(ge=1, le=720, description="How far back.")] = 24,
) -> schemas.Activity:
    """Count webhooks by what they were read as, and calls to VTEX by whether they were accepted.

    Webhooks count in the hour in which they were read, calls in the hour in which they ended.
    """
    wanted = caller.owners_wanted(account)
    owners = wanted if wanted is not None else every_owner(caller)
    since = caller.given.now() - timedelta(hours=hours - 1)
    found = await caller.given.store.read(lambda connection: tallies_since(connection, owners, since))
    items = tuple(
        schemas.ActivityHour.model_validate(
            plain(each, hour=datetime.fromtimestamp(each.hour * _HOUR, UTC), carrier=each.carrier or None)
        )
        for each in found
    )
    return schemas.Activity(since=since.replace(minute=0, second=0, microsecond=0), items=items)


def every_owner(caller: Caller) -> tuple[str, ...]:
    """Name the configured accounts, and the groups that have sources."""
    return tuple(sorted(caller.given.accounts | {source.owner for source in caller.given.sources}))


@router.get("/unknown-codes", summary="List the codes that adapters did not know", tags=["activity"])
async def unknown_codes(
    caller: Viewer,
    account: Annotated[str | None, Query(description="The account or group of the source.")] = None,
    carrier: Annotated[str | None, Query(max_length=100, examples=["easypost"])] = None,
) -> schemas.UnknownCodes:
    """List codes that came and that their adapter did not list then; their events were forwarded as text."""
    owners = caller.owners_wanted(account)
    store = caller.given.store
    found = await store.read(lambda c: list_unknown_codes(c, owners, carrier=carrier, limit=_CODES))
    said = {(each.owner, each.carrier, each.code) for each in await store.read(lambda c: list_overrides(c, owners))}
    items = (
        schemas.UnknownCode.model_validate(
            plain(each, is_listed=(each.owner, each.carrier, each.code) in said or _is_listed(caller, each))
        )
        for each in found
    )
    return schemas.UnknownCodes(items=tuple(items))


def _is_listed(caller: Caller, unknown: UnknownCode) -> bool:
    source = caller.given.sources.find(unknown.carrier, unknown.owner)
    if source is None:
        return False
    return unknown.code in source.adapter.milestones or unknown.code in source.milestones


def stored_target(target: str | None) -> str | None:
    """Write what people call a thing as the audit log has it."""
    if target is None:
        return None
    kind, _, id_ = target.partition(":")
    number = parse_public_id(schemas.PREFIXES[kind], id_) if kind in schemas.PREFIXES else None
    return target if number is None else f"{kind}:{number}"


@router.get("/audit", summary="List who changed what, newest first", tags=["activity"])
async def audit(  # noqa: PLR0913, PLR0917 - each filter is a parameter
    caller: Viewer,
    actor: Annotated[str | None, Query(max_length=100, description="The name of a token.")] = None,
    action: Annotated[
        str | None, Query(max_length=100, description="Such as `account.stopped`; `account.` for all that begin so.")
    ] = None,
    account: Annotated[str | None, Query(max_length=100, description="What was done to this account.")] = None,
    target: Annotated[
        str | None, Query(max_length=120, description="What was done to this, such as `shipment:sh_01HV2K8Q3ZABE`.")
    ] = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> schemas.AuditPage:
    """Search the audit log. A token that is limited to accounts sees what it did, and what was done to those."""
    if account is not None:
        caller.demand(account, caller.accounts)
    wanted = AuditFilter(
        actor=actor,
        action=action,
        target=stored_target(target) if account is None else f"account:{account}",
        since=since,
        until=until,
        limited_to=None if caller.accounts is None else (caller.name, caller.accounts),
    )
    before = position(cursor)
    found = await caller.given.store.read(lambda connection: list_audit(connection, wanted, before=before, limit=limit))
    items = tuple(schemas.AuditItem.model_validate(item) for item in found.items)
    return schemas.AuditPage(items=items, next=cursor_of(found.before))


exported(router, "/audit", audit, schemas.AuditItem, "audit")
