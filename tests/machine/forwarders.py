"""Real forwarders on a clock that stands still until it is moved, with a database connection that can fail anywhere."""

import asyncio
import selectors
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeVar, cast

import httpx
from prometheus_client import CollectorRegistry
from sqlalchemy import Connection

from app.account import Account
from app.calling import Destination
from app.egress import Egress
from app.errors import StoreUnavailable
from app.forwarder import Forwarder
from app.store import Store
from app.store.columns import Ids
from app.store.tables import metadata
from app.store.writer import Operation, Ticket
from app.telemetry import Metrics
from app.vtex import Client, Gate
from tests.store.making import Clock

T = TypeVar("T")
STEPS: Final = (
    ("Claim", "before"),
    ("Claim", "after"),
    ("AcceptRead", "before"),
    ("AcceptRead", "after"),
    ("Settle", "before"),
    ("Settle", "after"),
)
"""The commits between a claim and its settlement, each with the moment before it and the one after."""


class _Idle(selectors.DefaultSelector):
    """Notice when nothing can happen any more unless time passes, and end the loop's run there."""

    def __init__(self) -> None:
        super().__init__()
        self.next_in: float | None = None
        self.stop: Callable[[], None] = lambda: None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return super().select(0)
        self.next_in = timeout
        self.stop()
        return super().select(0)


class Timeless(asyncio.SelectorEventLoop):
    """An event loop on the machine's clock: what waits, waits until the clock is moved."""

    def __init__(self, clock: Clock) -> None:
        """Run by ``clock``."""
        self.clock = clock
        self._began = clock()
        self._idle = _Idle()
        super().__init__(self._idle)
        self._idle.stop = self.stop

    def time(self) -> float:
        # Small numbers: the loop adds nanoseconds to them.
        return (self.clock() - self._began).total_seconds()

    def settle(self) -> float | None:
        """Run until only time could change anything; return in how many seconds something waits."""
        self.run_forever()
        return self._idle.next_in

    def advance(self, seconds: float, *, exactly: bool) -> None:
        """Move the clock; ``exactly`` stops wherever something waits for, as nothing does in a suspended process."""
        until = self.clock() + timedelta(seconds=seconds)
        while (left := (until - self.clock()).total_seconds()) > 0:
            waits = self.settle()
            self.clock.advance(seconds=left if waits is None or not exactly else min(left, max(waits, 1e-3)))
        self.settle()


class Database:
    """The real store, its ids by the machine's clock; whoever asks stands still until it has answered.

    Its threads would otherwise answer in any order, and what was found once would not be found again.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        """Take the store over; `close` ends it."""
        self.store = store
        self._clock = clock
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="database", daemon=True)
        self._thread.start()

    @property
    def is_shared(self) -> bool:
        """Tell whether it is one that processes share, with an account's limits for all of them together."""
        return self.store.is_shared

    def do(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Let the store do one thing to its end."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def write(self, operation: Operation[T], *, lasting: bool = True) -> T:
        """Commit."""
        return self.do(self.store.write(operation, lasting=lasting))

    def read(self, query: Callable[[Connection], T]) -> T:
        """Read."""
        return self.do(self.store.read(query))

    def begin(self) -> None:
        """Forget everything, which is quicker than a new database."""
        self.write(_Empty())
        self.store.ids = Ids(now=lambda: round(self._clock().timestamp() * 1e9))

    def close(self) -> None:
        """End the store and its thread."""
        self.do(self.store.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class _Empty:
    def run(self, connection: Connection) -> None:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())


@dataclass(eq=False)
class Held:
    """A commit that hangs, before it was made or after."""

    kind: str
    phase: str
    verdict: asyncio.Future[bool]


@dataclass(eq=False)
class Wire:
    """What one process sees of the database: the real one, over a connection that may hang, break, or outlive it."""

    database: Database
    trap: tuple[str, str] | None = None
    held: list[Held] = field(default_factory=list)

    @property
    def ids(self) -> Any:
        return self.database.store.ids

    @property
    def is_shared(self) -> bool:
        """Tell whether accounts have budgets in the database: they go by the time that a claim says, the machine's."""
        return self.database.is_shared

    async def write(
        self,
        operation: Operation[T],
        *,
        lasting: bool = True,
        gives_way: bool = False,  # noqa: ARG002 - to nobody
    ) -> T:
        """Commit, unless something comes between."""
        kind = type(operation).__name__
        if self.trap == (kind, "before"):
            await self._hang(kind, "before")
        await asyncio.sleep(0)
        result = self.database.write(operation, lasting=lasting)
        await asyncio.sleep(0)
        if self.trap == (kind, "after") and result != []:
            await self._hang(kind, "after")
        return result

    def submit(self, operation: Operation[T], *, gives_way: bool = False) -> Ticket[T]:
        """Queue an operation; whoever stops waiting for it takes it back, unless it was committed."""
        return Ticket(operation, asyncio.ensure_future(self.write(operation, gives_way=gives_way)))

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Read as ever."""
        await asyncio.sleep(0)
        result = self.database.read(query)
        await asyncio.sleep(0)
        return result

    async def _hang(self, kind: str, phase: str) -> None:
        self.trap = None
        held = Held(kind, phase, asyncio.get_running_loop().create_future())
        self.held.append(held)
        try:
            if not await held.verdict:
                raise StoreUnavailable(f"nobody knows whether a {kind} was committed")
        finally:
            self.held.remove(held)


class RunningForwarder:
    """The forwarder of one process, from its start to its sudden end."""

    def __init__(
        self, database: Database, loop: Timeless, account: Account, transport: httpx.AsyncBaseTransport
    ) -> None:
        """Start it."""
        self.wire = Wire(database)
        egress = Egress(transport=transport)
        destination = Destination(account=account, client=Client(account, egress, loop.clock), gate=Gate(account))
        self.forwarder = Forwarder(
            cast("Store", self.wire),  # It uses no more of a store than a wire has.
            {account.name: destination},
            Metrics(CollectorRegistry()),
            now=loop.clock,
            jitter=lambda: 0.0,
        )
        self._loop = loop
        self._task = loop.create_task(self.forwarder.run())
        loop.settle()

    def crash(self) -> None:
        """End it as a power cut does: whatever it was about to do, it does not."""
        self._task.cancel()
        self._loop.settle()
