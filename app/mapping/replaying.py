"""Replay: read the stored bytes of a webhook again with today's adapter, show the difference, keep what is missing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from app.errors import EgressRefused, MalformedPayload, NotYetRead
from app.mapping.reader import Reader
from app.mapping.stored import as_webhook, difference, unconfigured
from app.model import Webhook
from app.reading import as_document
from app.source import Source, Sources
from app.store import RecordMapping, Store, public_id
from app.store.inbox import StoredWebhook, webhook_with_body
from app.store.replays import AuditReplay, known_events

__all__ = ["Replayer", "Reread"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reread:
    """A stored webhook as it is read today.

    Args:
        recording: Keeps it.
        document: The reading, for people.
        new: The events that are not known yet.
        changed: What is read differently, as ``{"before", "after"}``.
        unchanged: How many events are read as before.

    """

    recording: RecordMapping
    document: Mapping[str, Any]
    new: tuple[Mapping[str, Any], ...]
    changed: tuple[Mapping[str, Any], ...]
    unchanged: int


class Replayer:
    """Read webhooks again."""

    def __init__(self, store: Store, sources: Sources, reader: Reader, mapped: Callable[[], None]) -> None:
        """Call ``mapped`` when something was kept: shipments may have become due."""
        self._store = store
        self._sources = sources
        self._reader = reader
        self._mapped = mapped

    def forget_meanings(self) -> None:
        """Ask the store anew what codes mean."""
        self._reader.meanings.forget()

    async def shown(self, webhook_id: int) -> Reread:
        """Read a stored webhook again and say what differs from what is known: nothing is changed, nobody is called.

        Raises:
            MalformedPayload: It cannot be read, still, or there is nothing to read.

        """
        stored, source = await self._found(webhook_id)
        return await self._compared(stored, source, as_webhook(stored))

    async def _tried(self, webhook_id: int) -> Reread:
        """Do as `shown`, but fetch what the webhook points to, where that is not kept."""
        stored, source = await self._found(webhook_id)
        webhook = as_webhook(stored)
        if stored.fetched is None:
            try:
                fetched = await self._reader.fetched(source, webhook)
            except EgressRefused as error:
                raise MalformedPayload("$", f"asks for a call that is refused: {error}") from None
            webhook = webhook if fetched is None else replace(webhook, body=fetched)
        return await self._compared(stored, source, webhook)

    async def replay(self, webhook_id: int, *, dry_run: bool, reason: str, actor: str) -> Mapping[str, Any]:
        """Read a stored webhook again with today's adapter, and show what differs from what is known.

        Args:
            webhook_id: Which one.
            dry_run: Only show; otherwise events that are missing are added and forwarded, known ones re-read, and
                shipments that were given up are taken up again.
            reason: Why, for the audit log.
            actor: Who, for the audit log.

        Returns:
            ``{"dry_run", "new": […], "changed": [{"before", "after"}], "unchanged": n, "reading": {…}}``.

        Raises:
            MalformedPayload: It cannot be read, still, or there is nothing to read.
            NotYetRead: It waits for its first reading.
            CallFailed, LookupFailed: What it points to could not be had.

        """
        reread = await self._tried(webhook_id) if dry_run else await self.keep(webhook_id, reason=reason, actor=actor)
        return {
            "dry_run": dry_run,
            "new": list(reread.new),
            "changed": list(reread.changed),
            "unchanged": reread.unchanged,
            "reading": reread.document,
        }

    async def keep(self, webhook_id: int, *, reason: str, actor: str) -> Reread:
        """Read a webhook again and keep what it says; raise as `replay` does."""
        reread = await self.prepared(webhook_id)
        await self._store.write(AuditReplay(recording=reread.recording, actor=actor, reason=reason))
        self._mapped()
        return reread

    async def prepared(self, webhook_id: int) -> Reread:
        """Read a webhook again, with the calls that it asks for, to be kept; raise as `replay` does."""
        stored, source = await self._found(webhook_id)
        if stored.state == "stored":
            # Its first reading is on its way, and takes what this one had kept of it for another webhook's.
            raise NotYetRead(f"the webhook {public_id('wh', webhook_id)} waits for its first reading, {_since(stored)}")
        webhook = as_webhook(stored)
        if stored.fetched is None:
            webhook = await self._complete(stored, source, webhook)
        return await self._compared(stored, source, webhook)

    async def _complete(self, stored: StoredWebhook, source: Source, webhook: Webhook) -> Webhook:
        """Make the calls that were never made, or never answered."""
        try:
            is_unanswered = stored.state == "unmappable"
            return await self._reader.complete(stored.id, source, webhook, handshake=is_unanswered)
        except EgressRefused as error:
            raise MalformedPayload("$", f"asks for a call that is refused: {error}") from None

    async def _found(self, webhook_id: int) -> tuple[StoredWebhook, Source]:
        await self._reader.meanings.refresh()
        stored = await self._store.read(lambda connection: webhook_with_body(connection, webhook_id))
        if stored is None or stored.body is None:
            raise MalformedPayload("$", "was deleted when its retention ended; the events it held are kept")
        return stored, self._sources.find(stored.carrier, stored.owner) or unconfigured(stored, self._sources.carriers)

    async def _compared(self, stored: StoredWebhook, source: Source, webhook: Webhook) -> Reread:
        reading = await self._reader.read(source, webhook)
        recording = self._reader.recording(stored.id, source, reading, revise=True)
        known = await self._store.read(lambda connection: known_events(connection, recording))
        document = as_document(source.adapter, reading)
        found = difference(document["events"], recording, known, was_read=stored.state == "mapped")
        return Reread(recording=recording, document=document, **found)


def _since(stored: StoredWebhook) -> str:
    tries = f"after {stored.map_attempts} calls that failed" if stored.map_attempts else "which is only moments away"
    return f"{tries}; it is read by itself. Nothing was changed"
