"""Let go of old counts, of codes that came long ago, and, where a setting says so, of the audit log."""

from collections import Counter
from datetime import datetime

from sqlalchemy import Connection, delete, select, tuple_

from app.store.console_schema import tallies, unknown_codes
from app.store.keeping import Retention
from app.store.schema import audit
from app.store.tallies import hour_of

__all__ = ["drop_aged"]


def drop_aged(connection: Connection, retention: Retention, now: datetime, limit: int) -> Counter[str]:
    """Delete some of what is old; count the rows by their table."""
    counts: Counter[str] = Counter()
    keys = tuple(tallies.primary_key.columns)
    counted = select(*keys).where(tallies.c.hour < hour_of(now - retention.tallies)).limit(limit)
    if found := connection.execute(counted).all():
        one_of = tuple_(*keys).in_([tuple(row) for row in found])
        counts["tallies"] += connection.execute(delete(tallies).where(one_of)).rowcount
    # Of each source so few are kept that they need no index.
    stale = delete(unknown_codes).where(unknown_codes.c.last_at < now - retention.unknown_codes)
    counts["unknown_codes"] += connection.execute(stale).rowcount
    if retention.audit is not None:
        oldest = connection.execute(select(audit.c.id, audit.c.at).order_by(audit.c.id).limit(limit)).all()
        ids = [row.id for row in oldest if row.at < now - retention.audit]
        if ids:
            counts["audit"] += connection.execute(delete(audit).where(audit.c.id.in_(ids))).rowcount
    return counts
