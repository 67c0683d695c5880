"""One connection of HTTP/1.1: a request out, its whole answer in, one after the other.

The parser is the server's, in C. An answer is gathered up to a cap, so nobody waits for single pieces of it.
"""

import asyncio
from collections.abc import AsyncIterable
from dataclasses import dataclass, field
from typing import Final, cast

import httptools
import httpx

from app.egress.outgoing import Outgoing

__all__ = ["Answer", "Connection"]

_LONGEST_HEAD: Final = 64 * 1024
_INFORMATIONAL: Final = range(100, 200)
_SWITCHING: Final = 101
_Pairs = list[tuple[bytes, bytes]]


@dataclass(slots=True, eq=False)
class Answer:
    """What came back; ``cut`` when it was longer than wanted."""

    status: int = 0
    headers: _Pairs = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)
    cut: bool = False


class Connection(asyncio.Protocol):
    """Exchange requests for answers; `is_open` tells whether it can be used again."""

    def __init__(self) -> None:
        """Wait to be connected."""
        self.is_open = False
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._answer = Answer()
        self._waiter: asyncio.Future[Answer] | None = None
        self._writable = asyncio.Event()
        self._max_bytes = 0
        self._head_bytes = 0
        self._has_head = False
        self._is_bodiless = False

    # ---- for its user ----------------------------------------------------------------------------

    async def exchange(self, request: Outgoing, *, max_bytes: int) -> Answer:
        """Send a request and return its answer, up to ``max_bytes`` of it.

        Raises:
            httpx.TransportError: The connection broke, or what came is no HTTP.

        """
        self._begin(max_bytes, is_bodiless=not request.expects_body)
        try:
            if isinstance(request.content, bytes):
                self._send(request.head + request.content)
            else:
                self._send(request.head)
                await self._stream(request.content, request.is_chunked)
            assert self._waiter is not None  # noqa: S101 - begun above
            return await self._waiter
        except BaseException:
            # Whoever stopped waiting leaves an answer on its way that belongs to no later request.
            self.close()
            raise
        finally:
            self._waiter = None

    def close(self) -> None:
        """Close it at once."""
        self.is_open = False
        if self._transport is not None:
            self._transport.abort()

    # ---- sending ---------------------------------------------------------------------------------

    def _begin(self, max_bytes: int, *, is_bodiless: bool) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        self._answer = Answer()
        self._parser = httptools.HttpResponseParser(self)
        self._max_bytes = max_bytes
        self._head_bytes = 0
        self._has_head = False
        self._is_bodiless = is_bodiless

    def _send(self, content: bytes) -> None:
        if self._transport is None or not self.is_open:
            raise httpx.WriteError("the connection was closed")
        self._transport.write(content)

    async def _stream(self, pieces: AsyncIterable[bytes], is_chunked: bool) -> None:  # noqa: FBT001 - of the request
        """Send a body piece by piece, as fast as it is taken; an answer that comes early ends it."""
        async for piece in pieces:
            if self._waiter is None or self._waiter.done():
                return
            if piece:
                self._send(b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece)
                await self._writable.wait()
        if is_chunked:
            self._send(b"0\r\n\r\n")

    # ---- as the transport calls it ---------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready."""
        self._transport = cast("asyncio.Transport", transport)
        self.is_open = True
        self._writable.set()

    def pause_writing(self) -> None:
        """Hold back what is streamed."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Go on."""
        self._writable.set()

    def data_received(self, data: bytes) -> None:
        """Read on in the answer."""
        if self._waiter is None or self._waiter.done() or self._parser is None:
            self.close()  # Nobody asked: whatever it is, it must not become the next answer.
            return
        if not self._has_head:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._fail(httpx.RemoteProtocolError(f"the answer is no HTTP: {error}"))
        except httptools.HttpParserUpgrade:
            return  # Failed already.
        else:
            if not self._has_head and self._head_bytes > _LONGEST_HEAD:
                self._fail(httpx.RemoteProtocolError("the head of the answer never ends"))

    def connection_lost(self, error: Exception | None) -> None:
        """Settle what is left: an answer without a length ends with its connection."""
        self.is_open = False
        self._writable.set()
        if self._waiter is None or self._waiter.done():
            return
        if error is None and self._has_head and not _says_length(self._answer.headers):
            self._waiter.set_result(self._answer)
        else:
            self._fail(httpx.ReadError(f"the connection was closed before the answer was complete: {error or 'EOF'}"))

    def _fail(self, error: Exception) -> None:
        self.close()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(error)

    def _finish(self, *, reuse: bool) -> None:
        if not reuse:
            self.close()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(self._answer)

    # ---- as the parser calls it ------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """See to it that what follows a whole answer is never taken for the next one."""
        if self._waiter is None or self._waiter.done():
            self.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self._answer.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Take the status; an answer to HEAD announces a body that never comes."""
        assert self._parser is not None  # noqa: S101 - it calls
        status = self._parser.get_status_code()
        if status == _SWITCHING:
            self._fail(httpx.RemoteProtocolError("the answer is about another protocol"))
        if status in _INFORMATIONAL:
            return
        self._answer.status = status
        self._has_head = True
        if self._is_bodiless:
            self._finish(reuse=False)

    def on_body(self, data: bytes) -> None:
        """Take a piece of the body, and stop at what is more than wanted."""
        answer = self._answer
        answer.body += data
        if len(answer.body) > self._max_bytes:
            del answer.body[self._max_bytes :]
            answer.cut = True
            self._finish(reuse=False)

    def on_message_complete(self) -> None:
        """Hand over the answer, or wait on for the one that an informational one announced."""
        assert self._parser is not None  # noqa: S101 - it calls
        if not self._has_head:
            self._answer.headers.clear()
            return
        self._finish(reuse=self._parser.should_keep_alive())


def _says_length(headers: _Pairs) -> bool:
    return any(name.lower() in {b"content-length", b"transfer-encoding"} for name, _ in headers)
