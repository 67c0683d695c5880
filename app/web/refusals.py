"""Keep refused requests as evidence, without ever delaying or breaking an answer."""

import asyncio
import contextlib
import logging
from collections import deque
from typing import TYPE_CHECKING, Final

from app import store as storing
from app import verification
from app.errors import RelayError
from app.intake import mask
from app.model import Webhook
from app.source import Source
from app.store import Store
from app.telemetry import log_event

if TYPE_CHECKING:
    from app.store import AddRefusal

__all__ = ["EXCERPT_BYTES", "Refusals"]

EXCERPT_BYTES: Final = 4096
_WAITING: Final = 256
_LONGEST_PATH: Final = 2048
_HEADERS: Final = 100
_TOGETHER: Final = 64
"""So many share a transaction."""
_REST_SECONDS: Final = 0.1
"""Between two transactions: whoever proved himself waits behind one of them now and then, not behind each refusal."""
_FREED: Final = 16
"""When the space is full this part of it is freed, for each measure looks at all that is kept."""
_CLOSE_SECONDS: Final = 2.0
_LOGGER: Final = logging.getLogger(__name__)


def _blank(text: str, live: list[str]) -> str:
    """Blank live secrets wherever they stand: what is refused often carries the right secret in the wrong place."""
    for secret in live:
        text = text.replace(secret, "***")
    return text


class Refusals:
    """A short queue of refused requests, written together now and then: a flood holds no webhook up."""

    def __init__(self, store: Store, *, kept: int, most_bytes: int) -> None:
        """Keep at most ``kept`` of them in the store, and about ``most_bytes``."""
        self._store = store
        self._kept = kept
        self._most_bytes = most_bytes
        # What an earlier process kept is measured with the first that this one keeps.
        self._taken = most_bytes
        self._is_hurried = asyncio.Event()
        self._waiting: deque[AddRefusal] = deque()
        self._writing: asyncio.Task[None] | None = None
        self.dropped = 0

    def next_id(self) -> int:
        """Return the id that a refusal will have."""
        return self._store.ids.next()

    def add(
        self, id_: int, source: Source, webhook: Webhook, *, path: str, size: int, cause: tuple[int, str, str]
    ) -> None:
        """Queue a refused request; drop it when too many wait.

        Args:
            id_: The id that the sender was told.
            source: What the path named.
            webhook: The request, with as much of its body as was read.
            path: Its path with credentials masked.
            size: How long its body is, as far as known.
            cause: Status, slug and detail of the answer.

        """
        if len(self._waiting) >= _WAITING:
            self.dropped += 1
            return
        # The path was masked by its route, which knows what in it is a key.
        scheme = source.adapter.verification
        masked = mask(webhook, source.credentials, scheme.headers, None)
        # A signature over the body explains the refusal and opens no door; see `app.verification.evidence`.
        kept = verification.kept_signatures(scheme, source.credentials, webhook)
        headers = [
            (name, value if name in kept else shown)
            for (name, value), (_, shown) in zip(webhook.headers, masked.headers, strict=True)
        ]
        live = [secret for secret in (*source.credentials.secrets, source.path_key) if secret]
        path = f"{path}?{masked.query}" if masked.query else path
        status, slug, detail = cause
        self._waiting.append(
            storing.AddRefusal(
                id=id_,
                at=webhook.received_at,
                status=status,
                cause=slug,
                detail=detail,
                owner=source.owner,
                carrier=source.adapter.slug,
                method=webhook.method,
                path=_blank(path[:_LONGEST_PATH], live),
                headers=tuple((name, _blank(value, live)) for name, value in headers[:_HEADERS]),
                peer=webhook.peer,
                size=size,
                body=_blank(webhook.body[:EXCERPT_BYTES].decode("latin-1"), live).encode("latin-1"),
                kept=self._kept,
            )
        )
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        while self._waiting:
            some = [self._waiting.popleft() for _ in range(min(_TOGETHER, len(self._waiting)))]
            ends = await asyncio.gather(*map(self._written, some))
            self.dropped += ends.count(False)
            if self._taken > self._most_bytes:
                await self._trim()
            if self._waiting:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._is_hurried.wait(), _REST_SECONDS)

    async def _written(self, refusal: "AddRefusal") -> bool:
        try:
            await self._store.write(refusal, size=EXCERPT_BYTES)
        except RelayError as error:
            log_event(_LOGGER, "refusal.dropped", level=logging.WARNING, reason=str(error))
            return False
        self._taken += refusal.bytes
        return True

    async def _trim(self) -> None:
        most = self._most_bytes - self._most_bytes // _FREED
        try:
            self._taken = await self._store.write(storing.TrimRefusals(most_bytes=most))
        except RelayError as error:
            log_event(_LOGGER, "refusal.dropped", level=logging.WARNING, reason=str(error))

    async def close(self, wait_seconds: float = _CLOSE_SECONDS) -> None:
        """Write what waits, for a moment: a stop must not hang on requests that were refused."""
        self._is_hurried.set()
        if self._writing is not None:
            with contextlib.suppress(TimeoutError, asyncio.CancelledError):
                await asyncio.wait_for(self._writing, wait_seconds)
        self._is_hurried.clear()
