"""Erasing what an account has left, after it was taken out of the configuration."""

from collections import Counter
from time import monotonic
from typing import Final

from fastapi import APIRouter

from app.errors import OrdersHeld
from app.store import AuditErasure, EraseBatch
from app.web import schemas
from app.web.ops.access import Admin
from app.web.ops.accounts import Name
from app.web.ops.listing import missing
from app.web.problems import Problem

__all__ = ["router"]

router: Final = APIRouter(prefix="/accounts", tags=["accounts"])

_SECONDS: Final = 2.0


@router.post("/{account}/erase", summary="Erase what an account that is not configured any more has left")
async def erase(caller: Admin, account: Name, asked: schemas.Reason) -> schemas.Erased:
    """Erase webhooks, bodies, events, shipments, rows and calls of the account, in small batches, for a few seconds.

    Ask again until `done`; interrupted, it goes on where it was. Of a group's webhooks those go that were about this
    account alone, and nothing while orders of it are held. The audit log stays, and that deliveries came: a carrier
    that sends one again brings nothing back.
    """
    given = caller.given
    if caller.accounts is not None and account not in caller.accounts:
        raise missing("account", account)
    if account in given.accounts or any(source.owner == account for source in given.sources):
        detail = (
            f"{account} is still configured: take it out of the settings, start the relay again, and then erase it."
        )
        raise Problem("account-state", detail)
    erased: Counter[str] = Counter()
    ends = monotonic() + _SECONDS
    try:
        batch = await given.store.write(EraseBatch(account=account))
        if not batch:
            raise missing("account of which anything is stored", account)
        while batch:
            erased.update(batch)
            if monotonic() >= ends:
                break
            batch = await given.store.write(EraseBatch(account=account))
        is_done = not batch
    except OrdersHeld as error:
        if not erased:
            raise _held(account, error) from None
        # Held meanwhile: what went is written down, and the next request is told.
        is_done = False
    await given.store.write(
        AuditErasure(
            account=account,
            actor=caller.name,
            reason=asked.reason,
            detail={"rows": dict(erased), "done": is_done},
            ids=given.store.ids,
            now=given.now(),
        )
    )
    return schemas.Erased(account=account, done=is_done, rows=dict(erased))


def _held(account: str, error: OrdersHeld) -> Problem:
    named = ", ".join(error.orders)
    detail = f"Orders of {account} are held: {named}. Nothing was erased; release them first, if they are not disputed."
    return Problem("held", detail)
