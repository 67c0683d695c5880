"""The server's HTTP protocol with limits on what comes before a body: the server itself knows none.

Without them a sender could fill the memory with one endless header, or hold a connection with one letter a minute.
"""

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["LimitedProtocol"]

MAX_HEAD_BYTES: Final = 65_536
MAX_HEADERS: Final = 200
HEAD_SECONDS: Final = 20.0


class LimitedProtocol(HttpToolsProtocol):
    """Refuse heads that are too long, and give up on those that do not come; for uvicorn's ``http``."""

    max_head_bytes = MAX_HEAD_BYTES
    max_headers = MAX_HEADERS
    head_seconds = HEAD_SECONDS

    _head_bytes = 0
    _head_count = 0
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Expect a head within the time allowed, from the first byte that could have come."""
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing any more."""
        self._stop_expecting()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Count the next head from its beginning."""
        super().on_message_begin()
        self._head_bytes = self._head_count = 0
        self._stop_expecting()
        self._expect_head()

    def on_url(self, url: bytes) -> None:
        """Take a piece of the request line's address."""
        if self._fits(len(url)):
            super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self._head_count += 1
        if self._fits(len(name) + len(value)):
            super().on_header(name, value)
