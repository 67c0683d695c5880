"""The operations that wait for a transaction: which are next, and which give way to webhooks that come in.

A webhook is stored, then read and claimed, then settled: three transactions of its own. Whatever is written beside it
for a replay would be in front of each, or share it, and the webhook would wait for twice as much. So what says that it
gives way is left where it is while somebody is there, for a moment at most; and while more are to be expected, few such
operations share a transaction, since whoever comes meanwhile waits until that is over.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from app.crowd import Crowd
from app.store.exclusion import ALONE, Exclusion
from app.store.lane import Operation

__all__ = ["Ticket", "Waiting"]

T = TypeVar("T")

MAX_BATCH: Final = 256
MAX_BATCH_BYTES: Final = 32 * 1024 * 1024
_FEW: Final = 2
_GIVES_WAY_SECONDS: Final = 0.02
"""About as long as a webhook is on its way to VTEX. However many come, what gives way waits no longer."""

_Queues = dict[Exclusion, deque["Ticket[Any]"]]


@dataclass(slots=True, eq=False)
class Ticket(Generic[T]):
    """An operation on its way; await ``outcome``."""

    operation: Operation[T]
    outcome: asyncio.Future[T]
    size: int = 0
    lasting: bool = True
    gives_way: bool = False
    taken: bool = field(default=False)
    since: float = field(default=0.0)


class Waiting:
    """Queues of operations, one for all that exclude the same; whoever uses it holds a lock."""

    def __init__(
        self, excludes: Callable[[Operation[Any]], Exclusion], now: Callable[[], float] = time.monotonic
    ) -> None:
        """Begin with nothing, and nobody to give way to.

        Args:
            excludes: What an operation excludes.
            now: The time in seconds.

        """
        self.crowd = Crowd(now)
        self.is_closing = False
        self._excludes = excludes
        self._now = now
        self._soon: _Queues = {}
        self._behind: _Queues = {}

    def add(self, ticket: Ticket[Any]) -> None:
        """Have an operation wait behind those that are like it."""
        ticket.since = self._now()
        queues = self._behind if ticket.gives_way else self._soon
        queues.setdefault(self._excludes(ticket.operation), deque()).append(ticket)

    def remove(self, ticket: Ticket[Any]) -> None:
        """Forget an operation."""
        queues, excludes = self._behind if ticket.gives_way else self._soon, self._excludes(ticket.operation)
        queues[excludes].remove(ticket)
        if not queues[excludes]:
            del queues[excludes]

    def has_any(self, among: Callable[[Exclusion], bool]) -> bool:
        """Tell whether anything waits of what ``among`` says yes to."""
        return any(among(excludes) for queues in (self._soon, self._behind) for excludes in queues)

    def seconds(self, among: Callable[[Exclusion], bool]) -> float | None:
        """Say how long to wait, where all that waits gives way; None where nothing does."""
        since = [queue[0].since for excludes, queue in self._behind.items() if among(excludes)]
        return max(0.0, min(since) + _GIVES_WAY_SECONDS - self._now()) if since else None

    def take(self, among: Callable[[Exclusion], bool]) -> tuple[Exclusion, list[Ticket[Any]]] | None:
        """Take what shares the next transaction from a queue that ``among`` says yes to, None where nothing may now.

        What gave way for long enough comes first, then what gives no way, then what has none to give.
        """
        # Looked at once: webhooks come at any moment, and what was found free must be taken.
        is_free = self.is_closing or not self.crowd.is_anybody_there
        late = [excludes for excludes, queue in self._behind.items() if self._is_late(queue)]
        turns = (*late, *self._soon, *(self._behind if is_free else ()))
        excludes = next((each for each in turns if among(each)), None)
        if excludes is None:
            return None
        return excludes, self._batch(excludes, is_late=excludes in late, is_free=is_free)

    def _batch(self, excludes: Exclusion, *, is_late: bool, is_free: bool) -> list[Ticket[Any]]:
        batch: list[Ticket[Any]] = []
        most = 1 if excludes == ALONE else MAX_BATCH
        few = min(most, _FEW) if self.crowd.is_near else most
        if is_late:
            # Before what would fill the transaction, again and again.
            _move(self._behind, excludes, batch, few)
        _move(self._soon, excludes, batch, most)
        if is_free and not is_late:
            _move(self._behind, excludes, batch, min(most, len(batch) + few))
        return batch

    def _is_late(self, queue: deque[Ticket[Any]]) -> bool:
        return self._now() - queue[0].since >= _GIVES_WAY_SECONDS


def _move(queues: _Queues, excludes: Exclusion, batch: list[Ticket[Any]], most: int) -> None:
    """Fill a batch from a queue, of which the rest waits behind the other queues."""
    if (queue := queues.pop(excludes, None)) is None:
        return
    size = sum(ticket.size for ticket in batch)
    while queue and len(batch) < most and size < MAX_BATCH_BYTES:
        ticket = queue.popleft()
        ticket.taken = True
        size += ticket.size
        batch.append(ticket)
    if queue:
        queues[excludes] = queue
