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
from app.mapping.reader import Reader, asks_for_calls
from app.mapping.replaying import Replayer
from app.mapping.stored import as_webhook
from app.mapping.telling import mapped_line
from app.mapping.unread import Unread
from app.model import Webhook
from app.reading import Reading
from app.source import Source, Sources
from app.store import Facts, Recorded, Resolution, Store, Ticket, public_id
from app.store.placement import Candidate
from app.store.unread import HELD, ClaimUnread, unmapped
from app.telemetry import Metrics, log_event
from app.worker import POLL_SECONDS, Worker

__all__ = ["Mapper"]

logger = logging.getLogger(__name__)

_BATCH: Final = 64
_BATCH_IN_A_CROWD: Final = 4
"""Webhooks share their transaction with readings, and must not wait for many of them."""
_SHARE: Final = 9
_LOOK_SECONDS: Final = 0.01
_ROUNDS_TO_LEAVE: Final = 3
"""After so many rounds of the event loop a call has left that was claimed with a reading; what is told can wait."""
_HELD_BYTES: Final = 16 * 1024 * 1024
_SWEEP: Final = timedelta(seconds=5)
"""How often the table is looked at: a webhook may be stored without being handed over, as when its sender hung up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    """A webhook that is read; ``is_followed`` says that its shipment is claimed in the same transaction."""

    reading: Reading
    ticket: Ticket[Recorded]
    is_followed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    source: Source
    webhook: Webhook


class Mapper(Worker):
    """Map stored webhooks, in the order in which they came."""

    def __init__(  # noqa: PLR0913 - everything but the crowd must be given
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
        crowd: Crowd | None = None,
    ) -> None:
        """Call ``mapped`` when shipments may have become due, or orders may have to be looked up.

        Webhooks that wait for their answers join ``crowd``; it is given way.
        """
        super().__init__("mapping", now)
        self.crowd = crowd or Crowd()
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
        self._unread = Unread(store, now)
        self._beside = Beside(mapped)
        self._at_once = Beside(self._wake_others)
        self._follow: Callable[[], bool] = lambda: False
        self._is_mapping = True
        self._places = False
        self._behind = True
        self._swept_at = now()
        self._idle = False

    def wake_apart(self, placed: Callable[[], None], parked: Callable[[], None], follow: Callable[[], bool]) -> None:
        """Call ``placed`` when shipments may have become due, and ``parked`` when orders may have to be looked up.

        ``follow`` is called when a reading was queued; where it returns true, ``placed`` is not called after it.
        """
        self._placed, self._parked, self._follow = placed, parked, follow

    def stored(self, webhook_id: int, source: Source, webhook: Webhook) -> None:
        """Take over a webhook that was just committed, and read it now if nothing waits before it."""
        if self._is_read_at_once(webhook_id, source, webhook):
            return
        if self._held_bytes + len(webhook.body) > _HELD_BYTES:
            self._behind = True
        else:
            self._held[webhook_id] = _Held(source=source, webhook=webhook)
            self._held_bytes += len(webhook.body)
        self.wake()

    def stop(self) -> None:
        """Finish what is in hand and return from `run`."""
        self._is_mapping = True
        super().stop()

    async def run(self) -> None:
        """Map until `stop`."""
        await super().run()
        await self._beside.finish()
        await self._at_once.finish()

    def _is_read_at_once(self, webhook_id: int, source: Source, webhook: Webhook) -> bool:
        """Read a webhook if nothing else is to be read; where its like find shipments, claim behind it."""
        is_busy = self._is_mapping or self._held or self._behind or self.crowd.is_there
        if is_busy or not (self._at_once.has_room and self._reader.may_read_at_once(source, webhook)):
            return False
        try:
            reading = self._reader.read_at_once(source, webhook)
            ticket = self._record(webhook_id, source, reading)
        except Exception:  # noqa: BLE001 - whatever is wrong with it, it is read again in its turn, and told of there
            return False
        begun = _Begun(reading=reading, ticket=ticket, is_followed=self._places and self._follow())
        self._at_once.start(webhook_id, partial(self._map, webhook_id, source, webhook, begun))
        return True

    def _record(self, webhook_id: int, source: Source, reading: Reading) -> Ticket[Recorded]:
        recording = self._reader.recording(webhook_id, source, reading, revise=False)
        # The webhook is on disk, and whatever goes to VTEX for it is committed after this, and waited for.
        return self._store.submit(recording, lasting=False)

    async def step(self) -> float:
        """Read what waits; return how long there is nothing to do."""
        self._is_mapping = True
        # Nothing was handed over while it slept: look at what is stored.
        self._behind = self._behind or (self._idle and not self._held)
        try:
            self._idle = not await self._map_some()
        except StoreUnavailable:
            self._behind = True
            raise
        self._is_mapping = not self._idle
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
        quick = [self._map(id_, held.source, held.webhook) for id_, held in batch if not asks_for_calls(held.source)]
        for id_, held in batch:
            if asks_for_calls(held.source):
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
            is_in_hand = id_ in taken or id_ in self._held or id_ in self._beside or id_ in self._at_once
            stored = None if is_in_hand else await self._unread.stored(id_)
            if stored is None:
                continue
            source = self._sources.find(stored.carrier, stored.owner)
            if source is None:
                reason = f"{stored.owner}/{stored.carrier} is not configured any more"
                await self._unread.unmappable(id_, (stored.owner, stored.carrier), 0, reason)
                continue
            batch.append((id_, _Held(source=source, webhook=as_webhook(stored))))
        return batch

    async def _map(self, webhook_id: int, source: Source, webhook: Webhook, begun: _Begun | None = None) -> None:
        adapter = source.adapter
        named = (source.owner, adapter.slug)
        try:
            if begun is None:
                webhook = await self._reader.complete(webhook_id, source, webhook)
                reading = await self._reader.read(source, webhook)
                begun = _Begun(reading=reading, ticket=self._record(webhook_id, source, reading))
            recorded = await begun.ticket.outcome
        except MalformedPayload as error:
            await self._unread.unmappable(webhook_id, named, adapter.version, str(error))
            return
        except StoreUnavailable:
            raise
        except (CallFailed, LookupFailed) as error:
            await self._unread.postpone(webhook_id, source, str(error))
            return
        except EgressRefused as error:
            await self._unread.unmappable(webhook_id, named, adapter.version, str(error))
            return
        except Exception as error:
            # One poisoned webhook must not stop the others; its bytes are kept and can be replayed once we are mended.
            logger.exception(
                "a webhook could not be mapped", extra={"carrier": adapter.slug, "id": public_id("wh", webhook_id)}
            )
            await self._unread.unmappable(webhook_id, named, adapter.version, f"the relay failed on it: {error!r}")
            return
        self._places = recorded.placed > 0
        self._has_placed |= self._places and not begun.is_followed
        self._has_parked |= recorded.parked > 0
        now = self._now()
        for _ in range(_ROUNDS_TO_LEAVE * begun.is_followed):
            await asyncio.sleep(0)
        for event in begun.reading.events:
            self._metrics.event(adapter.slug, event.milestone, is_unknown=event.unknown_code is not None)
        log_event(logger, "webhook.mapped", **mapped_line(webhook_id, source, webhook, begun.reading, recorded, now))
