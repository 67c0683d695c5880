"""Parked subjects over time: asking VTEX for their order, and giving up on them quietly."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from sqlalchemy import Connection, select, update

from app.model import References
from app.store.dialect import literally
from app.store.exclusion import FREE, Exclusion
from app.store.facts import Facts, Resolve, stored_facts, united
from app.store.placement import event_ids, place_subject
from app.store.schema import subjects

__all__ = ["ClaimLookups", "ExpireParked", "FinishLookup", "Lookup", "RelateOrder", "next_lookup"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """A parked subject whose references name an order that VTEX may know; ``lookups`` answered without it so far."""

    subject_id: int
    owner: str
    facts: Facts
    lookups: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimLookups:
    """Take subjects whose order should be asked for now; each comes back by itself when the asking dies.

    Those of some owners are left to others, or to later.
    """

    limit: int
    lease: timedelta
    now: datetime
    without: Sequence[str] = ()
    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> list[Lookup]:
        """Take the ones that wait longest."""
        due = connection.execute(
            select(subjects)
            .where(subjects.c.lookup_at <= self.now, subjects.c.owner.not_in(self.without))
            .order_by(subjects.c.lookup_at)
            .limit(self.limit)
            .with_for_update(skip_locked=True)
        ).all()
        ids = [row.id for row in due]
        connection.execute(update(subjects).where(subjects.c.id.in_(ids)).values(lookup_at=self.now + self.lease))
        return [
            Lookup(
                subject_id=row.id, owner=row.owner, facts=stored_facts(row), lookups=row.lookups, since=row.created_at
            )
            for row in due
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishLookup:
    """Say when to ask again, None for never, and what was found out; a look-up that failed does not count.

    Without a ``reason`` that of its resolution stays, which names what was found.
    """

    subject_id: int
    again_at: datetime | None
    reason: str | None
    counts: bool = True
    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> None:
        """Change the subject if it is still parked; a strategy's own reason, with its candidates, stays."""
        parked = update(subjects).where(subjects.c.id == self.subject_id, subjects.c.state == "parked")
        if self.reason is not None:
            connection.execute(parked.where(subjects.c.strategy.is_(None)).values(reason=self.reason))
        connection.execute(parked.values(lookup_at=self.again_at, lookups=subjects.c.lookups + int(self.counts)))


@dataclass(frozen=True, slots=True, kw_only=True)
class RelateOrder:
    """Remember that VTEX knows the order that a subject names by another id, and resolve the subject with it."""

    subject_id: int
    order_id: str
    resolve: Resolve
    members: Callable[[str], Sequence[str]]
    now: datetime

    def run(self, connection: Connection) -> bool:
        """Tell whether the subject, if it is still parked, found its shipment."""
        parked = select(subjects).where(subjects.c.id == self.subject_id, subjects.c.state == "parked")
        subject = connection.execute(parked.with_for_update()).one_or_none()
        if subject is None:
            return False
        known = Facts(numbers=(), references=References(alternative_order_ids=(self.order_id,)))
        facts = united(stored_facts(subject), known)
        connection.execute(
            update(subjects).where(subjects.c.id == subject.id).values(references=asdict(facts.references))
        )
        resolution = place_subject(
            connection,
            subject,
            facts,
            event_ids(connection, subject.id),
            accounts=self.members(subject.owner),
            resolve=self.resolve,
            now=self.now,
        )
        return bool(resolution.shipments)


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
            .where(subjects.c.state == literally("parked"), subjects.c.since < self.before)
            .order_by(subjects.c.since)
            .limit(self.limit)
        )
        return connection.execute(
            update(subjects).where(subjects.c.id.in_(old)).values(state="unmatched", since=self.now, lookup_at=None)
        ).rowcount


def next_lookup(connection: Connection, without: Sequence[str] = ()) -> datetime | None:
    """Return when the next look-up is due but for those of some owners, None when none waits."""
    waiting = select(subjects.c.lookup_at).where(subjects.c.lookup_at.is_not(None), subjects.c.owner.not_in(without))
    return connection.execute(waiting.order_by(subjects.c.lookup_at).limit(1)).scalar()
