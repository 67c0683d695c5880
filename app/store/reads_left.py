"""How many orders of an account are still to be read, of those that can wait: what a backfill goes by."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, func, select

from app.store.order_schema import orders

__all__ = ["being_read", "waiting_reads"]

_LONGEST_LEASE: Final = timedelta(minutes=10)


def waiting_reads(connection: Connection, account: str, now: datetime, most: int) -> int:
    """Count the orders of an account that wait to be read and can wait; it does not count further than ``most``."""
    due = (
        select(orders.c.due_at)  # The index has it; an id would have to be fetched, row by row.
        .where(orders.c.account == account, orders.c.urgent.is_(False), orders.c.due_at <= now)
        .limit(most)
    )
    return connection.execute(select(func.count()).select_from(due.subquery())).scalar_one()


def being_read(connection: Connection, account: str, now: datetime, most: int) -> int:
    """Count the orders that can wait and are being read, also by a process that vanished; until their leases end."""
    leased = (
        select(orders.c.due_at)
        .where(
            orders.c.account == account,
            orders.c.urgent.is_(False),
            orders.c.due_at > now,
            orders.c.due_at <= now + _LONGEST_LEASE,
            orders.c.lease.is_not(None),
        )
        .limit(most)
    )
    return connection.execute(select(func.count()).select_from(leased.subquery())).scalar_one()
