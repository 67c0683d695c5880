"""What waits, for gauges: the counts scan partial indexes, so they are taken now and then, never per scrape."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select

from app.store.dialect import literally
from app.store.schema import orders, rows, shipments, subjects

__all__ = ["Waiting", "waiting"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How much waits for what, and since when the oldest due shipment does."""

    shipments_due: int
    parked: int
    dead: int
    oldest_due_at: datetime | None
    orders_due: int


def waiting(connection: Connection, now: datetime) -> Waiting:
    """Count what waits."""
    told = select(func.count()).where(orders.c.due_at <= now)
    orders_due = connection.execute(told).scalar_one()
    due = connection.execute(
        select(func.count(), func.min(shipments.c.due_at)).where(shipments.c.due_at.is_not(None))
    ).one()
    parked = connection.execute(select(func.count()).where(subjects.c.state == literally("parked"))).scalar_one()
    dead_rows = connection.execute(select(func.count()).where(rows.c.state == literally("dead"))).scalar_one()
    return Waiting(shipments_due=due[0], parked=parked, dead=dead_rows, oldest_due_at=due[1], orders_due=orders_due)
