"""Group commit: what queued while the last commit was in flight is the next transaction.

Nothing lingers: with one caller each operation is its own transaction, with many the cost of a flush is shared. A
batch that fails is run again one operation at a time, so that a bad one fails alone. An operation must therefore be
safe to run again after its transaction was rolled back, or after a commit whose outcome is unknown.

Where one process owns the database there is one lane, and all operations queue for it. Where several share it there
are a few: operations that exclude the same accounts queue together, the queues take turns, and webhooks that come in
have a lane of their own, so that they wait for none of it.

What says that more like it is coming is handed over together with all that the next rounds of the event loop bring:
handed over one by one, the first would have a transaction of its own, and the others be made beside it.
"""

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeVar

from sqlalchemy import Engine

from app.crowd import Crowd
from app.errors import StoreUnavailable
from app.store.exclusion import INGEST, Exclusion, exclusion_of
from app.store.lane import Lane, Operation
from app.store.waiting import Ticket, Waiting

__all__ = ["Operation", "Ticket", "Writer"]

T = TypeVar("T")

_MOST_GATHERED: Final = 128
"""Nobody waits for more than these to be handed over, however many come."""
_ALL: Final = Exclusion("all")
"""The one queue of a database that one process owns."""
_REST_SECONDS: Final = 0.03
"""When nothing was to be written for so long, nobody waits for what has to be done besides."""


