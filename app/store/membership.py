"""One process among those that share a database: its number, the server's clock, and what others tell it.

A process that owns its database has none of it: its number is 0, its own clock is everybody's, and nobody else is there
to tell it anything.
"""

import logging
import secrets
import selectors
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import DBAPIError

from app.store import postgresql
from app.store.columns import Ids
from app.store.engine import Database
from app.store.exclusion import FREE
from app.store.nodes import KeepNode, ReleaseNode, TakeNode

__all__ = ["Membership", "ServerClock", "server_time"]

logger = logging.getLogger(__name__)

_CHANNEL: Final = "carrier_relay"
_EVERY_SECONDS: Final = 10.0
"""How often the number is kept for longer and the clocks are compared."""
_AGAIN_SECONDS: Final = 1.0
_LONGEST_LOOK: Final = timedelta(seconds=1)
_MICROSECOND: Final = 1_000_000


class ServerClock:
    """Tell the server's time, as all processes that share it do, from this machine's clock and the difference."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        """Begin with no difference."""
        self._now = now
        self.difference = timedelta(0)

    def __call__(self) -> datetime:
        """Return the time."""
        return self._now() + self.difference

    def nanoseconds(self) -> int:
        """Return the time in nanoseconds since 1970."""
        return int(self().timestamp() * 1_000_000) * 1_000

    def compare(self, look: Callable[[], datetime]) -> None:
        """Take over what a look at the server's clock shows, if it took so little that it shows anything."""
        before = self._now()
        server = look()
        took = self._now() - before
        if timedelta(0) <= took <= _LONGEST_LOOK:
            self.difference = server - (before + took / 2)


def server_time(connection: Connection) -> datetime:
    """Ask the server for its time."""
    seconds = connection.execute(select(func.extract("epoch", func.clock_timestamp()))).scalar_one()
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=int(seconds * _MICROSECOND))


class Membership:
    """Take part, from construction to `leave`."""

    def __init__(
        self, database: Database, engine: Engine, *, clock: ServerClock, role: str, greatest_id: Callable[[], int]
    ) -> None:
        """Take a number, compare the clocks, and listen."""
        self.holder = f"{socket.gethostname()}-{secrets.token_hex(4)}"
        self._database = database
        self._engine = engine
        self.clock = clock
        self._role = role
        self._heard: dict[str, list[Callable[[], None]]] = {}
        self._stopping = threading.Event()
        self._wake, self._woken = socket.socketpair()
        self._node = self._join()
        self.ids = Ids(self._node, after=greatest_id(), now=clock.nanoseconds)
        self._thread = threading.Thread(target=self._run, name="store-membership", daemon=True)
        self._thread.start()

    def hear(self, topic: str, told: Callable[[], None]) -> None:
        """Call ``told``, from another thread, whenever another process tells of ``topic``."""
        self._heard.setdefault(topic, []).append(told)

    def telling(self, topic: str) -> "_Tell":
        """Make the operation that tells the other processes of ``topic``."""
        return _Tell(f"{self.holder} {topic}")

    def leave(self) -> None:
        """Give the number back; nothing may be written any more."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._wake.send(b"x")
        self._thread.join()
        self._wake.close()
        self._woken.close()
        try:
            with self._engine.begin() as connection:
                ReleaseNode(node=self._node, holder=self.holder).run(connection)
        except DBAPIError:
            logger.warning("the database is not there: this process's number is free when its lease ends")

    def _join(self) -> int:
        with self._engine.begin() as connection:
            self.clock.compare(lambda: server_time(connection))
            return TakeNode(holder=self.holder, role=self._role, now=server_time(connection)).run(connection)

    def _stay(self) -> None:
        """Keep the number; when it was given to another, because this process was gone for long, take a new one."""
        with self._engine.begin() as connection:
            self.clock.compare(lambda: server_time(connection))
            kept = KeepNode(node=self._node, holder=self.holder, now=server_time(connection)).run(connection)
        if not kept:
            self._node = self._join()
            self.ids.become(self._node)
            logger.warning("this process was away for so long that it makes ids under another number now")

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except (DBAPIError, psycopg.Error, OSError) as error:
                logger.warning("the database is not listened to: %s", type(error).__name__)
                self._stopping.wait(_AGAIN_SECONDS)

    def _listen(self) -> None:
        if self._database.pooled:
            while not self._stopping.wait(_EVERY_SECONDS):
                self._stay()
            return
        with postgresql.connect(self._database.url, pooled=False, autocommit=True) as connection:
            connection.execute(f"LISTEN {_CHANNEL}")
            # Whatever was told while nobody listened.
            self._dispatch(None)
            kept_at = time.monotonic()
            with selectors.DefaultSelector() as selector:
                selector.register(connection.fileno(), selectors.EVENT_READ)
                selector.register(self._woken, selectors.EVENT_READ)
                while not self._stopping.is_set():
                    if time.monotonic() - kept_at >= _EVERY_SECONDS:
                        self._stay()
                        kept_at = time.monotonic()
                    selector.select(max(0.0, kept_at + _EVERY_SECONDS - time.monotonic()))
                    self._read(connection)

    def _read(self, connection: "psycopg.Connection[Any]") -> None:
        connection.pgconn.consume_input()
        while (notice := connection.pgconn.notifies()) is not None:
            holder, _, topic = notice.extra.decode().partition(" ")
            if holder != self.holder:
                self._dispatch(topic)

    def _dispatch(self, topic: str | None) -> None:
        for name, listeners in list(self._heard.items()):
            if topic in {None, name}:
                for told in listeners:
                    told()


class _Tell:
    """Tell the processes that listen, once the transaction is committed."""

    excludes = FREE

    def __init__(self, text: str) -> None:
        self._text = text

    def run(self, connection: Connection) -> None:
        connection.execute(select(func.pg_notify(_CHANNEL, self._text)))
