"""The server's HTTP protocol with limits for the head of a request, and with a short way for requests that are whole.

The server itself knows no limits: without them a sender could fill the memory with one endless header, or hold a
connection with one letter a minute. And it makes a task and messages for each request. An application that has a method
``take`` is handed what came whole in one piece, its body as bytes, and says whether it takes it; whatever else comes,
and what it does not take, goes the server's way.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar, Final

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from app.web.addresses import PREFIXES
from app.web.body import WHOLE, Headers, Write, send_whole
from app.web.budgets import Budgets
from app.web.connections import Connections
from app.web.limits import Limits
from app.web.pacing import PacedProtocol
from app.web.peer import Network
from app.web.turns import Turns

__all__ = ["LimitedProtocol", "limited_protocol"]

_TOO_LARGE: Final = 431
_TOO_SLOW: Final = 408
_TOO_MANY: Final = 503


_Take = Callable[[Scope, bytes, Write], bool]
"""Takes a request and has it answered by one call of what it is handed, now or later; False changes nothing."""


class LimitedProtocol(PacedProtocol):
    """Refuse heads that are too long or do not come; for uvicorn's setting ``http``."""

    limits: ClassVar[Limits] = Limits()
    linger_seconds = 1.0
    first_seconds = 1.0

    _has_asked = False
    _is_draining = False
    _in_head = True
    _head_bytes = 0
    _arrived = 0
    _is_too_large = False
    _take: _Take | None = None
    _is_receiving = False
    _held: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Give the first head its time."""
        super().connection_made(transport)
        self._take = getattr(self.app, "take", None)
        if self.places is not None and not self.places.admit(self):
            self._answer(_TOO_MANY, "Too many connections; come back in a moment.", b"retry-after: 5\r\n")
            return
        self._wait_for_head()
        self._rest()

    def data_received(self, data: bytes) -> None:
        """Take bytes, and begin with a request that came whole in them."""
        self._is_receiving = True
        super().data_received(data)
        self._is_receiving = False
        held, self._held = self._held, None
        if held is None:
            return
        if self._goes_first:
            self._begin(held)
        else:
            self._in_turn(partial(self._begin, held))

    def _feed(self, data: bytes) -> None:
        """Parse bytes; while they belong to a head, only so many."""
        self._arrived = len(data)
        if self._in_head:
            self._head_bytes += len(data)
        super()._feed(data)
        if self._in_head and self._timer is None and not self._is_refused:
            self._wait_for_head()
        if self._in_head and self._head_bytes > self.limits.head_bytes and not self._is_refused:
            self._answer(_TOO_LARGE, "The head of the request is too long.")

    def on_message_begin(self) -> None:
        """Give the next head its time, from when there is something to wait for."""
        super().on_message_begin()
        self._in_head = True
        self._stop_timer()

    def on_headers_complete(self) -> None:
        """Begin with the request, unless its head is too long."""
        self._stop_timer()
        self._in_head = False
        self._has_asked = True
        # What came since the head began bounds it; only a head that may be too long is measured.
        came, self._head_bytes = max(self._head_bytes, self._arrived), 0
        is_long = came > self.limits.head_bytes and self._size_of_head() > self.limits.head_bytes
        if is_long or len(self.headers) > self.limits.headers:
            self._is_too_large = True
            # The parser stops at an error of a callback, and the server then answers as to any invalid request.
            msg = "the head of the request is too long"
            raise ValueError(msg)
        if self.places is not None:
            self.places.touch(self)
        super().on_headers_complete()
        if self._is_draining:
            self.cycle.keep_alive = False

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:  # noqa: ANN401 - as the server has it
        """Begin with a request; one that could be there whole waits until all that came was read."""
        ours = cycle.scope["raw_path"].startswith(PREFIXES)
        if ours and self._is_receiving and self._take is not None and app is self.app:
            self._held = cycle
        else:
            self._in_turn(partial(self._start, cycle, app, ours=ours))

    def _start(self, cycle: RequestResponseCycle, app: Any, *, ours: bool) -> None:  # noqa: ANN401 - as above
        if ours:
            # Before its task begins. Whoever takes it takes it out, or the two would hold each other.
            cycle.scope[WHOLE] = partial(_write_whole, cycle)  # type: ignore[typeddict-unknown-key]
        super()._start_asgi_task(cycle, app)

    def _begin(self, cycle: RequestResponseCycle) -> None:
        """Begin with a request that waited: without a task if it is whole, and the application takes it so."""
        if self._take is not None and not cycle.more_body and not cycle.waiting_for_100_continue:
            answer = _Answer(self, cycle)
            # As the server keeps its tasks: it does not stop before they are done.
            self.tasks.add(answer)  # type: ignore[arg-type]
            if self._take(cycle.scope, bytes(cycle.body), answer):  # type: ignore[arg-type]
                return
            self.tasks.discard(answer)
        self._start(cycle, self.app, ours=True)

    def answer(self, cycle: RequestResponseCycle, status: int, headers: Headers, body: bytes) -> None:
        """Answer a request that has no task, in a task if the answer has to wait, or to be refused."""
        if not _write_whole(cycle, status, headers, body):
            super()._start_asgi_task(cycle, _answering(status, headers, body))  # type: ignore[arg-type]
            return
        cycle.on_response = _nothing  # As after a task, or the two would hold each other.

    def _size_of_head(self) -> int:
        return len(self.url) + sum(len(name) + len(value) for name, value in self.headers)

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
            self._charge("no-http")
            super().send_400_response(msg)

    def _wait_for_head(self) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(self.limits.head_seconds, self._on_silence)

    def _on_silence(self) -> None:
        """Close a connection whose head did not come; one on which nothing came at all hears nothing."""
        if self._head_bytes:
            self._answer(_TOO_SLOW, "The head of the request did not arrive in time.")
        else:
            self.transport.close()

    def _answer(self, status: int, text: str, more: bytes = b"") -> None:
        """Answer, unless a request before this one still waits for its own answer."""
        if not getattr(self.cycle, "response_complete", True):
            self.transport.close()
            return
        if status != _TOO_MANY:
            self._charge("head-too-large" if status == _TOO_LARGE else "request-timeout")
        body = text.encode()
        head = b"content-type: text/plain; charset=utf-8\r\nconnection: close\r\ncontent-length: %d\r\n" % len(body)
        self.transport.write(STATUS_LINE[status] + head + more + b"\r\n" + body)
        # Closed on unread bytes, the connection would be reset before its sender has read why.
        self._is_refused = True
        self._stop_timer()
        self.loop.call_later(self.linger_seconds, self.transport.close)
        if self.transport.can_write_eof():
            self.transport.write_eof()


class _Answer:
    """Write the answer of a request that has no task; what the server sees of it is a task."""

    __slots__ = ("_cycle", "_protocol")

    def __init__(self, protocol: LimitedProtocol, cycle: RequestResponseCycle) -> None:
        self._protocol = protocol
        self._cycle = cycle

    def __call__(self, status: int, headers: Headers, body: bytes) -> None:
        """Answer, unless the server gave up waiting for that."""
        tasks: set[Any] = self._protocol.tasks
        if self in tasks:
            tasks.discard(self)
            self._protocol.answer(self._cycle, status, headers, body)

    def cancel(self, msg: object = None) -> None:  # noqa: ARG002 - a task's
        """Have the sender come back: the server stops."""
        self._cycle.keep_alive = False
        headers = [(b"content-length", b"0"), (b"retry-after", b"5")]
        # Later, as a task does: the server is counting them.
        self._protocol.loop.call_soon(self, _TOO_MANY, headers, b"")


def _nothing() -> None:
    """Do nothing."""


def _answering(status: int, headers: Headers, body: bytes) -> ASGIApp:
    """Make an application that gives one answer."""

    async def answer(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send_whole(send, status, headers, body)

    return answer


def _write_whole(cycle: RequestResponseCycle, status: int, headers: Headers, body: bytes) -> bool:
    """Write an answer in one piece, as the server does in two, which are two system calls and two packets.

    Headers say how long the body is. False when it has to wait, or to be refused: then the server is to do it.
    """
    if cycle.flow.write_paused or cycle.response_started:
        return False
    pieces = [STATUS_LINE[status]]
    for name, value in (*cycle.default_headers, *headers):
        pieces += (name, b": ", value, b"\r\n")
    pieces.append(b"\r\n" if cycle.keep_alive else b"connection: close\r\n\r\n")
    head = b"".join(pieces)
    # Each line ends with one; another would be a header that nobody meant. Sought at once, since each search costs.
    if head.count(b"\n") != len(cycle.default_headers) + len(headers) + (2 if cycle.keep_alive else 3):
        return False
    if cycle.disconnected:
        return True
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    cycle.transport.write(head + body)
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
    return True


def limited_protocol(
    limits: Limits,
    trusted: Sequence[Network],
    budgets: Budgets | None = None,
    count: Callable[[str], None] = lambda _cause: None,
) -> type[LimitedProtocol]:
    """Make the protocol of one server, whose connections are counted together, and its refusals by ``count``."""
    counted = Connections(
        limits.connections, limits.address_connections, trusted, most_unread=limits.refused_connections
    )
    known = {"limits": limits, "places": counted, "budgets": budgets, "turns": Turns(limits.strangers_at_a_time)}
    return type("LimitedProtocol", (LimitedProtocol,), known | {"count": lambda _self, cause: count(cause)})
