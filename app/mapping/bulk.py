"""Reading many stored webhooks again, behind everything that comes in now."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from app.crowd import Crowd
from app.duties import Duties
from app.errors import RelayError, StoreUnavailable
from app.mapping.replaying import Replayer
from app.store import Store, public_id
from app.store.bulk_replays import (
    AdvanceReplay,
    HinderReplay,
    Replay,
    ReplayStep,
    next_replay,
    replay_batch,
    waiting_later,
)
from app.store.unread import unmapped
from app.worker import Worker

__all__ = ["BulkReplays"]

logger = logging.getLogger(__name__)

_STANDBY_SECONDS: Final = 5.0
_YIELD_SECONDS: Final = 1.0
_BATCH: Final = 20
_LIVE: Final = 64
"""With so many webhooks waiting for their first reading nothing is read again: they are more than one round of it."""
_BACKLOG: Final = 1000
"""With so many shipments waiting because of replays no more are made due: a replay that is cancelled ends soon."""
_GIVES_WAY: Final = 9
"""How many times as long as it worked it rests at most, while webhooks come in: it keeps a tenth of the time."""
_STEP_GIVES_WAY_SECONDS: Final = 0.05
"""Which webhooks are next is looked up when nobody is there, but after so long at the latest."""


class BulkReplays(Worker):
    """The one who replays in bulk, among all processes."""

    def __init__(
        self,
        store: Store,
        replayer: Replayer,
        duties: Duties,
        accounts: Sequence[str],
        *,
        now: Callable[[], datetime],
        mapped: Callable[[], None],
        crowd: Crowd | None = None,
    ) -> None:
        """Call ``mapped`` when shipments may have become due, and give way to whoever is in the ``crowd``."""
        super().__init__("replay", now)
        self._crowd = crowd or Crowd()
        self._store = store
        self._replayer = replayer
        self._duties = duties
        self._accounts = tuple(accounts)
        self._now = now
        self._mapped = mapped
        self._paced: int | None = None
        self._not_before = now()

    async def step(self) -> float:
        """Read some webhooks, if a replay wants them; return how long to rest."""
        now = self._now()
        if not await self._duties.keep("replay"):
            return _STANDBY_SECONDS
        job = await self._store.read(next_replay)
        if job is None:
            return _STANDBY_SECONDS
        # The pace is that of one replay: when a slow one was stopped, the next one does not wait for it.
        if job.id == self._paced and now < self._not_before:
            return min(_STANDBY_SECONDS, (self._not_before - now).total_seconds())
        await self._crowd.gone(_STEP_GIVES_WAY_SECONDS)
        if (problem := await self._busy(now)) is not None:
            await self._hinder(job, problem)
            return _YIELD_SECONDS
        left = (job.most or job.expected) - job.done
        size = min(_BATCH, max(1, int(job.rate or _BATCH)), left)
        ids = await self._store.read(lambda connection: replay_batch(connection, job, size)) if left > 0 else []
        if not ids:
            await self._store.write(HinderReplay(id=job.id, problem=None, is_done=True, now=now))
            return 0.0
        # Another process may just have been told what a code means.
        self._replayer.forget_meanings()
        count = await self._replay(job, ids)
        self._mapped()
        rest = count / job.rate if job.rate else 0.0
        self._paced, self._not_before = job.id, now + timedelta(seconds=rest)
        return min(_STANDBY_SECONDS, rest)

    async def _busy(self, now: datetime) -> str | None:
        """Say what goes before, None when nothing does."""
        if len(await self._store.read(lambda connection: unmapped(connection, _LIVE, now))) == _LIVE:
            return "it waits while webhooks that come in now are read"
        waiting = await self._store.read(lambda c: waiting_later(c, self._accounts, _BACKLOG))
        return "it waits until what it made due is forwarded" if waiting >= _BACKLOG else None

    async def _hinder(self, job: Replay, problem: str) -> None:
        if problem != job.problem:
            await self._store.write(HinderReplay(id=job.id, problem=problem, is_done=False, now=self._now()))

    async def _replay(self, job: Replay, ids: Sequence[int]) -> int:
        """Read webhooks one after the other until somebody stops it; return how many were read."""
        position = job.position
        for count, id_ in enumerate(ids):
            began = time.monotonic()
            step = await self._step(id_)
            rests = _GIVES_WAY * (time.monotonic() - began)
            # Read, but not written: who came meanwhile goes before.
            await self._crowd.gone(rests)
            is_last = job.done + count + 1 >= (job.most or job.expected)
            advance = AdvanceReplay(id=job.id, position=position, step=step, is_last=is_last, now=self._now())
            # Were this lost in a power cut, so would be that it was done: the webhook is read again.
            if not await self._store.write(advance, lasting=False, gives_way=True):
                return count
            position = id_
            # What comes in now never waits for more than half of the webhook at hand; writing takes about as long.
            await self._crowd.gone(rests)
            await asyncio.sleep(0)
        return len(ids)

    async def _step(self, webhook_id: int) -> ReplayStep:
        try:
            reread = await self._replayer.prepared(webhook_id)
        except StoreUnavailable:
            raise
        except RelayError as error:
            return ReplayStep(webhook_id=webhook_id, recording=None, failure=str(error))
        except Exception as error:
            # One poisoned webhook must not end the replay of the others.
            logger.exception("a webhook could not be read again", extra={"id": public_id("wh", webhook_id)})
            return ReplayStep(webhook_id=webhook_id, recording=None, failure=f"the relay failed on it: {error!r}")
        recording = replace(reread.recording, later=True)
        return ReplayStep(webhook_id=webhook_id, recording=recording, changed=len(reread.changed))
