"""Who sends how much and when: accounts of unequal size, carriers that post in bursts, and the hours of a day."""

import math
import random
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

__all__ = ["CARRIERS", "DAY", "SCANS", "Account", "Carrier", "Parcel", "Traffic", "accounts_of", "curve", "parcels_of"]

DAY: Final = 86_400.0
HOUR: Final = 3_600.0
SCANS: Final = 5
_SHIFT: Final = 20
"""How far the largest accounts are from a pure power law, in which one account would have an eighth of everything."""
_ALONE: Final = 150
_GROWS: Final = 1.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Accounts that are alike, of which one is simulated.

    Args:
        webhooks: What each of them is sent in a day.
        alike: How many there are.
        grain: How many webhooks of one account are simulated as one; its limits are divided by it.

    """

    webhooks: int
    alike: int = 1
    grain: int = 1

    @property
    def mass(self) -> int:
        """Return how many webhooks of the world one simulated webhook stands for."""
        return self.alike * self.grain

    @property
    def simulated(self) -> int:
        return max(1, round(self.webhooks / self.grain))


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """A carrier that posts what happened ``every`` so many seconds, at once when 0; all shops' at the same times."""

    share: float
    every: float


CARRIERS: Final = (
    Carrier(share=0.40, every=0),
    Carrier(share=0.25, every=60),
    Carrier(share=0.20, every=300),
    Carrier(share=0.15, every=900),
)
_RUN: Final = 0.2
"""How much of the time between two bursts one of them takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What a day looks like; ``follows`` is the share of later scans that come within minutes of the one before."""

    events: int = 1_000_000_000
    accounts: int = 50_000
    peak: float = 3.0
    peak_hour: int = 19
    follows: float = 0.4
    follows_seconds: float = 120.0
    carriers: tuple[Carrier, ...] = CARRIERS


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """The scans of one parcel that are posted this day; ``is_known`` says that its order was read before."""

    posted: tuple[float, ...]
    is_known: bool


def curve(peak: float, hour: int) -> list[float]:
    """Weigh the hours of a day: mean 1, the busiest one ``peak``, the others around it."""
    near = [math.exp(-((min(abs(h - hour), 24 - abs(h - hour)) / 2.2) ** 2)) for h in range(24)]
    height = (peak - 1) / (1 - peak * sum(near) / 24)
    raw = [1 + height * each for each in near]
    return [each * 24 / sum(raw) for each in raw]


def accounts_of(traffic: Traffic, most_simulated: int) -> list[Account]:
    """Divide a day's events among accounts by a power law, and group those of nearly the same size.

    Of an account with more than ``most_simulated`` webhooks several are simulated as one.
    """
    total = math.log((traffic.accounts + _SHIFT) / _SHIFT)
    found: list[Account] = []
    first, width = 0, 1.0
    while first < traffic.accounts:
        last = min(traffic.accounts, first + int(width))
        share = math.log((last + _SHIFT) / (first + _SHIFT)) / total
        webhooks = max(1, round(traffic.events * share / (last - first)))
        grain = max(1, round(webhooks / most_simulated))
        found.append(Account(webhooks=webhooks, alike=last - first, grain=grain))
        width = width * _GROWS if first >= _ALONE else 1.0
        first = last
    return found


def parcels_of(account: Account, traffic: Traffic, draw: random.Random) -> Iterator[Parcel]:
    """Make a day of an account: as many parcels begin, with three scans, as end, with two."""
    hours = list(accumulate(curve(traffic.peak, traffic.peak_hour)))
    shares = list(accumulate(carrier.share for carrier in traffic.carriers))
    left = account.simulated
    while left > 0:
        for scans, is_known in ((3, False), (2, True)):
            taken = min(scans, left)
            left -= taken
            if taken:
                every = traffic.carriers[bisect(shares, draw.random() * shares[-1] * 0.999999)].every
                yield Parcel(posted=tuple(_scans(taken, traffic, hours, every, draw)), is_known=is_known)


def _scans(count: int, traffic: Traffic, hours: Sequence[float], every: float, draw: random.Random) -> Iterator[float]:
    at = 0.0
    for scan in range(count):
        if scan and draw.random() < traffic.follows:
            at = min(DAY - 1, at + draw.expovariate(1 / traffic.follows_seconds))
        else:
            hour = bisect(hours, draw.random() * hours[-1] * 0.999999)
            at = (hour + draw.random()) * HOUR
        yield _posted(at, every, draw)


def _posted(at: float, every: float, draw: random.Random) -> float:
    """Say when a carrier tells what happened at a time, within the same day."""
    if not every:
        return at
    burst = min(math.ceil(at / every) * every, DAY - every)
    return burst + draw.random() * every * _RUN
