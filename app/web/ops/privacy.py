"""Personal data of one order: hold it in a dispute, export it for its subject, erase it for good."""

from base64 import b64encode
from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Any, Final

from fastapi import APIRouter, Response

from app.model import normalise_number
from app.store import (
    AdvanceErasure,
    EraseOrder,
    Erasure,
    Held,
    HoldOrder,
    ReleaseOrder,
    held_orders,
    public_id,
    search_bodies,
)
from app.store.subject_access import AuditAccess, order_document
from app.web import schemas
from app.web.ops.access import Admin, Caller, Operator, Support, Viewer
from app.web.ops.listing import missing
from app.web.ops.showing import shown_request
from app.web.problems import Problem
from app.web.subject_access import as_file

__all__ = ["router"]

router: Final = APIRouter(prefix="/orders", tags=["personal data"])

_SECONDS: Final = 2.0
_SEARCHED: Final = 200
_MOST_HELD: Final = 500
_LOG_TRIES: Final = 5


@router.get("/held", summary="List the orders of which nothing is deleted")
async def held(caller: Viewer) -> schemas.HeldOrders:
    """List what is disputed, at most 500."""
    accounts = caller.accounts
    found = await caller.given.store.read(
        lambda connection: held_orders(connection, accounts, after=None, limit=_MOST_HELD)
    )
    return schemas.HeldOrders(items=tuple(schemas.HeldOrder.model_validate(each) for each in found))


@router.post("/hold", summary="Hold an order: nothing of it is deleted", status_code=204, response_class=Response)
async def hold(caller: Operator, asked: schemas.NamedOrder) -> None:
    """Keep everything of a disputed order whatever its age, until it is released; also what comes later."""
    caller.demand(asked.account, caller.accounts)
    given = caller.given
    who = {"actor": caller.name, "reason": asked.reason}
    await given.store.write(
        HoldOrder(account=asked.account, order_id=asked.order_id, ids=given.store.ids, now=given.now(), **who)
    )


@router.post("/release", summary="Release a held order", status_code=204, response_class=Response)
async def release(caller: Operator, asked: schemas.NamedOrder) -> None:
    """Let age decide again."""
    caller.demand(asked.account, caller.accounts)
    given = caller.given
    who = {"actor": caller.name, "reason": asked.reason}
    if not await given.store.write(
        ReleaseOrder(account=asked.account, order_id=asked.order_id, ids=given.store.ids, now=given.now(), **who)
    ):
        raise missing("held order", asked.order_id)


@router.post(
    "/export",
    summary="Export everything that is known of an order",
    response_class=Response,
    responses={
        200: {
            "description": "The file; `Repr-Digest` has its SHA-256, which stands in the audit log as well.",
            "content": {"application/json": {"schema": {"type": "object"}}},
        }
    },
)
async def export(caller: Support, asked: schemas.NamedOrder) -> Response:
    """Write one document for whoever asks what is stored of them: every table, and the bytes of every webhook.

    Below the role operator it has of these what is about the receiver; other persons are masked.
    """
    caller.demand(asked.account, caller.accounts)
    given, owners = caller.given, _owners(caller, asked.account)
    found = await given.store.read(lambda connection: order_document(connection, asked.account, owners, asked.order_id))
    if not any(found.values()):
        raise missing("order", asked.order_id)
    found = {**found, "webhooks": tuple([await _shown(caller, webhook) for webhook in found["webhooks"]])}
    file = as_file(asked.account, asked.order_id, found, given.now())
    await given.store.write(
        AuditAccess(
            account=asked.account,
            order_id=asked.order_id,
            sha256=file.sha256,
            actor=caller.name,
            reason=asked.reason,
            ids=given.store.ids,
            now=given.now(),
        )
    )
    digest = b64encode(bytes.fromhex(file.sha256)).decode()
    headers = {"Content-Disposition": 'attachment; filename="order.json"', "Repr-Digest": f"sha-256=:{digest}:"}
    return Response(file.content, media_type="application/json", headers=headers)


async def _shown(caller: Caller, webhook: Mapping[str, Any]) -> Mapping[str, Any]:
    """Show the bytes of a webhook as far as the caller may see them."""
    shown = dict(webhook)
    for name in ("body", "fetched"):
        if webhook[name] is not None:
            request = await shown_request(
                caller,
                webhook["carrier"],
                body=webhook[name],
                query=webhook["query"] or "",
                headers=webhook["headers"],
                received_at=webhook["received_at"],
            )
            shown |= {name: request.body, "query": request.query}
    return shown


@router.post("/erase", summary="Erase an order, or one parcel, for good")
async def erase(caller: Admin, asked: schemas.NamedParcel) -> schemas.ErasedOrder:
    """Delete it from every table, and the bytes of every webhook that names it, whole.

    Keyed digests stay, so that a carrier's repetition, a whole history, or a read of the order brings nothing back.
    Ask again until `done`. A held order must be released first. VTEX and the carrier have their own copies, and so
    have older backups: a restore erases again what `carrier-relay backup` noted beside them.
    """
    caller.demand(asked.account, caller.accounts)
    given = caller.given
    begun = await given.store.write(
        EraseOrder(
            account=asked.account,
            owners=_owners(caller, asked.account),
            order_id=asked.order_id,
            number=asked.tracking_number,
            key=asked.invoice_key and normalise_number(asked.invoice_key),
            actor=caller.name,
            reason=asked.reason,
            numbers_until=given.now() + timedelta(days=given.tombstone_days),
            ids=given.store.ids,
            now=given.now(),
        )
    )
    if isinstance(begun, Held):
        detail = (
            f"Nothing was erased: the order {begun.order_id} is held since {begun.since:%Y-%m-%d} by {begun.actor}. "
            "Release it first, if it is not disputed."
        )
        raise Problem("held", detail)
    rows, is_done = await _search(caller, begun)
    return schemas.ErasedOrder(id=public_id("er", begun.id), done=is_done, rows=dict(rows), shared=begun.shared)


async def _search(caller: Caller, erasure: Erasure) -> tuple[Counter[str], bool]:
    """Delete what bodies name it, and leave nothing in the write-ahead log."""
    given, store = caller.given, caller.given.store
    rows, position, ends = Counter(erasure.counts), erasure.position, monotonic() + _SECONDS
    while monotonic() < ends:
        searched = await store.read(partial(search_bodies, erasure=erasure, limit=_SEARCHED, after=position))
        rows.update(await store.write(AdvanceErasure(erasure=erasure, searched=searched, now=given.now())))
        position = searched.position
        if searched.is_last:
            for _ in range(_LOG_TRIES):
                if await store.truncate_log():
                    break
            return rows, True
    return rows, False


def _owners(caller: Caller, account: str) -> tuple[str, ...]:
    """Name the account and the groups that it is in: whose webhooks may be about it."""
    groups = {source.owner for source in caller.given.sources if account in source.accounts}
    return tuple(sorted({account, *groups}))
