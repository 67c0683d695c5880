"""One gate per account, through which every call to VTEX passes: PUTs and GETs share its budget.

It limits how many calls start and how many are in flight, and notices when too many fail. Waiting for it spends no
attempt and holds no worker: the queue is simply not claimed while the gate gives nothing free. Who claims reserves the
places that it counts on before it waits for the store, so that all who call an account together never have more calls
in flight than it allows. Whether an account may be called at all is kept in the store, where every process sees it.
"""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Literal

from app.account import Account

__all__ = ["Gate"]

_WATCHED: Final = 20
"""How many calls are looked back on: with fewer, nothing is concluded."""
_BAD_SHARE: Final = 0.5


class Gate:
    """Say how many calls an account may start now."""

    def __init__(self, account: Account) -> None:
        """Start with a full second's budget."""
        self._account = account
        self.rate = account.rate_per_second
        self.concurrency = account.concurrency
        self._in_flight = 0
        self._reserved = 0
        self._waiting: dict[Callable[[], None], None] = {}
        self._had_its_turn: Callable[[], None] | None = None
        self._tokens = max(account.rate_per_second, 1.0)
        self._filled_at: datetime | None = None
        self._failed: deque[bool] = deque(maxlen=_WATCHED)
        self._forbidden: dict[str, set[int | str]] = {"shipment": set(), "order": set()}
        self.closed_until: datetime | None = None
        self._asked_until: datetime | None = None

    def limit(self, rate_per_second: float | None, concurrency: int | None) -> None:
        """Go by other limits from now on; None for what the settings say."""
        self.rate = self._account.rate_per_second if rate_per_second is None else rate_per_second
        self.concurrency = self._account.concurrency if concurrency is None else concurrency
        self._tell()

    def free(self, now: datetime) -> int:
        """Return how many calls may start now."""
        if self.closed_until is not None and now < self.closed_until:
            return 0
        self._fill(now)
        most = min(self.concurrency - self._in_flight, int(self._tokens))
        return max(0, most - self._reserved)

    def spare(self, now: datetime) -> int:
        """Return how many calls that can wait may start now: one place is for others where there are several."""
        most = min(self.concurrency, int(max(self.rate, 1.0)))
        return max(0, self.free(now) - int(most > 1))

    def opens_at(self, now: datetime) -> datetime | None:
        """Return when calls may start again, None when they may now or when that hangs on calls in flight."""
        if self.closed_until is not None and now < self.closed_until:
            return self.closed_until
        if self._tokens < 1:
            return now + timedelta(seconds=(1 - self._tokens) / self.rate)
        return None

    def close(self, until: datetime, *, asked: bool = False) -> None:
        """Start no call before ``until``, which VTEX may have ``asked`` for; a later end stands."""
        self.closed_until = until if self.closed_until is None else max(until, self.closed_until)
        if asked:
            self._asked_until = until if self._asked_until is None else max(until, self._asked_until)

    def set_back(self, by: timedelta) -> None:
        """Open as much earlier as the clock was set back."""
        self.closed_until = self.closed_until and self.closed_until - by
        self._asked_until = self._asked_until and self._asked_until - by

    def reopen(self) -> None:
        """Let an operator have a call sooner, though never before the time that VTEX asked for."""
        self.closed_until = self._asked_until

    @property
    def in_flight(self) -> int:
        """Return how many places are taken."""
        return self._in_flight

    @property
    def reserved(self) -> int:
        """Return how many places are kept for claims that are being made."""
        return self._reserved

    def reserve(self, places: int) -> None:
        """Keep places for a claim that is about to be made; others find them taken until `release`."""
        self._reserved += places

    def release(self, places: int) -> None:
        """Give up reserved places, once what was claimed has entered."""
        self._reserved -= places
        self._tell()

    def enter(self) -> None:
        """Take a place for a claimed shipment."""
        self._in_flight += 1

    def leave(self) -> None:
        """Give the place back."""
        self._in_flight -= 1
        self._tell()

    def is_taken(self, now: datetime) -> bool:
        """Tell whether no call may start until another one's place is given back."""
        return not self.free(now) and self.opens_at(now) is None

    def when_given_back(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` once when a place is given back or proves to be free.

        Who asked first is told first, and may take the place before the others hear of it, but nobody twice in a row
        while others wait: reads and writes take turns, however much slower the one is at asking again.
        """
        self._waiting[wake] = None

    @property
    def waiting(self) -> int:
        """Return how many wait for a place to be given back."""
        return len(self._waiting)

    def _tell(self) -> None:
        waiting, self._waiting = sorted(self._waiting, key=lambda wake: wake == self._had_its_turn), {}
        if waiting and self._in_flight + self._reserved < self.concurrency:
            self._had_its_turn = waiting[0]
        for wake in waiting:
            wake()

    def spend(self) -> None:
        """Count one call; a second call of one claim may overdraw the budget, which the next claims wait out."""
        self._tokens -= 1

    def record(self, *, failed: bool) -> bool:
        """Remember how a call ended, and tell whether too many failed: half of the latest twenty."""
        self._failed.append(failed)
        tripped = len(self._failed) == _WATCHED and sum(self._failed) >= _BAD_SHARE * _WATCHED
        if tripped:
            self._failed.clear()
        return tripped

    def forbidden(self, id_: int | str, *, of: Literal["shipment", "order"] = "shipment") -> bool:
        """Remember a refused permission, and tell whether it is the account's.

        It is when two shipments meet it, or the reads of two orders, and none succeeds between them.
        """
        self._forbidden[of].add(id_)
        return len(self._forbidden[of]) > 1

    def welcomed(self, *, of: Literal["shipment", "order"] = "shipment") -> None:
        """Forget refused permissions: a call of the kind was accepted."""
        self._forbidden[of].clear()

    def _fill(self, now: datetime) -> None:
        rate = self.rate
        if self._filled_at is not None:
            earned = max(0.0, (now - self._filled_at).total_seconds()) * rate
            self._tokens = min(max(rate, 1.0), self._tokens + earned)
        self._filled_at = now
