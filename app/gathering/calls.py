"""The calls that gathering makes: within the account's one budget, behind what cannot wait."""

import random
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final, TypeVar

from app.calling import Destination, asked_to_wait, held, probe_every, reserving, tripped
from app.retry import Patience, Trouble, backoff
from app.store import AccountChange, ChangeAccount, Store, TakeProbe
from app.store.accounts import account_states
from app.telemetry import Metrics
from app.vtex import Answered, Client, Outcome

__all__ = ["Calls"]

T = TypeVar("T")

_SOON: Final = 1.0
_LONGEST: Final = timedelta(minutes=5)


class Calls:
    """The calls of one kind of gathering to one account."""

    def __init__(
        self,
        store: Store,
        destination: Destination,
        metrics: Metrics,
        *,
        now: Callable[[], datetime],
        can_wait: bool,
        jitter: Callable[[], float] = lambda: random.uniform(-1, 1),  # noqa: S311 - spreads load
    ) -> None:
        """Make calls that ``can_wait`` for others, or that cannot."""
        self._store = store
        self._destination = destination
        self._metrics = metrics
        self._now = now
        self._can_wait = can_wait
        self._jitter = jitter
        self._probing = False
        self._failures = 0
        self._keeps = False

    async def wait(self) -> float:
        """Return how many seconds no call may start, 0 when one may now."""
        now, gate, account = self._now(), self._destination.gate, self._destination.account
        free = gate.spare if self._can_wait else gate.free
        if not free(now):
            opens_at = gate.opens_at(now)
            return max(0.05, (opens_at - now).total_seconds()) if opens_at else 0.05
        self._probing = False
        # Nothing comes between the end of this and `make`, which takes the place.
        with self.keeping_place():
            states = await self._store.read(lambda connection: account_states(connection, [account.name]))
            allowed = states[account.name].allows(now)
            if allowed is not None:
                probe = TakeProbe(account=account.name, every=probe_every(account), now=now)
                self._probing = allowed > 0 and await self._store.write(probe)
                return 0.0 if self._probing else _SOON
        # The place was kept, but the end of another call may have closed the gate meanwhile.
        return 0.0 if gate.free(self._now()) else 0.05

    @contextmanager
    def keeping_place(self) -> Iterator[None]:
        """Keep one place for calls that follow each other without `wait`."""
        name = self._destination.account.name
        with reserving({name: self._destination}, {name: 1}):
            self._keeps = True
            try:
                yield
            finally:
                self._keeps = False

    async def make(self, name: str, call: Callable[[Client], Awaitable[T]], answer: Callable[[T], Answered]) -> T:
        """Make a call that `wait` let start, and let its end mean for the account what it means."""
        gate, kept = self._destination.gate, int(self._keeps)
        gate.enter()
        # A place that was kept is the one that is taken, and is kept again afterwards.
        gate.release(kept)
        try:
            gate.spend()
            found = await call(self._destination.client)
        finally:
            gate.reserve(kept)
            gate.leave()
        answered = answer(found)
        self._metrics.order_call(self._destination.account.name, name, answered.outcome.value)
        self._failures = 0 if answered.outcome is Outcome.APPLIED else self._failures + 1
        change = self._meaning(answered)
        if change is not None:
            self._destination.close(change)
            account = self._destination.account.name
            await self._store.write(ChangeAccount(account=account, change=change, now=self._now()))
        return found

    def _meaning(self, answered: Answered) -> AccountChange | None:
        account, now = self._destination.account, self._now()
        too_many = self._destination.gate.record(failed=answered.outcome is Outcome.UNKNOWN)
        if answered.outcome is Outcome.UNAUTHORISED:
            return held(account, answered, now)
        asked = asked_to_wait(account, answered, now, jitter=self._jitter())
        if asked is not None:
            return asked
        if too_many:
            return tripped(account, now)
        probed = self._probing and answered.outcome is Outcome.APPLIED
        return AccountChange(state="open") if probed else None

    def after_failure(self, answered: Answered) -> float:
        """Return how long to wait before the same call is made again."""
        asked = timedelta(seconds=answered.retry_after) if answered.retry_after is not None else None
        trouble = Trouble(attempts=max(0, self._failures - 1), since=None, retry_after=asked)
        patience = Patience(base=self._destination.account.retry_base)
        wait = backoff(trouble, patience, jitter=self._jitter())
        return max(min(wait, _LONGEST), asked or timedelta(0)).total_seconds()