class Writer:
    """Commit operations, several to a transaction."""

    def __init__(
        self,
        engine: Engine,
        *,
        lanes: int = 1,
        together: Callable[[str], Sequence[str]] = lambda account: (account,),
        observe: Callable[[int, float], None] = lambda _count, _seconds: None,
    ) -> None:
        """Start writing.

        Args:
            engine: Where connections come from, one for each lane.
            lanes: How many transactions may be open at the same time.
            together: The accounts that must be excluded with one.
            observe: Is told each batch's size and duration.

        """
        self._engine = engine
        self._observe = observe
        self._together = together
        self._waiting = Waiting(self._excludes)
        self._gathered: dict[asyncio.AbstractEventLoop, list[Ticket[Any]]] = {}
        self._busy: set[Exclusion] = set()
        self._is_split = lanes > 1
        self._ready = threading.Condition()
        self._closing = False
        self._threads = [
            threading.Thread(
                target=self._run, args=(self._is_split and not number,), name=f"store-writer-{number}", daemon=True
            )
            for number in range(lanes)
        ]
        for thread in self._threads:
            thread.start()

    def give_way(self, crowd: Crowd) -> None:
        """Have what gives way do so to whoever is in a crowd."""
        with self._ready:
            self._waiting.crowd = crowd

    def submit(
        self,
        operation: Operation[T],
        *,
        size: int = 0,
        lasting: bool = True,
        gather: bool = False,
        gives_way: bool = False,
    ) -> Ticket[T]:
        """Queue an operation from the event loop.

        Args:
            operation: What is to be done.
            size: What it holds in memory, in bytes.
            lasting: Whether its commit waits for the disk; see `app.store.lasting`.
            gather: Whether more like it is coming: it is handed over once a round of the event loop brought none.
            gives_way: Whether it can wait for a moment while webhooks are on their way.

        """
        loop = asyncio.get_running_loop()
        ticket = Ticket(operation, loop.create_future(), size, lasting, gives_way)
        with self._ready:
            if self._closing:
                raise StoreUnavailable("the store is closed")
            if not gather:
                self._hand_over([ticket])
            elif loop in self._gathered:
                self._gathered[loop].append(ticket)
            else:
                self._gathered[loop] = [ticket]
                loop.call_soon(self._look_for_more, loop, 0)
        return ticket

    def _look_for_more(self, loop: asyncio.AbstractEventLoop, before: int) -> None:
        """Hand over what was gathered, unless there is more of it than in the round before."""
        with self._ready:
            count = len(self._gathered.get(loop, ()))
            if before < count < _MOST_GATHERED:
                loop.call_soon(self._look_for_more, loop, count)
            else:
                self._hand_over(self._gathered.pop(loop, ()))

    def _hand_over(self, tickets: Iterable[Ticket[Any]]) -> None:
        for ticket in tickets:
            self._waiting.add(ticket)
        self._ready.notify_all()

    def withdraw(self, ticket: Ticket[Any]) -> bool:
        """Take an operation back unless a transaction already holds it; then its outcome must be awaited."""
        with self._ready:
            if ticket.taken:
                return False
            self._forget(ticket)
            return True

    def resubmit(self, ticket: Ticket[T], operation: Operation[T]) -> bool:
        """Have another operation in the place of one, behind all that was queued since; tell whether that was done.

        It was not when a transaction holds the one already. What is queued anew gives no way.
        """
        with self._ready:
            if ticket.taken:
                return False
            self._forget(ticket)
            ticket.operation, ticket.gives_way = operation, False
            self._hand_over([ticket])
            return True

    def _forget(self, ticket: Ticket[Any]) -> None:
        gathered = self._gathered.get(ticket.outcome.get_loop(), [])
        if ticket in gathered:
            gathered.remove(ticket)
        else:
            self._waiting.remove(ticket)

    def close(self) -> None:
        """Commit what is queued, then stop."""
        with self._ready:
            self._closing = self._waiting.is_closing = True
            while self._gathered:
                self._hand_over(self._gathered.popitem()[1])
            self._ready.notify_all()
        for thread in self._threads:
            thread.join()

    def _excludes(self, operation: Operation[Any]) -> Exclusion:
        if not self._is_split:
            return _ALL
        excludes = exclusion_of(operation)
        if not excludes.accounts:
            return excludes
        whole = {name for account in excludes.accounts for name in (account, *self._together(account))}
        return Exclusion(excludes.kind, tuple(sorted(whole)))

    def _take(
        self, may_take: Callable[[Exclusion], bool], rest: float | None
    ) -> tuple[Exclusion, list[Ticket[Any]]] | None:
        """Wait for a queue that no other lane works on and take from it.

        Args:
            may_take: Whether this lane takes from a queue.
            rest: For how many seconds to wait at most, None for ever.

        Returns:
            What was taken, which is nothing when nothing came for so long; None when all is done and over.

        """

        def is_mine(excludes: Exclusion) -> bool:
            return may_take(excludes) and excludes not in self._busy

        with self._ready:
            while (taken := self._waiting.take(is_mine)) is None:
                if self._closing and not self._waiting.has_any(may_take):
                    return None
                held = self._waiting.seconds(is_mine)
                if not self._ready.wait(rest if held is None else held) and held is None:
                    return _ALL, []
            self._busy.add(taken[0])
            return taken

    def _run(self, of_ingest: bool) -> None:  # noqa: FBT001 - the argument of a thread
        lane = Lane(self._engine)

        def may_take(excludes: Exclusion) -> bool:
            return not self._is_split or (excludes == INGEST) == of_ingest

        while (taken := self._take(may_take, _REST_SECONDS if lane.is_untidy else None)) is not None:
            excludes, batch = taken
            if batch:
                self._commit(lane, excludes, batch)
                lane.tidy(len(batch), self._waiting.crowd)
            else:
                lane.rest()
        lane.close()

    def _commit(self, lane: Lane, excludes: Exclusion, batch: Sequence[Ticket[Any]]) -> None:
        started = time.perf_counter()
        lasting = any(ticket.lasting for ticket in batch)
        outcomes = lane.attempt(excludes, [ticket.operation for ticket in batch], lasting=lasting)
        with self._ready:
            self._busy.discard(excludes)
            self._ready.notify_all()
        self._observe(len(batch), time.perf_counter() - started)
        _resolve(batch, outcomes)


def _resolve(batch: Sequence[Ticket[Any]], outcomes: Sequence[Any]) -> None:
    """Tell the waiters of a batch, waking each event loop once."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = {}
    for ticket, outcome in zip(batch, outcomes, strict=True):
        by_loop.setdefault(ticket.outcome.get_loop(), []).append((ticket.outcome, outcome))
    for loop, settled in by_loop.items():
        with contextlib.suppress(RuntimeError):  # The loop was closed: nobody waits any more.
            loop.call_soon_threadsafe(_settle, settled)


def _settle(settled: Sequence[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, outcome in settled:
        if future.done():
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
