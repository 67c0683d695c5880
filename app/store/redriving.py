"""Redrive: take up again what was given up, as though it had never failed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, or_, select, update

from app.store.dialect import literally
from app.store.schema import rows, shipments

__all__ = ["revive"]

_CHUNK: Final = 500
_ANEW: Final[dict[str, Any]] = {
    "attempts": 0,
    "failing_since": None,
    "dead_reason": None,
    "retrying": False,
    "split": False,
}


def revive(connection: Connection, shipment_ids: Sequence[int], now: datetime) -> list[int]:
    """Make due what was given up of some shipments, or of their rows; return those that were.

    The order is read before anything is written: what VTEX holds by now is not sent again. Rows that VTEX refused
    are rendered anew, since a setting may have been the reason. Whoever holds a lease goes on undisturbed.
    """
    revived: list[int] = []
    for start in range(0, len(shipment_ids), _CHUNK):
        chunk = shipment_ids[start : start + _CHUNK]
        refused = (rows.c.shipment_id.in_(chunk)) & (rows.c.state == literally("dead"))
        given_up = or_(
            shipments.c.dead_reason.is_not(None), shipments.c.id.in_(select(rows.c.shipment_id).where(refused))
        )
        found = connection.execute(
            update(shipments)
            .where(shipments.c.id.in_(chunk), shipments.c.lease.is_(None), given_up)
            .values(**_ANEW, due_at=now, read_after=now)
            .returning(shipments.c.id)
        )
        ids = sorted(found.scalars())
        connection.execute(
            update(rows)
            .where(rows.c.shipment_id.in_(ids), rows.c.state == literally("dead"))
            .values(state="pending", reason=None, city=None, uf=None, description=None, date=None, sent_at=None)
        )
        revived += ids
    return revived
