"""Bulk replays at work: one transaction for each webhook, with the job's progress.

The webhooks are those that there were at the preview, oldest first, so that a process that dies goes on where it was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, Final

from sqlalchemy import ColumnElement, Connection, Integer, Row, bindparam, func, select, update

from app.store.dialect import literally
from app.store.exclusion import FREE, Exclusion
from app.store.job_schema import replays
from app.store.mappings import RecordMapping
from app.store.prepared import Prepared
from app.store.queries.webhooks import WebhookFilter, matching
from app.store.replays import revive_shown
from app.store.schema import shipments, webhooks

__all__ = [
    "AdvanceReplay",
    "HinderReplay",
    "Replay",
    "ReplayStep",
    "fitting",
    "next_replay",
    "read_replay",
    "replay_batch",
    "stored_filter",
    "waiting_later",
]

_FAILURES_KEPT: Final = 20

# Built once: they are run for each webhook that is read again.
_MOVE: Final = Prepared(
    update(replays).where(
        replays.c.id == bindparam("of"),
        replays.c.position == bindparam("stands"),
        replays.c.state == literally("running"),
    )
)
_COUNT: Final = Prepared(
    update(replays)
    .where(replays.c.id == bindparam("of"))
    .values(
        done=replays.c.done + 1,
        failed=replays.c.failed + bindparam("more_failed", type_=Integer),
        new_events=replays.c.new_events + bindparam("more_events", type_=Integer),
        changed=replays.c.changed + bindparam("more_changed", type_=Integer),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A bulk replay as it stands; the fields are those of its table."""

    id: int
    token: str
    state: str
    wanted: WebhookFilter
    upto: int
    position: int
    expected: int
    most: int | None
    rate: float | None
    done: int
    failed: int
    new_events: int
    changed: int
    failures: tuple[Mapping[str, Any], ...]
    problem: str | None
    actor: str
    reason: str | None
    created_at: datetime
    ended_at: datetime | None


def replay_batch(connection: Connection, job: Replay, limit: int) -> list[int]:
    """List the webhooks that a replay reads next."""
    found = select(webhooks.c.id).where(*fitting(job.wanted, job.position, job.upto))
    return list(connection.execute(found.order_by(webhooks.c.id).limit(limit)).scalars())


def fitting(wanted: WebhookFilter, after: int, upto: int) -> list[ColumnElement[bool]]:
    """List the conditions of a replay; what waits for its first reading is left out, since that is on its way."""
    return [*matching(wanted), webhooks.c.state != "stored", webhooks.c.id > after, webhooks.c.id <= upto]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayStep:
    """What became of one webhook of a replay.

    Args:
        webhook_id: Which one.
        recording: Keeps what it says now; None when it cannot be read.
        changed: How many of its events are read differently.
        failure: Why it cannot be read.

    """

    webhook_id: int
    recording: RecordMapping | None
    changed: int = 0
    failure: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceReplay:
    """Keep what one webhook says now and write down that it was read, in one transaction."""

    id: int
    position: int
    step: ReplayStep
    is_last: bool
    now: datetime

    @property
    def excludes(self) -> Exclusion:
        """Exclude what else touches its accounts."""
        return FREE if self.step.recording is None else self.step.recording.excludes

    def run(self, connection: Connection) -> bool:
        """Tell whether the replay still runs and stands where it was read; if not, nothing is changed."""
        step = self.step
        moving = {"of": self.id, "stands": self.position, "position": step.webhook_id, "problem": None}
        if not _MOVE.run(connection, moving):
            return False
        new_events = 0
        if step.recording is not None:
            new_events = step.recording.run(connection).new_events
            revive_shown(connection, step.recording)
        failed = step.failure is not None
        more = {"more_failed": int(failed), "more_events": new_events, "more_changed": step.changed}
        _COUNT.run(connection, {"of": self.id, **more})
        if failed or self.is_last:
            connection.execute(update(replays).where(replays.c.id == self.id).values(**self._rarely(connection)))
        return True

    def _rarely(self, connection: Connection) -> dict[str, Any]:
        """Return what changes with the last webhook, and with one that could not be read."""
        values: dict[str, Any] = {"state": "done", "ended_at": self.now} if self.is_last else {}
        if self.step.failure is not None:
            kept = list(connection.execute(select(replays.c.failures).where(replays.c.id == self.id)).scalar_one())
            kept.append({"webhook_id": self.step.webhook_id, "problem": self.step.failure})
            values["failures"] = kept[:_FAILURES_KEPT]
        return values


@dataclass(frozen=True, slots=True, kw_only=True)
class HinderReplay:
    """Write down why a replay does not get on, or that it has come to its end."""

    id: int
    problem: str | None
    is_done: bool
    now: datetime
    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> None:
        """Write it down, unless somebody paused or cancelled it meanwhile."""
        values: dict[str, Any] = {"problem": self.problem}
        if self.is_done:
            values |= {"state": "done", "ended_at": self.now}
        mine = update(replays).where(replays.c.id == self.id, replays.c.state == literally("running"))
        connection.execute(mine.values(**values))


def next_replay(connection: Connection) -> Replay | None:
    """Return the oldest replay that runs: they go one after the other."""
    running = select(replays).where(replays.c.state == literally("running")).order_by(replays.c.id).limit(1)
    row = connection.execute(running).one_or_none()
    return None if row is None else read_replay(row)


def waiting_later(connection: Connection, accounts: Sequence[str], most: int) -> int:
    """Count the shipments that wait to be forwarded because of replays, no further than ``most``."""
    due = (
        select(shipments.c.due_at)
        .where(shipments.c.account.in_(accounts), shipments.c.later.is_(True), shipments.c.due_at.is_not(None))
        .limit(most)
    )
    return connection.execute(select(func.count()).select_from(due.subquery())).scalar_one()


def read_replay(row: Row[Any]) -> Replay:
    """Read a row of the table."""
    values = dict(row._mapping)  # noqa: SLF001 - its public name, in spite of the underscore
    return Replay(**values | {"wanted": _wanted(row.wanted), "failures": tuple(row.failures)})


def stored_filter(wanted: WebhookFilter) -> dict[str, Any]:
    """Write a filter as it is kept."""
    times = {"since": wanted.since, "until": wanted.until}
    return asdict(wanted) | {name: at.isoformat() if at else None for name, at in times.items()}


def _wanted(stored: Mapping[str, Any]) -> WebhookFilter:
    times = {name: datetime.fromisoformat(stored[name]) if stored[name] else None for name in ("since", "until")}
    owners = None if stored["owners"] is None else tuple(stored["owners"])
    lists: dict[str, Any] = {"owners": owners, "accounts": tuple(stored["accounts"])}
    return replace(WebhookFilter(), **{**stored, **times, **lists})
