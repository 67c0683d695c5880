"""A limit for wrong guesses: so many from one network in so much time, and then none is looked at."""

from collections import OrderedDict, deque
from collections.abc import Callable
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

__all__ = ["Throttle"]

_NETWORKS: Final = 1024
_PREFIX: Final = 64


class Throttle:
    """Count failures by the network they came from; only those of the last minutes count, so it heals by itself."""

    def __init__(
        self, now: Callable[[], datetime], *, failures: int = 10, within: timedelta = timedelta(minutes=5)
    ) -> None:
        """Allow so many failures within a time."""
        self._now = now
        self._failures = failures
        self._within = within
        self._seen: OrderedDict[str, deque[datetime]] = OrderedDict()

    def wait(self, address: str) -> timedelta | None:
        """Say how long an address must wait, None when it need not."""
        failed = self._seen.get(_network(address))
        if failed is None:
            return None
        now = self._now()
        while failed and now - failed[0] >= self._within:
            failed.popleft()
        return self._within - (now - failed[0]) if len(failed) >= self._failures else None

    def fail(self, address: str) -> None:
        """Count a failure; of networks that failed long ago the oldest are forgotten first."""
        network = _network(address)
        self._seen.setdefault(network, deque(maxlen=self._failures)).append(self._now())
        self._seen.move_to_end(network)
        while len(self._seen) > _NETWORKS:
            self._seen.popitem(last=False)


def _network(address: str) -> str:
    """Return what one guesser has: an address, of IPv6 a network of which everyone has plenty of addresses."""
    try:
        read = ip_address(address)
    except ValueError:
        return address
    return str(ip_network(f"{read}/{_PREFIX}", strict=False)) if isinstance(read, IPv6Address) else str(read)
