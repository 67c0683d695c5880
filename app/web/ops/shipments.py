"""Shipments: search, read, add, and take tracking numbers away."""

from base64 import b64encode
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Path, Query, Response

from app.store import AddShipment, IndexedShipment, RemoveNumber
from app.store.queries import (
    ShipmentDetail,
    ShipmentFilter,
    ShipmentSummary,
    list_shipments,
    shipment,
    shipment_summary,
)
from app.web import schemas
from app.web.evidence import export_evidence
from app.web.ops.access import Caller, Operator, Support, Viewer, note_reading
from app.web.ops.exporting import exported
from app.web.ops.listing import Cursor, Limit, Since, Until, cursor_of, missing, plain, position, row_id
from app.web.ops.showing import shown_attempts, shown_events, shown_rows
from app.web.problems import Problem

__all__ = ["router"]

router: Final = APIRouter(prefix="/shipments", tags=["shipments"])

Id = Annotated[str, Path(description="The shipment's id.", examples=["sh_01HV2K8Q3ZABE"])]
_CREATED: Final = 201


@router.get("", summary="List shipments, newest first")
async def index(  # noqa: PLR0913, PLR0917 - each filter is a parameter
    caller: Viewer,
    account: Annotated[str | None, Query(examples=["mystore"])] = None,
    order_id: Annotated[str | None, Query(max_length=100)] = None,
    tracking_number: Annotated[str | None, Query(max_length=100, description="However it is written.")] = None,
    invoice_number: Annotated[str | None, Query(max_length=100)] = None,
    state: Annotated[
        Literal["due", "idle", "dead"] | None, Query(description="Whether there is something to do for it.")
    ] = None,
    since: Since = None,
    until: Until = None,
    heard: Annotated[bool | None, Query(description="Whether any carrier has told of it.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> schemas.ShipmentPage:
    """Search shipments; `since` and `until` are about when the relay was told of them.

    Look-ups by order, number or invoice go through the configured accounts; name an `account` to see what one that is
    not configured any more has left.
    """
    accounts = caller.accounts_wanted(account)
    if accounts is None and (order_id or tracking_number or invoice_number):
        accounts = tuple(sorted(caller.given.accounts))
    wanted = ShipmentFilter(
        accounts=accounts,
        order_id=order_id,
        tracking_number=tracking_number,
        invoice_number=invoice_number,
        state=state,
        since=since,
        until=until,
        heard=heard,
    )
    before = position(cursor)
    found = await caller.given.store.read(
        lambda connection: list_shipments(connection, wanted, before=before, limit=limit)
    )
    items = tuple(schemas.ShipmentItem.model_validate(item) for item in found.items)
    return schemas.ShipmentPage(items=items, next=cursor_of(found.before))


exported(router, "", index, schemas.ShipmentItem, "shipments")


@router.get("/{id}", summary="Show a shipment with its history")
async def show(caller: Viewer, id: Id) -> schemas.ShipmentDetail:  # noqa: A002 - the path's word
    """Show what carriers said, whether the sender was proven, what VTEX has, and the evidence."""
    known = await _known(caller, id)
    await note_reading(caller, "shipment", known.summary.id)
    return _detail(caller, known)


async def _known(caller: Caller, id_: str) -> ShipmentDetail:
    """Read a shipment that the caller may see."""
    number = row_id("sh", id_, "shipment")
    found = await caller.given.store.read(lambda connection: shipment(connection, number))
    if found is None or not _may_see(caller, found.summary):
        raise missing("shipment", id_)
    return found


def _detail(caller: Caller, found: ShipmentDetail) -> schemas.ShipmentDetail:
    rows = shown_rows(caller, found.events, found.rows)
    document = plain(
        found.summary,
        found,
        state=found.summary.state,
        events=shown_events(caller, found.events),
        rows=rows,
        attempts=shown_attempts(caller, found.attempts, rows),
    )
    return schemas.ShipmentDetail.model_validate(document)


@router.post(
    "/{id}/evidence",
    summary="Export everything that is known of a shipment, as a file",
    response_class=Response,
    responses={
        200: {
            "description": "The file; `Repr-Digest` has its SHA-256, which stands in the audit log as well.",
            "content": {"application/json": {"schema": {"type": "object"}}},
        }
    },
)
async def evidence(caller: Support, id: Id) -> Response:  # noqa: A002 - the path's word
    """Write a file of what carriers said and when, what proved them, what VTEX was told and answered.

    Its digest goes to the audit log, so that the file can be shown to be unchanged later.
    """
    known = await _known(caller, id)
    file = await export_evidence(caller, known, _detail(caller, known))
    digest = b64encode(bytes.fromhex(file.sha256)).decode()
    headers = {
        "Content-Disposition": f'attachment; filename="{file.name}"',
        "Repr-Digest": f"sha-256=:{digest}:",
    }
    return Response(file.content, media_type="application/json", headers=headers)


def _may_see(caller: Caller, about: ShipmentSummary) -> bool:
    return caller.accounts is None or about.account in caller.accounts


@router.post(
    "",
    summary="Add a shipment, or tracking numbers to one",
    status_code=_CREATED,
    responses={200: {"model": schemas.ShipmentItem, "description": "It was known; its numbers were united"}},
)
async def add(caller: Operator, asked: schemas.NewShipment, response: Response) -> schemas.ShipmentItem:
    """Tell the relay which tracking numbers belong to an order's invoice.

    Events that were waiting for one of them are forwarded at once. What is already known of the shipment stays,
    except what this request says anew.
    """
    caller.demand(asked.account, caller.accounts)
    dependencies = caller.given
    if asked.account not in dependencies.accounts:
        problem = "no account of this name is configured"
        errors = [{"field": "account", "problem": problem}]
        raise Problem("unknown-account", f"account: {problem}: {asked.account[:64]!r}.", errors=errors)
    indexed = await dependencies.store.write(
        AddShipment(
            shipment=IndexedShipment(
                account=asked.account,
                order_id=asked.order_id,
                invoice_number=asked.invoice_number,
                tracking_numbers=tuple(asked.tracking_numbers),
                invoice_key=asked.invoice_key,
                courier=asked.courier,
                invoiced_at=asked.invoiced_at,
            ),
            resolve=dependencies.resolve,
            members=dependencies.members,
            ids=dependencies.store.ids,
            now=dependencies.now(),
            actor=caller.name,
        )
    )
    dependencies.wake()
    response.status_code = _CREATED if indexed.created else 200
    known = await dependencies.store.read(lambda connection: shipment_summary(connection, indexed.shipment_id))
    return schemas.ShipmentItem.model_validate(known)


@router.delete(
    "/{id}/tracking-numbers/{number:path}",
    summary="Take a tracking number away from a shipment",
    status_code=204,
    response_class=Response,
)
async def remove_number(
    caller: Operator,
    id: Id,  # noqa: A002 - the path's word
    number: Annotated[str, Path(description="However it is written.", examples=["QX004512345BR"])],
) -> None:
    """Stop showing events of this number on the shipment's timeline; what VTEX has stays there."""
    shipment_id = row_id("sh", id, "shipment")
    given, store = caller.given, caller.given.store
    known = await store.read(lambda connection: shipment_summary(connection, shipment_id))
    if known is None or not _may_see(caller, known):
        raise missing("shipment", id)
    removed = await store.write(
        RemoveNumber(
            shipment_id=shipment_id,
            number=number,
            ids=store.ids,
            now=given.now(),
            actor=caller.name,
            resolve=given.resolve,
            members=given.members,
        )
    )
    if not removed:
        raise missing(f"tracking number on {id} called", number)
