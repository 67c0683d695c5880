"""VTEX's order hook: what is known of it; look, install and remove."""

from typing import Final, cast

from fastapi import APIRouter

from app.gathering import HookKeeper
from app.store import HookRecord, hook_records
from app.web import schemas
from app.web.dependencies import Role
from app.web.ops.access import Caller, Operator, Viewer, demand_role
from app.web.ops.accounts import Name, demand_account
from app.web.ops.listing import missing
from app.web.schemas.hooks import HookWord

__all__ = ["router"]

router: Final = APIRouter(prefix="/accounts", tags=["accounts"])


@router.get("/{account}/hook", summary="Show what is known of an account's order hook")
async def show(caller: Viewer, account: Name) -> schemas.HookItem:
    """Show what the last look at VTEX found, whose the hook is, and what is wrong with it."""
    keeper = _keeper(caller, account)
    found = await caller.given.store.read(lambda connection: hook_records(connection, [account]))
    return _item(account, keeper, found[account])


@router.post("/{account}/hook/check", summary="Look at an account's order hook now")
async def check(caller: Operator, account: Name) -> schemas.HookItem:
    """Ask VTEX; nothing is changed, though a hook of this relay that VTEX deleted is then made again soon."""
    keeper = _keeper(caller, account)
    return _item(account, keeper, await keeper.look())


@router.post("/{account}/hook/install", summary="Have VTEX's order hook tell this relay")
async def install(caller: Operator, account: Name, asked: schemas.InstallHook | None = None) -> schemas.HookItem:
    """Set the hook up where there is none, put this relay's own right, and leave one of others alone.

    VTEX asks this relay whether it is there before it takes the hook. From then on the relay looks at it every day, and
    makes it again when VTEX deletes it, which it does after three days without anything to tell. Another `public_url`
    than the configured one takes an admin, since the account's `hook_key` and orders are told there.
    """
    keeper, asked = _keeper(caller, account), asked or schemas.InstallHook()
    if asked.public_url is not None:
        demand_role(caller.token, Role.ADMIN)
    record, changed = await keeper.install(asked.public_url, actor=caller.name, reason=asked.reason)
    return _item(account, keeper, record, changed=changed)


@router.post("/{account}/hook/remove", summary="Delete this relay's order hook")
async def remove(caller: Operator, account: Name, asked: schemas.OptionalReason | None = None) -> schemas.HookItem:
    """Delete the hook if it is this relay's, and make it no more; one of others is left alone."""
    keeper = _keeper(caller, account)
    record, changed = await keeper.remove(actor=caller.name, reason=asked.reason if asked else None)
    return _item(account, keeper, record, changed=changed)


def _keeper(caller: Caller, account: str) -> HookKeeper:
    demand_account(caller, account)
    keeper = caller.given.hooks.get(account)
    if keeper is None:
        raise missing("account", account)
    return keeper


def _item(account: str, keeper: HookKeeper, record: HookRecord, *, changed: bool | None = None) -> schemas.HookItem:
    word, problem = keeper.standing(record)
    return schemas.HookItem(
        account=account,
        state=cast("HookWord", word),
        problem=problem,
        url=record.url,
        expected_url=keeper.url or record.kept_url,
        kept=record.kept_url is not None,
        checked_at=record.checked_at,
        restored_at=record.restored_at,
        changed=changed,
    )
