"""Parked subjects over time: asking VTEX for their order, and giving up on them quietly."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from app.store.placement import Facts, stored_facts
from app.store.schema import subjects

__all__ = ["ClaimLookups", "ExpireParked", "FinishLookup", "Lookup", "next_lookup"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """A parked subject whose references name an order that VTEX may know."""

    subject_id: int
    owner: str
    facts: Facts
    lookups: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimLookups:
    """Take subjects whose order should be asked for now; each comes back by itself when the asking dies."""

    limit: int
    lease: timedelta
    now: datetime

    def run(self, connection: Connection) -> list[Lookup]:
        """Take the ones that wait longest."""
        due = connection.execute(
            select(subjects)
            .where(subjects.c.lookup_at <= self.now)
            .order_by(subjects.c.lookup_at)
            .limit(self.limit)
            .with_for_update(skip_locked=True)
        ).all()
        ids = [row.id for row in due]
        connection.execute(
            update(subjects)
            .where(subjects.c.id.in_(ids))
            .values(lookup_at=self.now + self.lease, lookups=subjects.c.lookups + 1)
        )
        return [Lookup(subject_id=row.id, owner=row.owner, facts=stored_facts(row), lookups=row.lookups) for row in due]


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishLookup:
    """Say when to ask again, None for never, and what was found out."""

    subject_id: int
    again_at: datetime | None
    reason: str

    def run(self, connection: Connection) -> None:
        """Change the subject if it is still parked."""
        connection.execute(
            update(subjects)
            .where(subjects.c.id == self.subject_id, subjects.c.state == "parked")
            .values(lookup_at=self.again_at, reason=self.reason)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireParked:
    """Call subjects unmatched that were parked before ``before``: they are simply not ours."""

    before: datetime
    now: datetime
    limit: int = 500

    def run(self, connection: Connection) -> int:
        """Change at most ``limit`` subjects, and return how many."""
        old = (
            select(subjects.c.id)
            .where(subjects.c.state == "parked", subjects.c.since < self.before)
            .order_by(subjects.c.since)
            .limit(self.limit)
        )
        return connection.execute(
            update(subjects).where(subjects.c.id.in_(old)).values(state="unmatched", since=self.now, lookup_at=None)
        ).rowcount


def next_lookup(connection: Connection) -> datetime | None:
    """Return when the next look-up is due, None when none waits."""
    waiting = select(subjects.c.lookup_at).where(subjects.c.lookup_at.is_not(None)).order_by(subjects.c.lookup_at)
    return connection.execute(waiting.limit(1)).scalar()
