"""Reading one webhook: the calls that it asks for, its source's adapter, and what is to be kept of the reading."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from app.errands import Errands
from app.mapping.meanings import Meanings
from app.mapping.stored import facts
from app.model import Webhook
from app.reading import Reading, read
from app.source import Source
from app.store import Facts, RecordMapping, Resolution, Store
from app.store.inbox import KeepFetched
from app.store.placement import Candidate

__all__ = ["Reader", "asks_for_calls"]

_LARGE_BODY: Final = 64 * 1024
"""Larger bodies are read on a thread, so that they do not hold up the event loop."""


def asks_for_calls(source: Source) -> bool:
    """Tell whether webhooks of a source may ask for calls before they can be read."""
    return source.adapter.handshake is not None or source.adapter.enrich is not None


class Reader:
    """Read webhooks, for the first time or again."""

    def __init__(
        self,
        store: Store,
        *,
        resolve: Callable[[Facts, Sequence[Candidate]], Resolution],
        zones: Mapping[str, ZoneInfo],
        errands: Errands,
        now: Callable[[], datetime],
    ) -> None:
        """Read times without a zone in ``zones``, by account."""
        self._store = store
        self._resolve = resolve
        self._zones = zones
        self._errands = errands
        self._now = now
        self.meanings = Meanings(store, now)

    async def complete(self, webhook_id: int, source: Source, webhook: Webhook, *, handshake: bool = True) -> Webhook:
        """Make the calls that a webhook asks for; what it points to takes the place of its body, and is kept.

        A ``handshake`` that was made is not made again.

        Raises:
            CallFailed, LookupFailed: A call ended without an answer that can be used.
            EgressRefused: It asks for a call that must not be made.

        """
        adapter = source.adapter
        if handshake and adapter.handshake is not None and (call := adapter.handshake(webhook)) is not None:
            await self._errands.make(source, call)
        fetched = await self.fetched(source, webhook)
        if fetched is None:
            return webhook
        await self._store.write(KeepFetched(webhook_id=webhook_id, fetched=fetched), size=len(fetched))
        return replace(webhook, body=fetched)

    async def fetched(self, source: Source, webhook: Webhook) -> bytes | None:
        """Fetch what a webhook points to, None when it points to nothing."""
        adapter = source.adapter
        if adapter.enrich is None or (call := adapter.enrich(webhook)) is None:
            return None
        return await self._errands.make(source, call)

    def may_read_at_once(self, source: Source, webhook: Webhook) -> bool:
        """Tell whether a webhook asks for no call, is not large, and is read by meanings that may be gone by."""
        return not asks_for_calls(source) and len(webhook.body) <= _LARGE_BODY and self.meanings.are_fresh

    async def read(self, source: Source, webhook: Webhook) -> Reading:
        """Read a webhook as its source's adapter does.

        Raises:
            MalformedPayload: It cannot be read.

        """
        if len(webhook.body) > _LARGE_BODY:
            return await asyncio.to_thread(self.read_at_once, source, webhook)
        return self.read_at_once(source, webhook)

    def read_at_once(self, source: Source, webhook: Webhook) -> Reading:
        """Read a webhook, for as long as that takes.

        Raises:
            MalformedPayload: It cannot be read.

        """
        zone, overrides = self._zones.get(source.accounts[0]), self.meanings.of(source)
        return read(source.adapter, webhook, zone=source.zone, account_zone=zone, overrides=overrides)

    def recording(self, webhook_id: int, source: Source, reading: Reading, *, revise: bool) -> RecordMapping:
        """Make the operation that keeps a reading; with ``revise`` known events take over what it says of them."""
        return RecordMapping(
            webhook_id=webhook_id,
            owner=source.owner,
            carrier=source.adapter.slug,
            accounts=source.accounts,
            adapter_version=source.adapter.version,
            facts=facts(source, reading),
            ignored=reading.ignored,
            warnings=reading.warnings,
            lookup=source.adapter.order_reference_is_vtex,
            resolve=self._resolve,
            ids=self._store.ids,
            now=self._now(),
            revise=revise,
        )
