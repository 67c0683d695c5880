"""The server's HTTP protocol with limits for the head of a request: the server itself knows none.

Without them a sender could fill the memory with one endless header, or hold a connection with one letter a minute.
"""

import asyncio
from typing import Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

__all__ = ["LimitedProtocol"]

_TOO_LARGE: Final = 431
_TOO_SLOW: Final = 408


class LimitedProtocol(HttpToolsProtocol):
    """Refuse heads that are too long or do not come; for uvicorn's setting ``http``."""

    max_head_bytes = 65_536
    max_headers = 200
    head_seconds = 20.0
    linger_seconds = 1.0
    first_seconds = 1.0

    _has_asked = False
    _is_draining = False
    _in_head = True
    _head_bytes = 0
    _is_too_large = False
    _is_refused = False
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Give the first head its time."""
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes; while they belong to a head, only so many."""
        if self._is_refused:
            return
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > self.max_head_bytes and not self._is_refused:
            self._answer(_TOO_LARGE, "The head of the request is too long.")

    def on_message_begin(self) -> None:
        """Give the next head its time."""
        super().on_message_begin()
        self._in_head = True
        self._start_timer()

    def on_headers_complete(self) -> None:
        """Begin with the request, unless its head is too long."""
        self._stop_timer()
        self._in_head = False
        self._has_asked = True
        self._head_bytes = 0
        size = len(self.url) + sum(len(name) + len(value) for name, value in self.headers)
        if size > self.max_head_bytes or len(self.headers) > self.max_headers:
            self._is_too_large = True
            # The parser stops at an error of a callback, and the server then answers as to any invalid request.
            msg = "the head of the request is too long"
            raise ValueError(msg)
        super().on_headers_complete()
        if self._is_draining:
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        """Close after the answer at hand; a connection that was just made may still ask its one question.

        Its bytes are on their way, or wait here unread: closed now, it would be reset, and its sender told nothing.
        """
        if self._has_asked or self._is_refused:
            super().shutdown()
            return
        self._is_draining = True
        self._stop_timer()
        # As for any head that does not come, only sooner.
        self._timer = self.loop.call_later(self.first_seconds, self._on_silence)

    def send_400_response(self, msg: str) -> None:
        """Answer a request that is none, in the status that says why."""
        if self._is_too_large:
            self._answer(_TOO_LARGE, "The head of the request is too long.")
        else:
            super().send_400_response(msg)

    def _start_timer(self) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(self.head_seconds, self._on_silence)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_silence(self) -> None:
        """Close a connection whose head did not come; one on which nothing came at all hears nothing."""
        if self._head_bytes:
            self._answer(_TOO_SLOW, "The head of the request did not arrive in time.")
        else:
            self.transport.close()

    def _answer(self, status: int, text: str) -> None:
        """Answer, unless a request before this one still waits for its own answer."""
        if not getattr(self.cycle, "response_complete", True):
            self.transport.close()
            return
        body = text.encode()
        head = b"content-type: text/plain; charset=utf-8\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
        self.transport.write(STATUS_LINE[status] + head + body)
        # Closed on unread bytes, the connection would be reset before its sender has read why.
        self._is_refused = True
        self._stop_timer()
        self.loop.call_later(self.linger_seconds, self.transport.close)
        if self.transport.can_write_eof():
            self.transport.write_eof()
