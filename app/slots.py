"""Which accounts may start how many of one worker's calls now."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["Offer", "Slots"]

_TENTH: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What may start now.

    Attributes:
        free: How many calls each account may start, the account whose turn it is first; none that may start none.
        slots: How many may start in all.
        kept: How many of ``slots`` are for what was tried before, while any of that is due.

    """

    free: Mapping[str, int]
    slots: int
    kept: int


class Slots:
    """Share a worker's calls among accounts.

    One call is always an account's own, so that none waits for the slow calls of others, however many those make.
    ``count`` - 1 more are shared by turns: the account with the fewest calls in flight first, of these the one that
    waits longest. No account has more than ``count``; what an account does not use of its own, others may, so that all
    together have fewer than ``count`` and two for each account. A tenth of what starts is kept for what was tried
    before, also where only one starts at a time.
    """

    def __init__(self, count: int, accounts: Iterable[str]) -> None:
        """Begin with nothing in flight."""
        self._count = count
        self._in_flight = dict.fromkeys(accounts, 0)
        self._latest = dict.fromkeys(self._in_flight, 0)
        self._turn = 0
        self._owed = 1.0

    def offer(self, free: Callable[[str], int]) -> Offer:
        """Say what may start now, where ``free`` tells how many calls an account's gate lets through."""
        shared = max(0, self._count - 1 - sum(count - 1 for count in self._in_flight.values() if count))
        offered: dict[str, int] = {}
        for account in sorted(self._in_flight, key=lambda name: (self._in_flight[name], self._latest[name])):
            count = min(free(account), shared + (not self._in_flight[account]))
            if count > 0:
                offered[account] = count
        own = sum(not self._in_flight[account] for account in offered)
        return Offer(free=offered, slots=shared + own if offered else 0, kept=int(self._owed))

    def take(self, offer: Offer, accounts: Iterable[str]) -> None:
        """Count calls that start, each by its account."""
        started = list(accounts)
        if not started:
            return
        self._turn += 1
        for account in started:
            self._in_flight[account] += 1
            self._latest[account] = self._turn
        most = max(1.0, self._count / _TENTH)
        self._owed = min(self._owed - offer.kept + len(started) / _TENTH, most)

    def give_back(self, account: str) -> None:
        """Count a call that ended."""
        self._in_flight[account] -= 1
