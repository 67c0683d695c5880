"""What was planned by a clock that has been set back since."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Connection, select, type_coerce, update

from app.store.job_schema import backfills
from app.store.order_schema import orders
from app.store.schema import accounts, shipments, subjects, webhooks

__all__ = ["SetBack", "latest_arrival"]

_PLANNED: Final[tuple[Column[Any], ...]] = (
    shipments.c.due_at,
    shipments.c.read_after,
    orders.c.due_at,
    subjects.c.lookup_at,
    webhooks.c.map_at,
    accounts.c.until,
    backfills.c.resume_at,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetBack:
    """Move what is planned as far back as the clock was set: it would be late by as much.

    What was planned after the clock was set moves, too, and is then done early: whoever hangs on waits that matter has
    to wait them out before the next step.

    Args:
        by: How far the clock was set back, above zero.
        after: What is planned for later than this moves.

    """

    by: timedelta
    after: datetime

    def run(self, connection: Connection) -> int:
        """Move it, and return how many times were moved."""
        back = self.by // timedelta(microseconds=1)
        moved = 0
        for column in _PLANNED:
            later = update(column.table).where(column > self.after)
            moved += connection.execute(later.values({column: type_coerce(column, BigInteger) - back})).rowcount
        return moved


def latest_arrival(connection: Connection) -> datetime | None:
    """Return when the latest webhook came, by the clock as it was then; None when there is none."""
    latest = select(webhooks.c.received_at).order_by(webhooks.c.id.desc()).limit(1)
    return connection.execute(latest).scalar()
