"""What people do with bulk replays: preview, start, pause, resume and cancel them, all of it audited, and look at them.

A preview hands out a token; only what a preview showed can be run.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final

from sqlalchemy import Connection, delete, func, select, update

from app.store.auditing import Audited
from app.store.bulk_replays import Replay, fitting, read_replay, stored_filter
from app.store.columns import Ids
from app.store.dialect import literally
from app.store.exclusion import FREE, Exclusion
from app.store.job_schema import replays
from app.store.jobs import JobChange
from app.store.queries.webhooks import WebhookFilter
from app.store.schema import events, rows, shipments, webhooks

__all__ = ["ChangeReplay", "PreviewReplay", "Scope", "StartReplay", "recent_replays", "replay_job", "scope_of"]

_PREVIEW_LASTS: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """How much a replay would touch.

    Args:
        upto: The latest webhook of those that there are now.
        count: How many webhooks fit, counted no further than asked.
        orders: How many orders show events of them.
        sample: Some of them, spread over all.

    """

    upto: int
    count: int
    orders: int
    sample: tuple[int, ...]


def scope_of(connection: Connection, wanted: WebhookFilter, *, most: int, samples: int) -> Scope:
    """Look at what a replay would touch; nothing is read again."""
    upto = connection.execute(select(func.max(webhooks.c.id))).scalar() or 0
    found = select(webhooks.c.id).where(*fitting(wanted, 0, upto)).order_by(webhooks.c.id).limit(most)
    ids = list(connection.execute(found).scalars())
    shown = (
        select(shipments.c.account, shipments.c.order_id)
        .join(rows, rows.c.shipment_id == shipments.c.id)
        .join(events, events.c.id == rows.c.event_id)
        .where(events.c.webhook_id.in_(found))
        .distinct()
    )
    orders = connection.execute(select(func.count()).select_from(shown.subquery())).scalar_one()
    step = max(1, len(ids) // samples)
    return Scope(upto=upto, count=len(ids), orders=orders, sample=tuple(ids[::step][:samples]))


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewReplay:
    """Keep what a preview showed, so that exactly this can be run within the hour by who saw it."""

    wanted: WebhookFilter
    scope: Scope
    actor: str
    ids: Ids
    now: datetime
    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> Replay:
        """Keep it; previews that nobody used are forgotten."""
        old = replays.c.created_at < self.now - _PREVIEW_LASTS
        connection.execute(delete(replays).where(replays.c.state == literally("previewed"), old))
        id_ = self.ids.next()
        connection.execute(
            replays.insert().values(
                id=id_,
                token=secrets.token_urlsafe(16),
                state="previewed",
                wanted=stored_filter(self.wanted),
                upto=self.scope.upto,
                expected=self.scope.count,
                actor=self.actor,
                created_at=self.now,
            )
        )
        return _demanded(connection, id_)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartReplay(Audited):
    """Run what a preview showed.

    Args:
        token: The preview's, which only who saw it may run.
        most: How many webhooks are read at most.
        rate: How many per second at most.

    """

    token: str
    reason: str
    most: int | None
    rate: float
    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> Replay | None:
        """Begin it; None when there is no such preview any more."""
        seen = (replays.c.token == self.token) & (replays.c.actor == self.actor)
        fresh = replays.c.created_at >= self.now - _PREVIEW_LASTS
        begun = connection.execute(
            update(replays)
            .where(seen, fresh, replays.c.state == literally("previewed"))
            .values(state="running", reason=self.reason, most=self.most, rate=self.rate, created_at=self.now)
            .returning(replays.c.id)
        ).scalar()
        if begun is None:
            return None
        job = _demanded(connection, begun)
        # What came into the filter since the preview was not shown, and is not read.
        most = job.expected if self.most is None else min(self.most, job.expected)
        connection.execute(update(replays).where(replays.c.id == begun).values(expected=most, most=most))
        detail = {"wanted": stored_filter(job.wanted), "expected": most, "rate": self.rate}
        self.audit(connection, "replay.started", f"replay:{begun}", detail)
        return _demanded(connection, begun)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeReplay(JobChange):
    """Pause, resume or cancel a replay, as a person wishes."""

    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> tuple[bool, Replay]:
        """Change it if it is in a state for that; tell whether it was, and how it stands."""
        changed = self.apply(connection, replays)
        job = _demanded(connection, self.id)
        if changed:
            detail = {"done": job.done, "failed": job.failed}
            self.audit(connection, f"replay.{self.done}", f"replay:{self.id}", detail)
        return changed, job


def replay_job(connection: Connection, id_: int) -> Replay | None:
    """Return a replay that was started, None when there is none of that id."""
    row = connection.execute(select(replays).where(replays.c.id == id_)).one_or_none()
    return None if row is None or row.state == "previewed" else read_replay(row)


def recent_replays(connection: Connection, *, before: int | None, limit: int) -> tuple[Replay, ...]:
    """List the replays that were started, newest first."""
    started = [replays.c.state != "previewed"]
    if before is not None:
        started.append(replays.c.id < before)
    found = connection.execute(select(replays).where(*started).order_by(replays.c.id.desc()).limit(limit))
    return tuple(read_replay(row) for row in found)


def _demanded(connection: Connection, id_: int) -> Replay:
    return read_replay(connection.execute(select(replays).where(replays.c.id == id_)).one())
