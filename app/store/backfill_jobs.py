"""What people do with backfills: start, pause, resume and cancel them, all of it audited, and look at them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from sqlalchemy import Connection, select

from app.store.auditing import Audited
from app.store.backfills import Backfill, Slice, read_backfill
from app.store.dialect import insert, literally
from app.store.exclusion import FREE, Exclusion
from app.store.job_schema import backfills
from app.store.jobs import JobChange

__all__ = ["ChangeBackfill", "StartBackfill", "recent_backfills"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartBackfill(Audited):
    """Begin a backfill.

    Args:
        id: Its id, made by the caller so that running this twice makes one.
        account: The account.
        since: From when on orders were invoiced.
        until: And until when.
        rate: Most orders told per second.
        tail_since: From where the end is to be listed again, None when the list holds all of it already.

    """

    id: int
    account: str
    since: datetime
    until: datetime
    rate: float | None
    tail_since: datetime | None
    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> Backfill:
        """Store it and who wanted it."""
        whole = Slice(since=self.since, until=self.until)
        made = insert(connection, backfills).values(
            id=self.id,
            account=self.account,
            kind="asked",
            state="running",
            since=self.since,
            until=self.until,
            rate=self.rate,
            slices=[whole.stored()],
            tail_since=self.tail_since,
            actor=self.actor,
            reason=self.reason,
            created_at=self.now,
        )
        if connection.execute(made.on_conflict_do_nothing(index_elements=["id"])).rowcount:
            detail = {"since": self.since.isoformat(), "until": self.until.isoformat(), "rate": self.rate}
            self.audit(connection, "backfill.started", f"backfill:{self.id}", detail)
        return _demanded(connection, self.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeBackfill(JobChange):
    """Pause, resume or cancel a backfill, as a person wishes."""

    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> tuple[bool, Backfill]:
        """Change it if it is in a state for that; tell whether it was, and how it stands."""
        # Whoever is listing for it now finds that it has gone on without them.
        changed = self.apply(connection, backfills, step=backfills.c.step + 1)
        if changed:
            self.audit(connection, f"backfill.{self.done}", f"backfill:{self.id}")
        return changed, _demanded(connection, self.id)


def recent_backfills(
    connection: Connection, accounts: Sequence[str] | None, *, state: str | None, before: int | None, limit: int
) -> tuple[Backfill, ...]:
    """List what people asked for, newest first."""
    wanted = [backfills.c.kind == literally("asked")]
    if accounts is not None:
        wanted.append(backfills.c.account.in_(accounts))
    if state is not None:
        wanted.append(backfills.c.state == state)
    if before is not None:
        wanted.append(backfills.c.id < before)
    found = connection.execute(select(backfills).where(*wanted).order_by(backfills.c.id.desc()).limit(limit))
    return tuple(read_backfill(row) for row in found)


def _demanded(connection: Connection, id_: int) -> Backfill:
    return read_backfill(connection.execute(select(backfills).where(backfills.c.id == id_)).one())
