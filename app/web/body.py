"""Read a request's body: whole, within a limit and in time, or not at all."""

import asyncio
import contextlib
import zlib
from collections.abc import Awaitable, Callable, Coroutine, Generator
from types import coroutine
from typing import Any, Final

from starlette.types import Message, Receive, Send

__all__ = [
    "WHOLE",
    "Disconnected",
    "Headers",
    "Incompressible",
    "TooLarge",
    "TooSlow",
    "Write",
    "declared_size",
    "expand",
    "passes_by",
    "read",
    "send_and_close",
    "send_whole",
]

Headers = list[tuple[bytes, bytes]]
Write = Callable[[int, Headers, bytes], object]
"""Write a whole answer, whose headers say how long its body is: at once, or as soon as its reader lets it."""

WHOLE: Final = "relay.whole"
"""Under this name a scope may hold what writes a whole answer at once, and tells whether it did."""

_LINGER_SECONDS: Final = 1.0
_LONGEST_NUMBER: Final = 18
_GZIP: Final = 31
"""What `zlib` calls a gzip header and a window of any size."""


class TooLarge(Exception):
    """The body is longer than the limit; ``size`` bytes of it were read, which begin with ``start``."""

    def __init__(self, size: int, start: bytes = b"") -> None:
        """Say how much of it came."""
        super().__init__(size)
        self.size = size
        self.start = start


class TooSlow(Exception):
    """The body did not arrive in time."""


class Disconnected(Exception):
    """The sender went away before the body was complete."""


class Incompressible(Exception):
    """The body is not the compressed one that it is said to be."""


def declared_size(headers: Headers) -> int | None:
    """Return what Content-Length says, None when there is none that can be read."""
    for name, value in headers:
        if name == b"content-length" and value.isdigit():
            return int(value) if len(value) <= _LONGEST_NUMBER else 10**_LONGEST_NUMBER
    return None


def passes_by(headers: Headers, limit: int) -> bool:
    """Tell whether what follows is short enough for the server to let it pass by unread on an open connection."""
    size = declared_size(headers)
    if size is not None:
        return size <= limit
    return not any(name == b"transfer-encoding" for name, _ in headers)


async def read(receive: Receive, *, limit: int, seconds: float, excerpt: int) -> bytes:
    """Return the body.

    Raises:
        TooLarge: It is longer than ``limit``; the rest was left unread.
        TooSlow: It was not complete after ``seconds``.
        Disconnected: The sender went away.

    """
    message, rest = _begun(receive())
    if message is not None and message["type"] == "http.request" and not message.get("more_body"):
        # Nearly every webhook is there whole: then there is nothing to wait for, and no time to limit.
        body: bytes = message.get("body", b"")
        if len(body) > limit:
            raise TooLarge(len(body), body[:excerpt])
        return body
    try:
        async with asyncio.timeout(seconds):
            return await _read_on(message or await rest, receive, limit=limit, excerpt=excerpt)
    except TimeoutError:
        raise TooSlow from None


def _begun(receiving: Awaitable[Message]) -> tuple[Message | None, Awaitable[Message]]:
    """Begin to receive: return what is there already, if anything is, and what to await if not."""
    if not isinstance(receiving, Coroutine):
        return None, receiving
    try:
        waits_for = receiving.send(None)
    except StopIteration as ended:
        return ended.value, receiving
    return None, _resumed(receiving, waits_for)


@coroutine
def _resumed(receiving: Coroutine[Any, Any, Message], waits_for: Any) -> Generator[Any, Any, Message]:  # noqa: ANN401
    """Go on with a coroutine that has said what it waits for."""
    while True:
        step = receiving.send
        try:
            given = yield waits_for
        except BaseException as error:  # noqa: BLE001 - a cancellation is the coroutine's to hear
            step, given = receiving.throw, error
        try:
            waits_for = step(given)
        except StopIteration as ended:
            return ended.value  # type: ignore[no-any-return]


async def _read_on(message: Message, receive: Receive, *, limit: int, excerpt: int) -> bytes:
    chunks = bytearray()
    while True:
        if message["type"] == "http.disconnect":
            raise Disconnected
        chunks += message.get("body", b"")
        if len(chunks) > limit:
            raise TooLarge(len(chunks), bytes(chunks[:excerpt]))
        if not message.get("more_body"):
            return bytes(chunks)
        message = await receive()


def expand(packed: bytes, *, limit: int, ratio: int) -> bytes:
    """Unpack a body of one gzip member, of which never more than the limit is unpacked.

    Raises:
        TooLarge: It would be longer than ``limit``, or than ``ratio`` times its packed size.
        Incompressible: It is no such body, is cut, or goes on after its end.

    """
    most = min(limit, ratio * len(packed))
    unpacking = zlib.decompressobj(wbits=_GZIP)
    try:
        body = unpacking.decompress(packed, most + 1)
    except zlib.error:
        raise Incompressible from None
    if len(body) > most:
        raise TooLarge(len(body), body[:0])
    if not unpacking.eof or unpacking.unused_data:
        raise Incompressible
    return body


async def send_whole(
    send: Send,
    status: int,
    headers: Headers,
    body: bytes,
    *,
    at_once: Callable[[int, Headers, bytes], bool] | None = None,
) -> None:
    """Send an answer, ``at_once`` where the server lets that be done; see `WHOLE`."""
    if at_once is not None and at_once(status, headers, body):
        return
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def send_and_close(
    receive: Receive, send: Send, status: int, headers: Headers, body: bytes, *, limit: int
) -> None:
    """Send an answer although a body is still coming; let its sender read the answer, then close the connection.

    A connection that is closed on unread bytes is reset, and many senders then never see why. So what they still send
    is taken and forgotten, for a second and up to ``limit`` bytes.
    """
    await send({"type": "http.response.start", "status": status, "headers": [*headers, (b"connection", b"close")]})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    taken = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LINGER_SECONDS):
            while taken <= limit:
                message = await receive()
                taken += len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body"):
                    break
    await send({"type": "http.response.body", "body": b""})
