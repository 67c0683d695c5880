"""Webhooks that were stored before there was anybody to read them."""

from collections.abc import Callable
from typing import Final

from app.model import Webhook
from app.source import Source

__all__ = ["Arrivals"]

_MOST_BYTES: Final = 16 * 1024 * 1024


class Arrivals:
    """Keep them until their reader is there, who finds in the store what would be too much to keep."""

    def __init__(self) -> None:
        """Begin without a reader."""
        self._kept: list[tuple[int, Source, Webhook]] = []
        self._bytes = 0
        self._read: Callable[[int, Source, Webhook], None] = self._keep

    def stored(self, webhook_id: int, source: Source, webhook: Webhook) -> None:
        """Hand over a webhook that was just committed."""
        self._read(webhook_id, source, webhook)

    def _keep(self, webhook_id: int, source: Source, webhook: Webhook) -> None:
        if self._bytes + len(webhook.body) <= _MOST_BYTES:
            self._bytes += len(webhook.body)
            self._kept.append((webhook_id, source, webhook))

    def hand_to(self, read: Callable[[int, Source, Webhook], None]) -> None:
        """Give a reader what was kept, and all that comes from now on."""
        kept, self._kept, self._read = self._kept, [], read
        for each in kept:
            read(*each)
