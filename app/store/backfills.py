"""Backfills: durable jobs that list an account's orders of the past, slice by slice.

What a slice told and that it was told are committed together, so that a process that dies lists its slice again and
misses none. The relay's own sweeps are such jobs as well, one row for each account.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import Connection, func, select, update

from app.store.backfill_rows import Backfill, Slice, read_backfill
from app.store.dialect import insert, literally
from app.store.exclusion import FREE, Exclusion, exclusion_of, of_accounts
from app.store.job_schema import backfills
from app.store.order_schema import orders
from app.store.writer import Operation

__all__ = [
    "AdvanceBackfill",
    "Backfill",
    "BackfillProgress",
    "BeginSweep",
    "HinderBackfill",
    "Slice",
    "TellPage",
    "backfill",
    "next_backfill",
    "read_backfill",
    "waiting_reads",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillProgress:
    """How far a backfill has come by a step.

    Args:
        slices: What is now still to be listed.
        told: How many orders were told by it.
        unlisted: How many VTEX counted and did not show.
        expected: How many VTEX said there are in all.
        tail_since: From where the end is still to be listed again.
        resume_at: Nothing is listed before.

    """

    slices: Sequence[Slice]
    told: int = 0
    unlisted: int = 0
    expected: int | None = None
    tail_since: datetime | None = None
    resume_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceBackfill:
    """Tell orders and write down that they were told, in one transaction.

    Args:
        id: The backfill.
        step: At which step it was read; at another one nothing is written down.
        progress: How far it has come.
        telling: Tells the orders, which may be told twice; None when there are none.
        now: The time.

    """

    id: int
    step: int
    progress: BackfillProgress
    telling: Operation[Any] | None
    now: datetime

    @property
    def excludes(self) -> Exclusion:
        """Exclude what else touches its accounts."""
        return exclusion_of(self.telling) if self.telling is not None else FREE

    def run(self, connection: Connection) -> bool:
        """Tell whether it was at that step."""
        progress = self.progress
        is_done = not progress.slices
        advanced = connection.execute(
            update(backfills)
            .where(backfills.c.id == self.id, backfills.c.step == self.step, backfills.c.state == literally("running"))
            .values(
                slices=[slice_.stored() for slice_ in progress.slices],
                step=backfills.c.step + 1,
                told=backfills.c.told + progress.told,
                unlisted=backfills.c.unlisted + progress.unlisted,
                tail_since=progress.tail_since,
                resume_at=progress.resume_at,
                problem=None,
                state="done" if is_done else "running",
                ended_at=self.now if is_done else None,
                listed=0,
                expected=progress.expected,
            )
        ).rowcount
        if advanced and self.telling is not None:
            self.telling.run(connection)
        return bool(advanced)


@dataclass(frozen=True, slots=True, kw_only=True)
class TellPage:
    """Tell orders of a slice that is not done with them; if the process dies now, the slice is listed anew."""

    id: int
    step: int
    listed: int
    expected: int
    telling: Operation[Any] | None

    @property
    def excludes(self) -> Exclusion:
        """Exclude what else touches its accounts."""
        return exclusion_of(self.telling) if self.telling is not None else FREE

    def run(self, connection: Connection) -> bool:
        """Tell whether the backfill is still at that step; if not, nobody is told."""
        mine = update(backfills).where(
            backfills.c.id == self.id, backfills.c.step == self.step, backfills.c.state == literally("running")
        )
        noted = connection.execute(mine.values(listed=self.listed, expected=self.expected, problem=None)).rowcount
        if noted and self.telling is not None:
            self.telling.run(connection)
        return bool(noted)


@dataclass(frozen=True, slots=True, kw_only=True)
class HinderBackfill:
    """Write down why a backfill does not get on; it stays at its step."""

    id: int
    problem: str
    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> None:
        """Write it down."""
        connection.execute(
            update(backfills)
            .where(backfills.c.id == self.id, backfills.c.state == literally("running"))
            .values(problem=self.problem)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BeginSweep:
    """Begin an account's next sweep when its time has come and none is running.

    Args:
        account: The account.
        every: How long after a sweep began the next one does.
        first: How far the first one looks back.
        overlap: How far each further one looks back behind the end of the one before.
        id: The id of the account's row, should it be the first.
        now: The time.

    """

    account: str
    every: timedelta
    first: timedelta
    overlap: timedelta
    id: int
    now: datetime

    @property
    def excludes(self) -> Exclusion:
        """Exclude what else touches its accounts."""
        return of_accounts(self.account)

    def run(self, connection: Connection) -> datetime:
        """Begin it, and say when to ask again."""
        mine = (backfills.c.account == self.account) & (backfills.c.kind == literally("sweep"))
        last = connection.execute(
            select(backfills.c.state, backfills.c.until, backfills.c.created_at).where(mine)
        ).one_or_none()
        # A clock that was set back must not silence the sweeps until it is where it was.
        due_at = self.now if last is None else min(last.created_at, self.now) + self.every
        if last is not None and (last.state == "running" or due_at > self.now):
            return due_at if due_at > self.now else self.now + self.every
        since = self.now - self.first if last is None else min(last.until, self.now) - self.overlap
        values: dict[str, Any] = {
            "state": "running",
            "since": since,
            "until": self.now,
            "slices": [Slice(since=since, until=self.now).stored()],
            "expected": None,
            "told": 0,
            "listed": 0,
            "unlisted": 0,
            "problem": None,
            "created_at": self.now,
            "ended_at": None,
        }
        if last is None:
            made = insert(connection, backfills).values(
                id=self.id, account=self.account, kind="sweep", actor="relay", **values
            )
            connection.execute(made)
        else:
            connection.execute(update(backfills).where(mine).values(step=backfills.c.step + 1, **values))
        return self.now + self.every


def backfill(connection: Connection, id_: int) -> Backfill | None:
    """Return a backfill, None when there is none of that id."""
    row = connection.execute(select(backfills).where(backfills.c.id == id_)).one_or_none()
    return None if row is None else read_backfill(row)


def next_backfill(connection: Connection, account: str) -> Backfill | None:
    """Return what to list next for an account: its sweep, which is short, else the oldest backfill."""
    running = connection.execute(
        select(backfills)
        .where(backfills.c.account == account, backfills.c.state == literally("running"))
        .order_by(backfills.c.kind.desc(), backfills.c.resume_at.is_not(None), backfills.c.id)
        .limit(1)
    ).one_or_none()
    return None if running is None else read_backfill(running)


def waiting_reads(connection: Connection, account: str, now: datetime, most: int) -> int:
    """Count the orders of an account that wait to be read and can wait; it does not count further than ``most``."""
    due = (
        select(orders.c.due_at)  # The index has it; an id would have to be fetched, row by row.
        .where(orders.c.account == account, orders.c.urgent.is_(False), orders.c.due_at <= now)
        .limit(most)
    )
    return connection.execute(select(func.count()).select_from(due.subquery())).scalar_one()
