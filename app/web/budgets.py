"""What refused requests cost their sender: each address has so many, and then none of its is looked at for a while.

Only refusals are charged, so that a carrier that proves itself may send as fast as it can. An address that proved
itself within the hour is never turned away unseen either: several senders may share it, one of which is a carrier.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from time import monotonic
from typing import Final

__all__ = ["Budgets", "network_of"]

_REMEMBERED: Final = 10_000
"""Most addresses that are remembered at a time, a few hundred bytes each."""
_PROVEN_SECONDS: Final = 3600.0
_PREFIX: Final = 64
_SECONDS: Final = 60.0
_DOUBLINGS: Final = 6
"""The first wait is the longest one halved so often."""


@dataclass(slots=True)
class _Budget:
    left: float
    at: float
    waits: int = 0


class Budgets:
    """Count refusals by address; what is spent comes back evenly within a minute."""

    def __init__(
        self, per_minute: int, clock: Callable[[], float] = monotonic, *, longest_wait_seconds: float = 0.0
    ) -> None:
        """Allow so many refusals at once, and as many again within a minute; have who sends on wait so long."""
        self._most = float(per_minute)
        self._longest_wait = longest_wait_seconds
        self._clock = clock
        self._budgets: OrderedDict[str, _Budget] = OrderedDict()
        self._proven: OrderedDict[str, float] = OrderedDict()

    def wait_seconds(self, address: str) -> int | None:
        """Return how long an address must wait before it is looked at again, None when it need not."""
        if not self._budgets:
            return None
        network = network_of(address)
        budget = self._budgets.get(network)
        if budget is None:
            return None
        self._refill(budget)
        if budget.left >= 1 or self._is_proven(network):
            return None
        return max(1, ceil((1 - budget.left) * _SECONDS / self._most))

    def unread_seconds(self, address: str) -> float:
        """Return for how long nothing more of an address is to be read: each time twice as long, until it rested.

        Zero for an address that is looked at.
        """
        if not self._longest_wait or self.wait_seconds(address) is None:
            return 0.0
        budget = self._budgets[network_of(address)]
        budget.waits += 1
        return self._longest_wait * 2.0 ** min(0, budget.waits - 1 - _DOUBLINGS)

    def is_spent(self, address: str) -> bool:
        """Tell whether an address was refused too often, whether or not it is still looked at."""
        budget = self._budgets.get(network_of(address)) if self._budgets else None
        if budget is None:
            return False
        self._refill(budget)
        return budget.left < 1

    def charge(self, address: str) -> None:
        """Charge a refusal; of too many addresses the one that was refused longest ago is forgotten."""
        network = network_of(address)
        budget = self._budgets.get(network)
        if budget is None:
            budget = self._budgets[network] = _Budget(left=self._most, at=self._clock())
        self._refill(budget)
        budget.left = max(0.0, budget.left - 1)
        self._budgets.move_to_end(network)
        while len(self._budgets) > _REMEMBERED:
            self._budgets.popitem(last=False)

    def prove(self, address: str) -> None:
        """Note that an address sent what it could prove."""
        network = network_of(address)
        self._proven[network] = self._clock()
        self._proven.move_to_end(network)
        while len(self._proven) > _REMEMBERED:
            self._proven.popitem(last=False)

    def is_proven(self, address: str) -> bool:
        """Tell whether an address proved itself within the hour."""
        return self._is_proven(network_of(address))

    def _is_proven(self, network: str) -> bool:
        at = self._proven.get(network)
        return at is not None and self._clock() - at <= _PROVEN_SECONDS

    def _refill(self, budget: _Budget) -> None:
        now = self._clock()
        budget.left = min(self._most, budget.left + (now - budget.at) * self._most / _SECONDS)
        budget.at = now
        if budget.left == self._most:
            budget.waits = 0


def network_of(address: str) -> str:
    """Return what one sender has: an address, of IPv6 a network of which everyone has plenty of addresses."""
    if ":" not in address:
        return address
    try:
        read = ip_address(address)
    except ValueError:
        return address
    if not isinstance(read, IPv6Address):
        return str(read)
    if read.ipv4_mapped is not None:
        return str(read.ipv4_mapped)
    return str(ip_network((int(read) >> _PREFIX << _PREFIX, _PREFIX)))
