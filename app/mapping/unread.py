"""Webhooks that were not read: postponed, or unmappable."""

import logging
from collections.abc import Callable
from datetime import datetime

from app.mapping.telling import unmappable_line
from app.retry import Patience, Trouble, next_try
from app.source import Source
from app.store import RecordUnmappable, Store, public_id
from app.store.inbox import PostponeMapping, StoredWebhook, webhook_with_body
from app.telemetry import log_event

__all__ = ["Unread"]

logger = logging.getLogger(__name__)


class Unread:
    """Keep of webhooks why they were not read."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        """Keep it in the store."""
        self._store = store
        self._now = now

    async def stored(self, webhook_id: int) -> StoredWebhook | None:
        """Return a webhook as it is stored, None when it is not."""
        return await self._store.read(lambda connection: webhook_with_body(connection, webhook_id))

    async def postpone(self, webhook_id: int, source: Source, reason: str) -> None:
        """Have a webhook read later: a call that it asks for failed; one that failed for too long is unmappable."""
        stored = await self.stored(webhook_id)
        attempts = stored.map_attempts if stored else 0
        since = stored.received_at if stored else None
        trouble = Trouble(attempts=attempts, since=since)
        until = next_try(trouble, Patience(), now=self._now(), jitter=0.0)
        if until is None:
            named = (source.owner, source.adapter.slug)
            await self.unmappable(webhook_id, named, source.adapter.version, f"given up: {reason}")
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

    async def unmappable(self, webhook_id: int, named: tuple[str, str], version: int, reason: str) -> None:
        """Keep that a webhook cannot be read; ``named`` is its source's owner and carrier."""
        await self._store.write(
            RecordUnmappable(webhook_id=webhook_id, reason=reason, adapter_version=version, now=self._now())
        )
        line = unmappable_line(webhook_id, *named, version, reason)
        log_event(logger, "webhook.unmappable", level=logging.WARNING, **line)
