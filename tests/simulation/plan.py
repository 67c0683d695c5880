"""How many machines a day takes, by what was measured; and the day on them, with what goes wrong in it."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from tests.simulation.costs import COSTS, Costs
from tests.simulation.engine import Run
from tests.simulation.parts import Gate, Limits, Shard, Shipment
from tests.simulation.world import DAY, SCANS, Account, Traffic, accounts_of, parcels_of

__all__ = ["KEPT_DAYS", "Day", "Plan", "Troubles", "planned", "simulate"]

KEPT_DAYS: Final = 35
_SQLITE_RELAYS: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Shards that are alike, each with a part of the accounts; on SQLite a shard is a machine of eight relays."""

    engine: str
    shards: int
    relay_cores: int
    server_cores: int

    @property
    def costs(self) -> Costs:
        return COSTS[self.engine]


@dataclass(frozen=True, slots=True, kw_only=True)
class Troubles:
    """What goes wrong: a shard is lost in the busiest hour, and some accounts' VTEX is down in the hour before it."""

    lost_seconds: float = 600.0
    down_share: float = 0.01
    down_seconds: float = 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day that was simulated."""

    plan: Plan
    traffic: Traffic
    limits: Limits
    shards: tuple[Shard, ...]
    run: Run
    lost: Shard | None


def planned(engine: str, traffic: Traffic, *, server_cores: int, busy: float) -> Plan:
    """Say how many shards keep their processors below ``busy`` in the busiest hour, with a PUT for each webhook."""
    costs = COSTS[engine]
    per_second = traffic.events / DAY * traffic.peak
    relay = per_second * (costs.take + costs.put + costs.read / SCANS) / busy
    if engine == "sqlite":
        return Plan(engine=engine, shards=math.ceil(relay / _SQLITE_RELAYS), relay_cores=_SQLITE_RELAYS, server_cores=0)
    server = per_second * (costs.server_take + costs.server_put + costs.server_read / SCANS) / busy
    shards = max(1, math.ceil(server / server_cores))
    return Plan(engine=engine, shards=shards, relay_cores=math.ceil(relay / shards), server_cores=server_cores)


def simulate(
    plan: Plan, traffic: Traffic, limits: Limits, *, troubles: Troubles | None, most_simulated: int, seed: int
) -> Day:
    """Run a day until every row is on its timeline."""
    draw = random.Random(seed)  # noqa: S311 - invented traffic
    shards = tuple(
        Shard(plan.costs, relay_cores=plan.relay_cores, server_cores=plan.server_cores) for _ in range(plan.shards)
    )
    gates = _placed(accounts_of(traffic, most_simulated), shards, limits)
    lost = _trouble(gates, shards, traffic, troubles, draw) if troubles else None
    posted: list[tuple[float, Shipment]] = []
    for gate in gates:
        for parcel in parcels_of(gate.account, traffic, draw):
            shipment = Shipment(gate, is_read=parcel.is_known)
            posted += [(at, shipment) for at in parcel.posted]
    run = Run(gates, posted, draw)
    run.all()
    wrong = [gate.account for gate in gates if gate.posted != gate.on_timelines or gate.waiting or gate.due]
    assert not wrong, f"not every row came to its timeline once: {wrong}"
    return Day(plan=plan, traffic=traffic, limits=limits, shards=shards, run=run, lost=lost)


def _placed(accounts: Sequence[Account], shards: Sequence[Shard], limits: Limits) -> list[Gate]:
    """Give each account to the shard with the least, the largest first."""
    given = dict.fromkeys(range(len(shards)), 0)
    gates = []
    for account in sorted(_divided(accounts, sum(a.webhooks * a.alike for a in accounts) // len(shards)), key=_load):
        least = min(given, key=lambda number: given[number])
        given[least] += account.webhooks * account.alike
        gates.append(Gate(account, limits, shards[least]))
    return gates


def _load(account: Account) -> int:
    return -account.webhooks * account.alike


def _divided(accounts: Sequence[Account], most: int) -> list[Account]:
    """Divide accounts that are alike so far that a part of them fits a shard."""
    divided = []
    for account in accounts:
        parts = min(account.alike, max(1, -(-account.webhooks * account.alike * 4 // most)))
        sizes = [account.alike // parts + (part < account.alike % parts) for part in range(parts)]
        divided += [replace(account, alike=size) for size in sizes]
    return divided


def _trouble(
    gates: Sequence[Gate], shards: Sequence[Shard], traffic: Traffic, troubles: Troubles, draw: random.Random
) -> Shard:
    peak = traffic.peak_hour * 3600.0
    lost = draw.choice(shards)
    lost.lost_from = peak + 600.0
    lost.lost_until = lost.lost_from + troubles.lost_seconds
    wanted = round(traffic.accounts * troubles.down_share)
    for gate in draw.sample(gates, len(gates)):
        if gate.shard is not lost and gate.account.alike <= wanted:
            gate.vtex_down = (peak - troubles.down_seconds, peak)
            wanted -= gate.account.alike
    return lost
