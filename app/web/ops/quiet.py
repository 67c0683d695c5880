"""Parcels on their way that nothing is heard of."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Query

from app.store import parse_public_id, public_id
from app.store.queries import quiet_shipments
from app.web import schemas
from app.web.ops.access import Viewer
from app.web.ops.exporting import exported
from app.web.ops.listing import Cursor, Limit, plain
from app.web.problems import Problem

__all__ = ["router"]

router: Final = APIRouter(prefix="/shipments", tags=["shipments"])

_DURATION: Final = r"^\d{1,4}[hd]$"
_UNITS: Final = {"h": timedelta(hours=1), "d": timedelta(days=1)}
_PLACE: Final = re.compile(r"(q_\w{13})-(q_\w{13})")
_MICROSECOND: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Silence = Annotated[
    str, Query(pattern=_DURATION, description="Not heard of for so long: hours or days.", examples=["5d", "36h"])
]


@router.get("/quiet", summary="List shipments without news, the quietest first")
async def quiet(
    caller: Viewer,
    silence: Silence = "5d",
    account: Annotated[str | None, Query(max_length=100, description="Of this account only.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> schemas.QuietPage:
    """List what a carrier has told of, has not arrived, come back or been cancelled, and is not heard of any more.

    Shipments that no carrier has told of at all are in the list of shipments, with `heard=false`.
    """
    accounts = caller.accounts_wanted(account)
    among = tuple(sorted(caller.given.accounts)) if accounts is None else accounts
    now = caller.given.now()
    before = now - int(silence[:-1]) * _UNITS[silence[-1]]
    after = _place(cursor)
    found = await caller.given.store.read(
        lambda connection: quiet_shipments(connection, among, before, after=after, limit=limit)
    )
    items = tuple(
        schemas.QuietItem.model_validate(
            plain(
                each.summary,
                state=each.summary.state,
                quiet_days=round((now - each.quiet_since) / timedelta(days=1), 1),
            )
        )
        for each in found.items
    )
    return schemas.QuietPage(items=items, next=None if found.after is None else _cursor(*found.after))


exported(router, "/quiet", quiet, schemas.QuietItem, "quiet-shipments")


def _cursor(since: datetime, id_: int) -> str:
    return f"{public_id('q', (since - _EPOCH) // _MICROSECOND)}-{public_id('q', id_)}"


def _place(cursor: str | None) -> tuple[datetime, int] | None:
    if cursor is None:
        return None
    parts = _PLACE.fullmatch(cursor)
    numbers = [parse_public_id("q", part) for part in parts.groups()] if parts else []
    since, id_ = numbers or (None, None)
    if since is None or id_ is None or since >= 1 << 53 or id_ >= 1 << 63:
        errors = [{"field": "cursor", "problem": "is none that this list gave"}]
        raise Problem("invalid-request", "cursor: is none that this list gave.", errors=errors)
    return _EPOCH + since * _MICROSECOND, id_
