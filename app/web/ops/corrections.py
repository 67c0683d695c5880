"""Writing on a shipment's timeline by hand."""

from typing import Annotated, Final

from fastapi import APIRouter, Path

from app.store.corrections import AddCorrection
from app.store.queries import shipment_summary
from app.web import schemas
from app.web.ops.access import Operator
from app.web.ops.listing import missing, row_id
from app.web.problems import Problem

__all__ = ["router"]

router: Final = APIRouter(prefix="/shipments", tags=["shipments"])

Id = Annotated[str, Path(description="The shipment's id.", examples=["sh_01HV2K8Q3ZABE"])]


@router.post("/{id}/corrections", summary="Write on a shipment's timeline by hand", status_code=201)
async def correct(caller: Operator, id: Id, asked: schemas.Correction) -> schemas.ShipmentItem:  # noqa: A002 - the path's word
    """Send a row with this text to VTEX, in its turn like any other. It says nothing but itself.

    What VTEX counts as delivered stays delivered, and nothing becomes delivered by it.
    """
    number, given = row_id("sh", id, "shipment"), caller.given
    known = await given.store.read(lambda connection: shipment_summary(connection, number))
    if known is None or (caller.accounts is not None and known.account not in caller.accounts):
        raise missing("shipment", id)
    now = given.now()
    added = await given.store.write(
        AddCorrection(
            shipment_id=number,
            text=asked.text,
            city=asked.city,
            state=asked.state,
            occurred_at=min(asked.occurred_at or now, now),
            actor=caller.name,
            reason=asked.reason,
            ids=given.store.ids,
            now=now,
        )
    )
    if added is None:
        raise Problem("shipment-state", f"{id} was given up: {known.dead_reason}. Redrive it first.")
    given.wake()
    shown = await given.store.read(lambda connection: shipment_summary(connection, number))
    return schemas.ShipmentItem.model_validate(shown)
