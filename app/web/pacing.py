"""The server's HTTP protocol with fairness between senders: how much of whom is read, and whose request begins when.

Whoever was refused too often is not even read for a while: what would be refused again costs nothing until then.
Requests that follow each other without waiting are parsed a few at a time, and those of strangers take turns.
"""

import asyncio
from collections.abc import Callable
from functools import cached_property
from typing import ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.web.budgets import Budgets
from app.web.connections import Connections
from app.web.turns import Turns

__all__ = ["PacedProtocol"]

_SLICE: Final = 4096
"""Parsed at a time: some two hundred of the shortest requests, or nearly every webhook whole."""


class PacedProtocol(HttpToolsProtocol):
    """Take from each sender what the others can bear."""

    places: ClassVar[Connections | None] = None
    """Where connections are counted; None takes all."""
    budgets: ClassVar[Budgets | None] = None
    """Who was refused too often, and who proved himself; None knows nobody."""
    turns: ClassVar[Turns | None] = None
    """When requests of strangers begin; None begins all at once."""

    _is_refused = False
    _unread: bytes | None = None
    """What came and is not parsed yet; None while everything is."""
    _is_resting = False
    _goes_first = False
    _timer: asyncio.TimerHandle | None = None
    """What ends a rest; for a protocol on top of this one while there is none."""

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
            self._feed(data[start : start + _SLICE] if len(data) > _SLICE else data)

    def _feed(self, data: bytes) -> None:
        """Parse bytes."""
        super().data_received(data)

    def on_message_complete(self) -> None:
        """Have strangers wait for what is there whole of others."""
        super().on_message_complete()
        is_begun = self._goes_first or getattr(self.cycle, "response_complete", True)
        if self.turns is not None and not is_begun and not self._is_stranger:
            self._goes_first = True
            self.turns.enter()

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

    def _is_done(self) -> None:
        if self.turns is not None and self._goes_first:
            self._goes_first = False
            self.turns.leave(self.loop)

    def _in_turn(self, begin: Callable[[], None]) -> None:
        """Begin with a request: at once, or a stranger's when it is its turn."""
        if self.turns is None or not self._is_stranger:
            begin()
        else:
            self.turns.begin(self.loop, begin)

    @property
    def _is_stranger(self) -> bool:
        return not (self._is_proxy or (self.budgets is not None and self.budgets.is_proven(self.address)))

    @cached_property
    def _is_proxy(self) -> bool:
        return self.places is not None and self.places.is_trusted(self.address)

    def count(self, cause: str) -> None:
        """Be told why a request or a connection was refused of which no application heard."""

    def _charge(self, cause: str) -> None:
        """Charge a refusal to the peer; whom a proxy speaks for is only told by a request that can be read."""
        self.count(cause)
        if self.budgets is not None and not self._is_proxy:
            self.budgets.charge(self.address)

    def _rest(self) -> bool:
        """Read nothing for a while, if this address was refused too often; tell whether nothing is read."""
        if self._is_resting or self.budgets is None or self.places is None:
            return self._is_resting
        seconds = self.budgets.unread_seconds(self.address)
        if not seconds or self._is_proxy:
            return False
        if not self.places.leave_unread(self):
            self.count("closed-unread")
            self.drop()
            return True
        self.count("left-unread")
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
            self._wait_for_head()
        self._read_on()

    def _wait_for_head(self) -> None:
        """Be told that the next word is the sender's; nothing here bounds how long that takes."""

    def _read_on(self) -> None:
        if self._is_resting or self._unread is None or self.transport.is_closing():
            return
        came, self._unread = self._unread, None
        self.flow.resume_reading()
        self.data_received(came)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
