"""Who reads which stored webhooks, where several processes share a database."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from sqlalchemy import Connection, select, update

from app.store.exclusion import FREE, Exclusion
from app.store.schema import webhooks

__all__ = ["HELD", "ClaimUnread", "unmapped"]

HELD: Final = timedelta(seconds=15)
"""For how long webhooks are one process's to read, where several share a database; then they are anybody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimUnread:
    """Take stored webhooks that nobody reads, oldest first; should this process die, others may from ``until`` on."""

    limit: int
    until: datetime
    now: datetime
    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> list[int]:
        """Return their ids."""
        ready = webhooks.c.map_at.is_(None) | (webhooks.c.map_at <= self.now)
        free = (
            select(webhooks.c.id)
            .where(webhooks.c.state == "stored", ready)
            .order_by(webhooks.c.id)
            .limit(self.limit)
            .with_for_update(skip_locked=True)
        )
        ids = list(connection.execute(free).scalars())
        if ids:
            connection.execute(update(webhooks).where(webhooks.c.id.in_(ids)).values(map_at=self.until))
        return ids


def unmapped(connection: Connection, limit: int, now: datetime) -> list[int]:
    """List stored webhooks that were not mapped yet and may be, oldest first."""
    ready = webhooks.c.map_at.is_(None) | (webhooks.c.map_at <= now)
    stored = select(webhooks.c.id).where(webhooks.c.state == "stored", ready)
    return list(connection.execute(stored.order_by(webhooks.c.id).limit(limit)).scalars())
