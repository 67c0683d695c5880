"""From stored webhooks to events: read each through its adapter, and keep what it says.

Newly stored webhooks are handed over in memory; the table of stored ones is the recovery log, read at the start and
whenever more came than memory should hold.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from app.crowd import Crowd
from app.errands import Errands
from app.errors import CallFailed, EgressRefused, LookupFailed, MalformedPayload, StoreUnavailable
from app.mapping.beside import Beside
from app.mapping.reader import Reader
from app.mapping.replaying import Replayer
from app.mapping.stored import as_webhook
from app.mapping.telling import mapped_line, unmappable_line
from app.model import Webhook
from app.retry import Patience, Trouble, next_try
from app.source import Source, Sources
from app.store import Facts, RecordUnmappable, Resolution, Store, public_id
from app.store.inbox import PostponeMapping, StoredWebhook, webhook_with_body
from app.store.placement import Candidate
from app.store.unread import ClaimUnread, unmapped
from app.telemetry import Metrics, log_event
from app.worker import POLL_SECONDS, Loop

__all__ = ["HELD", "Mapper"]

logger = logging.getLogger(__name__)

_BATCH: Final = 64
_BATCH_IN_A_CROWD: Final = 4
"""Webhooks share their transaction with readings, and must not wait for many of them."""
_SHARE: Final = 9
_LOOK_SECONDS: Final = 0.01
_HELD_BYTES: Final = 16 * 1024 * 1024
_SWEEP: Final = timedelta(seconds=5)
"""How often the table is looked at: a webhook may be stored without being handed over, as when its sender hung up."""

HELD: Final = timedelta(seconds=15)
"""For how long webhooks are one process's to read, where several share a database; then they are anybody's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    source: Source
    webhook: Webhook


def _asks_for_calls(source: Source) -> bool:
    return source.adapter.handshake is not None or source.adapter.enrich is not None


