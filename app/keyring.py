"""Public keys that carriers publish: fetched when a signature first names one, cached, and refetched sparingly."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from app.errors import CallFailed, LookupFailed, MalformedPayload

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from app.egress import Reply

__all__ = ["Keyring"]

_FRESH: Final = timedelta(hours=24)
_MINIMUM_INTERVAL: Final = timedelta(seconds=30)
_TOTAL_SECONDS: Final = 5.0
_MAX_BYTES: Final = 262_144
_HTTP_OK: Final = 200
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class _KeySet:
    keys: dict[str, "RSAPublicKey"] = field(default_factory=dict)
    fetched_at: datetime = _NEVER
    tried_at: datetime = _NEVER
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Calls(Protocol):
    """Whoever makes outgoing calls, as `app.egress.Egress` does."""

    async def call(
        self, method: str, url: str, *, headers: Mapping[str, str], total_seconds: float, max_bytes: int
    ) -> "Reply":
        """Make one."""


class Keyring:
    """Find RSA keys by key set and id."""

    def __init__(self, egress: Calls, now: Callable[[], datetime]) -> None:
        """Fetch through ``egress``."""
        self._egress = egress
        self._now = now
        self._sets: dict[str, _KeySet] = {}

    def find(self, jwks_url: str, key_id: str) -> "RSAPublicKey | None":
        """Return a cached key that is fresh enough, None otherwise."""
        known = self._sets.get(jwks_url)
        if known is None or self._now() - known.fetched_at > _FRESH:
            return None
        return known.keys.get(key_id)

    async def fetch(self, jwks_url: str) -> None:
        """Fetch a key set, unless it was tried a moment ago: strangers can name unknown keys as fast as they like.

        Raises:
            LookupFailed: The key set cannot be had: whether it holds the key is not known.

        """
        known = self._sets.setdefault(jwks_url, _KeySet())
        async with known.lock:
            if self._now() - known.tried_at < _MINIMUM_INTERVAL:
                if known.fetched_at < known.tried_at:
                    raise LookupFailed(f"the key set {jwks_url} could not be fetched a moment ago")
                return
            known.tried_at = self._now()
            try:
                reply = await self._egress.call(
                    "GET",
                    jwks_url,
                    headers={"accept": "application/json"},
                    total_seconds=_TOTAL_SECONDS,
                    max_bytes=_MAX_BYTES,
                )
                if reply.status != _HTTP_OK or reply.cut:
                    raise LookupFailed(f"the key set {jwks_url} answered {reply.status}")
                from app.verification import rsa_keys  # noqa: PLC0415 - most need no library of ciphers for a start

                known.keys = dict(rsa_keys(reply.body.decode()))
            except (CallFailed, MalformedPayload, UnicodeDecodeError) as error:
                raise LookupFailed(f"the key set {jwks_url} could not be fetched: {error}") from None
            known.fetched_at = self._now()
