"""What the simulation moves: shards with their processors, accounts with their gates, shipments with their rows."""

from collections import deque
from dataclasses import dataclass
from typing import Final

from tests.simulation.costs import Costs
from tests.simulation.pools import Pool
from tests.simulation.world import Account

__all__ = ["Gate", "Limits", "Shard", "Shipment"]

_WATCHED: Final = 20
_BAD: Final = 10
NEVER: Final = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How an account is called: the relay's defaults, and how long VTEX takes for a call."""

    rate: float = 20.0
    concurrency: int = 8
    debounce: float = 0.0
    latency: float = 0.15
    retry: float = 30.0

    @property
    def effective_rate(self) -> float:
        """Return the calls a second that both limits allow."""
        return min(self.rate, self.concurrency / self.latency)


class Shard:
    """One database and the relays on it, which may be lost for a while."""

    def __init__(self, costs: Costs, *, relay_cores: float, server_cores: float) -> None:
        """With ``server_cores`` 0 the database costs nothing beside the relay, as SQLite does."""
        self.costs = costs
        self.relay = Pool(relay_cores)
        self.server = Pool(server_cores) if server_cores else None
        self.lost_from = NEVER
        self.lost_until = NEVER
        self.written = 0.0

    def is_lost(self, now: float) -> bool:
        return self.lost_from <= now < self.lost_until

    def take(self, now: float, mass: int) -> float:
        """Store, map and place a webhook; return when that is done."""
        costs = self.costs
        done = self.relay.urgent(now, costs.take, mass)
        self.written += costs.wal_take * mass
        return done if self.server is None else max(done, self.server.urgent(now, costs.server_take, mass))

    def call(self, now: float, mass: int, *, reads: bool, writes: bool) -> float:
        """Do what belongs to the calls of one claim; return when that is done."""
        costs = self.costs
        done = self.relay.patient(now, costs.put * writes + costs.read * reads, mass)
        self.written += (costs.wal_put * writes + costs.wal_read * reads) * mass
        if self.server is None:
            return done
        return max(done, self.server.patient(now, costs.server_put * writes + costs.server_read * reads, mass))


class Shipment:
    """What VTEX calls a package: rows that wait, and whether a call for it is due or in flight."""

    __slots__ = ("attempts", "doubted", "gate", "is_busy", "is_read", "rows")

    def __init__(self, gate: "Gate", *, is_read: bool) -> None:
        self.gate = gate
        self.is_read = is_read
        self.rows: list[float] = []
        self.is_busy = False
        self.attempts = 0
        self.doubted = False


class Gate:
    """One account: what is due, and what keeps it from being called."""

    def __init__(self, account: Account, limits: Limits, shard: Shard) -> None:
        self.account = account
        self.mass = account.mass
        self.shard = shard
        self.limits = limits
        # Several webhooks simulated as one have as much of the limits as each of them has.
        self.rate = (limits.rate if account.grain == 1 else limits.effective_rate) / account.grain
        self.concurrency = limits.concurrency if account.grain == 1 else 1 << 30
        self.due: deque[tuple[float, Shipment]] = deque()
        self.in_flight = 0
        self.closed_until = 0.0
        self.is_probing = False
        self.wakes_at = NEVER
        self.vtex_down = (NEVER, NEVER)
        self.posted = self.waiting = self.on_timelines = self.calls = 0
        self.drained_at = 0.0
        self._tokens = self._most_tokens = max(self.rate, 1.0)
        self._filled_at = 0.0
        self._failed: deque[bool] = deque(maxlen=_WATCHED)

    def opens_at(self, now: float) -> float:
        """Return when the next call may start as far as the rate goes; ``now`` when it may."""
        self._tokens = min(self._most_tokens, self._tokens + (now - self._filled_at) * self.rate)
        self._filled_at = now
        # What lacks for rounding alone does not lack.
        return now if self._tokens > 1 - 1e-9 else now + (1 - self._tokens) / self.rate + 1e-9

    def spend(self, calls: int) -> None:
        """Count the calls of one claim, of which the second may overdraw."""
        self._tokens -= calls
        self.calls += calls
        self.in_flight += 1

    def is_down(self, now: float) -> bool:
        return self.vtex_down[0] <= now < self.vtex_down[1]

    def note(self, *, failed: bool, now: float) -> None:
        """Close after too many failures, ask again after a while, and open after the first success."""
        if self.is_probing:
            self.is_probing = failed
            again = max(self.closed_until, now + min(10 * self.limits.retry, 60.0))
            self.closed_until = again if failed else now
            return
        self._failed.append(failed)
        if len(self._failed) == _WATCHED and sum(self._failed) >= _BAD:
            self._failed.clear()
            self.is_probing = True
            self.closed_until = now + 10 * self.limits.retry