class Mapper:
    """Map stored webhooks, in the order in which they came."""

    def __init__(
        self,
        store: Store,
        sources: Sources,
        metrics: Metrics,
        *,
        resolve: Callable[[Facts, Sequence[Candidate]], Resolution],
        zones: Mapping[str, ZoneInfo],
        errands: Errands,
        now: Callable[[], datetime],
        mapped: Callable[[], None],
    ) -> None:
        """Call ``mapped`` when shipments may have become due, or orders may have to be looked up.

        Webhooks that wait for their answers join ``crowd``; it is given way.
        """
        self.crowd = Crowd()
        self._store = store
        self._sources = sources
        self._metrics = metrics
        self._reader = Reader(store, resolve=resolve, zones=zones, errands=errands, now=now)
        self.replayer = Replayer(store, sources, self._reader, mapped)
        self.replay = self.replayer.replay
        self._now = now
        self._placed = self._parked = mapped
        self._has_placed = self._has_parked = False
        self._held: OrderedDict[int, _Held] = OrderedDict()
        self._held_bytes = 0
        self._beside = Beside(mapped)
        self._behind = True
        self._swept_at = now()
        self._idle = False
        self._loop = Loop("mapping", self._step, now)

    @property
    def beat_at(self) -> datetime:
        """Return when the mapper last showed that it is alive."""
        return self._loop.beat_at

    def wake_apart(self, placed: Callable[[], None], parked: Callable[[], None]) -> None:
        """Call ``placed`` when shipments may have become due, and ``parked`` when orders may have to be looked up."""
        self._placed, self._parked = placed, parked

    def stored(self, webhook_id: int, source: Source, webhook: Webhook) -> None:
        """Take over a webhook that was just committed."""
        if self._held_bytes + len(webhook.body) > _HELD_BYTES:
            self._behind = True
        else:
            self._held[webhook_id] = _Held(source=source, webhook=webhook)
            self._held_bytes += len(webhook.body)
        self._loop.wake()

    def wake(self) -> None:
        """Look for stored webhooks now."""
        self._loop.wake()

    def stop(self) -> None:
        """Finish what is in hand and return from `run`."""
        self._loop.stop()

    async def run(self) -> None:
        """Map until `stop`."""
        await self._loop.run()
        await self._beside.finish()

    async def _step(self) -> float:
        # Nothing was handed over while it slept: look at what is stored.
        self._behind = self._behind or (self._idle and not self._held)
        try:
            self._idle = not await self._map_some()
        except StoreUnavailable:
            self._behind = True
            raise
        return POLL_SECONDS if self._idle else 0.0

    async def _map_some(self) -> bool:
        while self.crowd.is_new:  # noqa: ASYNC110 - nobody tells that nobody came
            await asyncio.sleep(_LOOK_SECONDS)
        # Before anything is taken: webhooks are kept in the order in which they were taken.
        await self._reader.meanings.refresh()
        is_crowded = self.crowd.is_there
        most = _BATCH_IN_A_CROWD if is_crowded else _BATCH
        batch = [self._held.popitem(last=False) for _ in range(min(most, len(self._held)))]
        self._held_bytes -= sum(len(held.webhook.body) for _, held in batch)
        now = self._now()
        if (self._behind or now - self._swept_at >= _SWEEP) and not (is_crowded and batch):
            self._swept_at = now
            batch += await self._recover(frozenset(id_ for id_, _ in batch), most)
        if not batch:
            return False
        quick = [self._map(id_, held.source, held.webhook) for id_, held in batch if not _asks_for_calls(held.source)]
        for id_, held in batch:
            if _asks_for_calls(held.source):
                self._beside.start(id_, partial(self._map, id_, held.source, held.webhook))
        began = time.monotonic()
        await asyncio.gather(*quick)
        self._wake_others()
        if is_crowded:
            await self._give_way(time.monotonic() - began)
        return True

    def _wake_others(self) -> None:
        """Wake whoever has something to do now: each looks by a transaction, which would only be in the way."""
        has_placed, has_parked = self._has_placed, self._has_parked
        self._has_placed = self._has_parked = False
        if has_placed:
            self._placed()
        if has_parked:
            self._parked()

    async def _give_way(self, seconds: float) -> None:
        """Leave the processor to webhooks that wait for their answers: what was answered can be read later.

        For a crowd's first five seconds nothing is read. Then reading takes a tenth of the time and no more; but no
        less, since a crowd may stay.
        """
        until = time.monotonic() + seconds * _SHARE
        while self.crowd.is_there and time.monotonic() < until:  # noqa: ASYNC110 - nobody tells that nobody came
            await asyncio.sleep(_LOOK_SECONDS)

    async def _recover(self, taken: frozenset[int], most: int) -> list[tuple[int, _Held]]:
        """Read back what is stored and unmapped; what memory holds by now is left to it."""
        now = self._now()
        if self._store.is_shared:
            ids = await self._store.write(ClaimUnread(limit=most, until=now + HELD, now=now))
        else:
            ids = await self._store.read(lambda connection: unmapped(connection, most, now))
        self._behind = len(ids) == most
        batch: list[tuple[int, _Held]] = []
        for id_ in ids:
            is_in_hand = id_ in taken or id_ in self._held or id_ in self._beside
            stored = None if is_in_hand else await self._stored(id_)
            if stored is None:
                continue
            source = self._sources.find(stored.carrier, stored.owner)
            if source is None:
                reason = f"{stored.owner}/{stored.carrier} is not configured any more"
                await self._unmappable(id_, (stored.owner, stored.carrier), 0, reason)
                continue
            batch.append((id_, _Held(source=source, webhook=as_webhook(stored))))
        return batch

    async def _stored(self, webhook_id: int) -> StoredWebhook | None:
        return await self._store.read(lambda connection: webhook_with_body(connection, webhook_id))

    async def _map(self, webhook_id: int, source: Source, webhook: Webhook) -> None:
        adapter = source.adapter
        named = (source.owner, adapter.slug)
        try:
            webhook = await self._reader.complete(webhook_id, source, webhook)
            reading = await self._reader.read(source, webhook)
            recording = self._reader.recording(webhook_id, source, reading, revise=False)
            # The webhook is on disk, and whatever goes to VTEX for it is committed after this, and waited for.
            recorded = await self._store.write(recording, lasting=False)
        except MalformedPayload as error:
            await self._unmappable(webhook_id, named, adapter.version, str(error))
            return
        except StoreUnavailable:
            raise
        except (CallFailed, LookupFailed) as error:
            await self._postpone(webhook_id, source, str(error))
            return
        except EgressRefused as error:
            await self._unmappable(webhook_id, named, adapter.version, str(error))
            return
        except Exception as error:
            # One poisoned webhook must not stop the others; its bytes are kept and can be replayed once we are mended.
            logger.exception(
                "a webhook could not be mapped", extra={"carrier": adapter.slug, "id": public_id("wh", webhook_id)}
            )
            await self._unmappable(webhook_id, named, adapter.version, f"the relay failed on it: {error!r}")
            return
        self._has_placed |= recorded.placed > 0
        self._has_parked |= recorded.parked > 0
        for event in reading.events:
            self._metrics.event(adapter.slug, event.milestone, is_unknown=event.unknown_code is not None)
        log_event(logger, "webhook.mapped", **mapped_line(webhook_id, source, webhook, reading, recorded, self._now()))

    async def _postpone(self, webhook_id: int, source: Source, reason: str) -> None:
        stored = await self._stored(webhook_id)
        attempts = stored.map_attempts if stored else 0
        since = stored.received_at if stored else None
        trouble = Trouble(attempts=attempts, since=since)
        until = next_try(trouble, Patience(), now=self._now(), jitter=0.0)
        if until is None:
            named = (source.owner, source.adapter.slug)
            await self._unmappable(webhook_id, named, source.adapter.version, f"given up: {reason}")
            return
        await self._store.write(PostponeMapping(webhook_id=webhook_id, until=until, reason=reason))
        log_event(
            logger,
            "webhook.postponed",
            level=logging.WARNING,
            id=public_id("wh", webhook_id),
            carrier=source.adapter.slug,
            owner=source.owner,
            until=until,
            reason=reason,
        )

    async def _unmappable(self, webhook_id: int, named: tuple[str, str], version: int, reason: str) -> None:
        """Keep that a webhook cannot be read; ``named`` is its source's owner and carrier."""
        await self._store.write(
            RecordUnmappable(webhook_id=webhook_id, reason=reason, adapter_version=version, now=self._now())
        )
        line = unmappable_line(webhook_id, *named, version, reason)
        log_event(logger, "webhook.unmappable", level=logging.WARNING, **line)
