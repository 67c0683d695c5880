"""What a simulated day was like, for people."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tests.simulation.engine import seconds_of
from tests.simulation.parts import NEVER, Gate
from tests.simulation.plan import KEPT_DAYS, Day
from tests.simulation.world import DAY

__all__ = ["Groups", "Summary", "compared", "groups", "hourly", "largest", "needs", "percentiles", "summary"]

_NEXT_RISE: Final = 6 * 3600.0
_ALLOWED: Final = (0.5, 0.99)
_LARGEST: Final = 5
_MIB: Final = 1024**2
_TIB: Final = 1024**4


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Accounts by what happened to them.

    ``beyond`` are not done with a day when the next one's traffic rises; ``peak`` are, and yet get more webhooks in
    the busiest hour than they may make calls. Of the others some had a VTEX that was down, or were on the lost shard.
    """

    well: tuple[Gate, ...]
    down: tuple[Gate, ...]
    lost: tuple[Gate, ...]
    peak: tuple[Gate, ...]
    beyond: tuple[Gate, ...]

    @property
    def usual(self) -> tuple[Gate, ...]:
        """Return all that keep up at every hour unless something goes wrong."""
        return (*self.well, *self.down, *self.lost)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A day in numbers; times and what waits at its end are those of the accounts that keep up at every hour."""

    webhooks: int
    calls: int
    relay_cores: float
    server_cores: float
    p50: float
    p99: float
    waiting_at_midnight: int
    peak_accounts: int
    peak_share: float
    beyond_accounts: int
    beyond_share: float


def groups(day: Day) -> Groups:
    """Tell the accounts apart."""
    found: dict[str, list[Gate]] = {name: [] for name in ("well", "down", "lost", "peak", "beyond")}
    for gate in day.run.gates:
        found[_group(gate, day)].append(gate)
    return Groups(**{name: tuple(gates) for name, gates in found.items()})


def _group(gate: Gate, day: Day) -> str:
    if gate.drained_at > DAY + _NEXT_RISE:
        return "beyond"
    if gate.account.webhooks * day.traffic.peak > day.limits.rate * DAY:
        return "peak"
    if gate.shard is day.lost:
        return "lost"
    return "down" if gate.vtex_down[0] < NEVER else "well"


def percentiles(gates: Sequence[Gate], day: Day, hours: Sequence[int]) -> tuple[float, float]:
    """Return p50 and p99 of how long rows that were posted in some hours took to their timelines."""
    counts: Counter[int] = Counter()
    for gate in gates:
        for (hour, number), count in day.run.took[gate].items():
            if hour in hours:
                counts[number] += count * gate.mass
    total, seen, found = counts.total(), 0, list[float]()
    for number in sorted(counts):
        seen += counts[number]
        while len(found) < len(_ALLOWED) and seen >= _ALLOWED[len(found)] * total:
            found.append(seconds_of(number))
    return (found[0], found[1]) if found else (0.0, 0.0)


def summary(day: Day) -> Summary:
    """Add a day up."""
    gates, parts = day.run.gates, groups(day)
    webhooks = sum(gate.posted * gate.mass for gate in gates)
    p50, p99 = percentiles(parts.usual, day, range(24))
    return Summary(
        webhooks=webhooks,
        calls=sum(gate.calls * gate.mass for gate in gates),
        relay_cores=sum(sum(shard.relay.used) for shard in day.shards) / DAY,
        server_cores=sum(sum(shard.server.used) for shard in day.shards if shard.server) / DAY,
        p50=p50,
        p99=p99,
        waiting_at_midnight=_waiting(parts.usual, day, DAY, DAY + _NEXT_RISE)[0],
        peak_accounts=sum(gate.account.alike for gate in parts.peak),
        peak_share=sum(gate.posted * gate.mass for gate in parts.peak) / webhooks,
        beyond_accounts=sum(gate.account.alike for gate in parts.beyond),
        beyond_share=sum(gate.posted * gate.mass for gate in parts.beyond) / webhooks,
    )


def _waiting(gates: Sequence[Gate], day: Day, since: float, until: float) -> tuple[int, float]:
    """Return the most rows that waited at a time, and the longest that a due shipment had waited for its call."""
    places = [place for place, gate in enumerate(day.run.gates) if gate in set(gates)]
    most, longest = 0, 0.0
    for depth in day.run.depths:
        if since <= depth.at < until:
            most = max(most, sum(depth.waiting[place] * day.run.gates[place].mass for place in places))
            longest = max([longest, *(depth.at - depth.oldest[place] for place in places)])
    return most, longest


def needs(day: Day) -> Iterator[str]:
    """Say what the day was run on."""
    plan, costs, traffic = day.plan, day.plan.costs, day.traffic
    per_second = traffic.events / DAY * traffic.peak
    yield (
        f"{traffic.events:,} webhooks a day for {traffic.accounts:,} accounts, {per_second:,.0f} a second in the "
        f"busiest hour; {day.limits.rate:g} calls a second and {day.limits.concurrency} at a time for each account"
    )
    kind = f"PostgreSQL servers of {plan.server_cores} cores" if plan.server_cores else "machines of relays on SQLite"
    kept = traffic.events * costs.stored * KEPT_DAYS / plan.shards / _TIB
    yield f"{plan.shards} {kind}, {plan.relay_cores} cores of relays each; {kept:.1f} TiB in {KEPT_DAYS} days on each"
    if plan.server_cores:
        wal = per_second / plan.shards * (costs.wal_take + costs.wal_put) / _MIB
        a_day = max(shard.written for shard in day.shards) / _TIB
        yield f"WAL of each: {wal:.0f} MiB a second in the busiest hour, {a_day:.2f} TiB a day"


def hourly(day: Day) -> Iterator[str]:
    """Say what each hour was like: how much came, what it took, what waited, and how long."""
    parts = groups(day)
    columns = {"all well": parts.well, "VTEX down": parts.down, "shard lost": parts.lost}
    columns |= {"over rate at peak": parts.peak, "over rate all day": parts.beyond}
    yield "      millions  cores of  cores of  waiting, thousands  seconds to the timeline, p50 and p99"
    yield f"hour    posted    relays   servers     usual  over rate  {'  '.join(f'{name:>17}' for name in columns)}"
    for hour in range(24):
        posted = sum(
            count * gate.mass for gate in day.run.gates for (at, _), count in day.run.took[gate].items() if at == hour
        )
        relay = sum(shard.relay.used[hour] for shard in day.shards) / 3600
        server = sum(shard.server.used[hour] for shard in day.shards if shard.server) / 3600
        since, until = hour * 3600.0, (hour + 1) * 3600.0
        usual, others = (
            _waiting(part, day, since, until)[0] / 1000 for part in (parts.usual, (*parts.peak, *parts.beyond))
        )
        took = (percentiles(part, day, [hour]) for part in columns.values())
        told = "  ".join(f"{_seconds(p50):>8} {_seconds(p99):>8}" for p50, p99 in took)
        yield f"{hour:4}  {posted / 1e6:8.1f}  {relay:8.0f}  {server:8.0f}  {usual:8.0f}  {others:9.0f}  {told}"


def _seconds(number: float) -> str:
    return "-" if not number else f"{number:.2f}" if number < 10 else f"{number:,.0f}"


def largest(day: Day) -> Iterator[str]:
    """Say of the largest accounts whether their calls suffice."""
    most = day.limits.rate * DAY
    yield "largest accounts: webhooks a day  calls for them  of what a day allows  days until all was done"
    for gate in sorted(day.run.gates, key=lambda each: -each.account.webhooks)[:_LARGEST]:
        calls = gate.calls * gate.account.grain
        yield f"{gate.account.webhooks:33,}  {calls:14,}  {calls / most:20.0%}  {gate.drained_at / DAY:23.1f}"


def compared(days: Sequence[Day]) -> Iterator[str]:
    """Say what waiting for company changes."""
    yield (
        "debounce s  calls for a webhook  relay cores  server cores  p50 s   p99 s  waiting at midnight"
        "  over rate at peak  over rate all day"
    )
    for day in days:
        told = summary(day)
        times = f"{_seconds(told.p50):>5}  {_seconds(told.p99):>6}"
        yield (
            f"{day.limits.debounce:10g}  {told.calls / told.webhooks:19.2f}  {told.relay_cores:11.0f}"
            f"  {told.server_cores:12.0f}  {times}  {told.waiting_at_midnight:19,}"
            f"  {told.peak_accounts:9}, {told.peak_share:6.1%}  {told.beyond_accounts:9}, {told.beyond_share:6.1%}"
        )
