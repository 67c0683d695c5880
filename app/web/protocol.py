"""The server's HTTP protocol with limits for the head of a request: the server itself knows none.

Without them a sender could fill the memory with one endless header, or hold a connection with one letter a minute.
Whoever was refused too often is not even read for a while: what would be refused again costs nothing until then.
"""

import asyncio
from collections.abc import Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, ClassVar, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from app.web.addresses import PREFIXES
from app.web.body import WHOLE, Headers
from app.web.budgets import Budgets
from app.web.connections import Connections
from app.web.limits import Limits
from app.web.peer import Network
from app.web.turns import Turns

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

__all__ = ["LimitedProtocol", "limited_protocol"]

_TOO_LARGE: Final = 431
_TOO_SLOW: Final = 408
_TOO_MANY: Final = 503
_SLICE: Final = 2048
"""Parsed at a time: some hundred of the shortest requests, or nearly every webhook whole."""


class LimitedProtocol(HttpToolsProtocol):
    """Refuse heads that are too long or do not come; for uvicorn's setting ``http``."""

    limits: ClassVar[Limits] = Limits()
    places: ClassVar[Connections | None] = None
    """Where connections are counted; None takes all."""
    budgets: ClassVar[Budgets | None] = None
    """Who was refused too often, and who proved himself; None knows nobody."""
    turns: ClassVar[Turns | None] = None
    """When requests of strangers begin; None begins all at once."""
    linger_seconds = 1.0
    first_seconds = 1.0

    _has_asked = False
    _is_draining = False
    _in_head = True
    _head_bytes = 0
    _arrived = 0
    _is_too_large = False
    _is_refused = False
    _unread: bytes | None = None
    """What came and is not parsed yet; None while everything is."""
    _is_resting = False
    _goes_first = False
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Give the first head its time."""
        super().connection_made(transport)
        if self.places is not None and not self.places.admit(self):
            self._answer(_TOO_MANY, "Too many connections; come back in a moment.", b"retry-after: 5\r\n")
            return
        self._start_timer()
        self._rest()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._stop_timer()
        self._is_done()
        if self.places is not None:
            self.places.leave(self)
        super().connection_lost(exc)
        # A request knows its connection and the connection its request: apart, both are gone without being sought.
        self.cycle = None  # type: ignore[assignment]

    @property
    def address(self) -> str:
        """Return the peer's address, empty on a Unix socket."""
        return self.client[0] if self.client else ""

    @property
    def is_waiting(self) -> bool:
        """Tell whether the next word is the sender's: a request, or the rest of one."""
        if self._is_refused or getattr(self.cycle, "response_complete", True):
            return True
        return bool(self.cycle.more_body)

    def drop(self) -> None:
        """Close the connection, whatever waits on it."""
        self._stop_timer()
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take bytes, of requests that follow each other without waiting only some at a time."""
        for start in range(0, len(data), _SLICE):
            if self._is_refused or self.transport.is_closing():
                return
            if self._unread is not None or self.pipeline:
                self._unread = (self._unread or b"") + data[start:]
                self.flow.pause_reading()
                return
            self._take(data[start : start + _SLICE] if len(data) > _SLICE else data)

    def _take(self, data: bytes) -> None:
        """Parse bytes; while they belong to a head, only so many."""
        self._arrived = len(data)
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._timer is None and not self._is_refused:
            self._start_timer()
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
        if self.scope["raw_path"].startswith(PREFIXES):
            # Before its task begins. Whoever takes it takes it out, or the two would hold each other.
            self.scope[WHOLE] = partial(_write_whole, self.cycle)  # type: ignore[typeddict-unknown-key]
        if self._is_draining:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """Have strangers wait for what is there whole of others."""
        super().on_message_complete()
        if self.turns is not None and not self._goes_first and not self._is_stranger:
            self._goes_first = True
            self.turns.enter()

    def _is_done(self) -> None:
        if self.turns is not None and self._goes_first:
            self._goes_first = False
            self.turns.leave(self.loop)

    def on_response_complete(self) -> None:
        """Go on with what comes next, unless nothing is to be read for a while."""
        self._is_done()
        super().on_response_complete()
        if self.transport.is_closing():
            return
        rests = self._rest()
        if self._unread is not None:
            self.flow.pause_reading()
            if not rests and not self.pipeline:
                # In the next round of the event loop: others ask as well.
                self.loop.call_soon(self._read_on)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: "ASGI3Application") -> None:
        """Begin with a request: at once, or a stranger's when it is its turn."""
        if self.turns is None or not self._is_stranger:
            super()._start_asgi_task(cycle, app)
        else:
            self.turns.begin(self.loop, partial(super()._start_asgi_task, cycle, app))

    @property
    def _is_stranger(self) -> bool:
        return not (self._is_proxy or (self.budgets is not None and self.budgets.is_proven(self.address)))

    @cached_property
    def _is_proxy(self) -> bool:
        return self.places is not None and self.places.is_trusted(self.address)

    def _rest(self) -> bool:
        """Read nothing for a while, if this address was refused too often; tell whether nothing is read."""
        if self._is_resting or self.budgets is None or self.places is None:
            return self._is_resting
        seconds = self.budgets.unread_seconds(self.address)
        if not seconds or self._is_proxy:
            return False
        if not self.places.leave_unread(self):
            self.drop()
            return True
        self._is_resting, self._unread = True, self._unread or b""
        self.flow.pause_reading()
        self._unset_keepalive_if_required()
        self._stop_timer()
        self._timer = self.loop.call_later(seconds, self._end_rest)
        return True

    def _end_rest(self) -> None:
        self._is_resting = False
        if self.places is not None:
            self.places.read_on(self)
        if getattr(self.cycle, "response_complete", True):
            self._start_timer()
        self._read_on()

    def _read_on(self) -> None:
        if self._is_resting or self._unread is None or self.transport.is_closing():
            return
        came, self._unread = self._unread, None
        self.flow.resume_reading()
        self.data_received(came)

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
            self._charge()
            super().send_400_response(msg)

    def _charge(self) -> None:
        """Charge a refusal to the peer; whom a proxy speaks for is only told by a request that can be read."""
        if self.budgets is not None and not self._is_proxy:
            self.budgets.charge(self.address)

    def _start_timer(self) -> None:
        self._stop_timer()
        self._timer = self.loop.call_later(self.limits.head_seconds, self._on_silence)

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

    def _answer(self, status: int, text: str, more: bytes = b"") -> None:
        """Answer, unless a request before this one still waits for its own answer."""
        if not getattr(self.cycle, "response_complete", True):
            self.transport.close()
            return
        if status != _TOO_MANY:
            self._charge()
        body = text.encode()
        head = b"content-type: text/plain; charset=utf-8\r\nconnection: close\r\ncontent-length: %d\r\n" % len(body)
        self.transport.write(STATUS_LINE[status] + head + more + b"\r\n" + body)
        # Closed on unread bytes, the connection would be reset before its sender has read why.
        self._is_refused = True
        self._stop_timer()
        self.loop.call_later(self.linger_seconds, self.transport.close)
        if self.transport.can_write_eof():
            self.transport.write_eof()


def _write_whole(cycle: RequestResponseCycle, status: int, headers: Headers, body: bytes) -> bool:
    """Write an answer in one piece, as the server does in two, which are two system calls and two packets.

    Headers say how long the body is. False when it has to wait, or to be refused: then the server is to do it.
    """
    if cycle.flow.write_paused or cycle.response_started or any(b"\n" in value for _, value in headers):
        return False
    if cycle.disconnected:
        return True
    pieces = [STATUS_LINE[status]]
    for name, value in (*cycle.default_headers, *headers):
        pieces += (name, b": ", value, b"\r\n")
    pieces += (b"\r\n", body) if cycle.keep_alive else (b"connection: close\r\n\r\n", body)
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    cycle.transport.write(b"".join(pieces))
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
    return True


def limited_protocol(
    limits: Limits, trusted: Sequence[Network], budgets: Budgets | None = None
) -> type[LimitedProtocol]:
    """Make the protocol of one server, whose connections are counted together."""
    counted = Connections(
        limits.connections, limits.address_connections, trusted, most_unread=limits.refused_connections
    )
    known = {"limits": limits, "places": counted, "budgets": budgets, "turns": Turns(limits.strangers_at_a_time)}
    return type("LimitedProtocol", (LimitedProtocol,), known)
