"""Duties: periodic work that one process does for all who share a database.

A holder's beat grows with each renewal. Whoever wants its duty must have seen the beat stand still for a whole lease,
by its own clock; the holder stops a lease after it asked, by its own. So no two clocks are ever compared, and one that
is wrong, or is set, makes no second holder.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

from sqlalchemy import ColumnElement, Connection, and_, delete, or_, select, update

from app.store.dialect import insert
from app.store.exclusion import FREE, Exclusion
from app.store.job_schema import duties

__all__ = ["DutyHeld", "FreeDuties", "ReleaseDuties", "TakeDuty"]

_NOBODY: Final = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyHeld:
    """Who holds a duty, and its beat."""

    holder: str
    beat: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeDuty:
    """Take or renew a duty.

    Args:
        name: The duty.
        holder: Who wants it; no two processes have one name.
        stale: What was seen unchanged for a whole lease and may be taken over.
        now: The time, for people.

    """

    name: str
    holder: str
    stale: DutyHeld | None
    now: datetime
    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> DutyHeld:
        """Take it if it may be taken, and say who holds it then."""
        free: list[ColumnElement[bool]] = [duties.c.holder.in_((self.holder, _NOBODY))]
        if self.stale is not None:
            free.append(and_(duties.c.holder == self.stale.holder, duties.c.beat == self.stale.beat))
        taken = connection.execute(
            update(duties)
            .where(duties.c.name == self.name, or_(*free))
            .values(holder=self.holder, beat=duties.c.beat + 1, renewed_at=self.now)
        ).rowcount
        if not taken:
            connection.execute(
                insert(connection, duties)
                .values(name=self.name, holder=self.holder, beat=1, renewed_at=self.now)
                .on_conflict_do_nothing(index_elements=["name"])
            )
        found = connection.execute(select(duties.c.holder, duties.c.beat).where(duties.c.name == self.name)).one()
        return DutyHeld(holder=found.holder, beat=found.beat)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseDuties:
    """Give up every duty of a holder, so that others need not wait for its leases."""

    holder: str
    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> int:
        """Give them up, and return how many they were."""
        # The beat goes on: a duty that starts again at an old beat could look unchanged to somebody.
        mine = update(duties).where(duties.c.holder == self.holder)
        return connection.execute(mine.values(holder=_NOBODY, beat=duties.c.beat + 1)).rowcount


class FreeDuties:
    """Forget all holders where none can be alive: one process at a time owns an SQLite file."""

    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> None:
        """Forget them, unless several processes may share the database."""
        if connection.dialect.name == "sqlite":
            connection.execute(delete(duties))
