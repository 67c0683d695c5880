"""A small run, simulated and on a real relay: does the simulation tell what happens?

One account with a low limit is sent webhooks faster than VTEX may be called, so that a queue grows, rows join, and all
of it is worked off. What the relay did is read from its VTEX: which row came with which call, and when.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.bench.databases import database
from tests.bench.posting import Posting, post_at_their_times, request
from tests.bench.replicas import vtex_of
from tests.e2e.parcels import SCANS, SECRET, Parcel, parcels, signature
from tests.e2e.relay import Relay
from tests.simulation.costs import COSTS
from tests.simulation.engine import Happening, Run
from tests.simulation.parts import Gate, Limits, Shard, Shipment
from tests.simulation.world import Account

__all__ = ["Held", "Seen", "Small", "held_against", "observed", "predicted", "told"]

_PATIENCE: Final = 300.0
_LIMITS: Final = Limits(latency=0.05)
_ACCOUNT: Final = """
[accounts.demo]
app_key = "vtexappkey-demo-EXAMPLE"
app_token = "an-invented-app-token"
base_url = "{url}"
history = "delta"
rate_per_second = {rate:g}
concurrency = {concurrency}
[accounts.demo.carriers.easypost]
secrets = ["{secret}"]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Small:
    """What is run: every parcel tells its scans at times drawn from so many seconds."""

    engine: str = "sqlite"
    parcels: int = 240
    seconds: float = 30.0
    limits: Limits = _LIMITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What happened: calls, and of each row when it was posted and when it was on the timeline."""

    reads: int
    puts: int
    rows: tuple[tuple[float, float], ...]

    @property
    def seconds(self) -> float:
        """Return the time from the first webhook to the last row."""
        return max(shown for _, shown in self.rows) - min(posted for posted, _ in self.rows)

    @property
    def most_waiting(self) -> int:
        """Return how many rows were posted and not on the timeline, when they were most."""
        changes = sorted([(posted, 1) for posted, _ in self.rows] + [(shown, -1) for _, shown in self.rows])
        waiting = most = 0
        for _, change in changes:
            waiting += change
            most = max(most, waiting)
        return most

    def took(self, share: float) -> float:
        """Return the time within which a share of the rows came to the timeline."""
        ordered = sorted(shown - posted for posted, shown in self.rows)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Both, side by side."""

    small: Small
    predicted: Seen
    observed: Seen


def held_against(small: Small, folder: Path, *, seed: int) -> Held:
    """Simulate, and run."""
    times = _times(small, random.Random(seed))  # noqa: S311 - invented traffic
    return Held(small=small, predicted=predicted(small, times, seed=seed), observed=observed(small, times, folder))


def _times(small: Small, draw: random.Random) -> list[list[float]]:
    """Say when each parcel tells each of its scans."""
    return [sorted(draw.uniform(0, small.seconds) for _ in range(SCANS)) for _ in range(small.parcels)]


def predicted(small: Small, times: Sequence[Sequence[float]], *, seed: int) -> Seen:
    """Simulate."""
    shard = Shard(COSTS[small.engine], relay_cores=1, server_cores=0 if small.engine == "sqlite" else 1)
    gate = Gate(Account(webhooks=small.parcels * SCANS), small.limits, shard)
    rows, calls = list[tuple[float, float]](), Counter[str]()

    def watch(happening: Happening) -> None:
        kind, _, _, posted_at, at = happening
        calls[kind] += 1
        if kind == "row":
            rows.append((posted_at, at))

    posted = []
    for each in times:
        shipment = Shipment(gate, is_read=False)
        posted += [(at, shipment) for at in each]
    Run([gate], posted, random.Random(seed), watch=watch).all()  # noqa: S311 - invented traffic
    return Seen(reads=calls["read"], puts=calls["put"], rows=tuple(rows))


def observed(small: Small, times: Sequence[Sequence[float]], folder: Path) -> Seen:
    """Run a relay, post the same webhooks at the same times, and ask VTEX what came."""
    sent = parcels(small.parcels)
    (folder / "data").mkdir()
    with database(small.engine, folder) as kept, vtex_of(small.limits.latency, sent) as (_, vtex):
        account = _ACCOUNT.format(
            url=str(vtex.base_url).rstrip("/"),
            rate=small.limits.rate,
            concurrency=small.limits.concurrency,
            secret=SECRET,
        )
        relay = Relay(folder, account, settings=f'database_url = "{kept.url}"')
        relay.start()
        try:
            relay.until_ready()
            relay.register(*sent)
            at = asyncio.run(post_at_their_times(relay.port, list(_postings(sent, times))))
            relay.until_idle(seconds=_PATIENCE)
            calls = vtex.get("/control/calls").json()
            assert relay.stop() == 0
        finally:
            relay.close()
    return _seen(sent, at, calls)


def _postings(sent: Sequence[Parcel], times: Sequence[Sequence[float]]) -> Iterator[Posting]:
    for parcel, each in zip(sent, times, strict=True):
        for scan, at in enumerate(each):
            body = parcel.webhook(scan + 1)
            made = request("/webhooks/easypost/demo", body, {"X-Hmac-Signature": signature(body)})
            yield Posting(name=f"{parcel.order} {scan}", request=made, due=at)


def _seen(sent: Sequence[Parcel], at: dict[str, float], calls: Sequence[dict[str, Any]]) -> Seen:
    puts = [call for call in calls if call["method"] == "PUT"]
    shown: dict[tuple[str, str], float] = {}
    for call in puts:
        for event in call["body"]["events"]:
            known = shown.setdefault((call["order"], event["date"]), call["ended"])
            assert known == call["ended"], f"{call['order']} has {event} twice"
    rows = [
        (at[f"{parcel.order} {scan}"], shown[parcel.order, row.date])
        for parcel in sent
        for scan, row in enumerate(parcel.rows())
    ]
    return Seen(reads=len(calls) - len(puts), puts=len(puts), rows=tuple(rows))


def told(held: Held) -> Iterator[str]:
    """Say both, and how far they are apart."""
    small = held.small
    yield (
        f"{small.parcels * SCANS} webhooks of one account within {small.seconds:g} s, {small.limits.rate:g} calls a "
        f"second and {small.limits.concurrency} at a time, of {small.limits.latency * 1000:g} ms, on {small.engine}"
    )
    yield f"{'':34}{'simulated':>10}{'relay':>10}{'ratio':>8}"
    predicted_facts, observed_facts = _facts(held.predicted), _facts(held.observed)
    for what, first in predicted_facts.items():
        second = observed_facts[what]
        yield f"{what:34}{first:10.4g}{second:10.4g}{second / first:8.2f}"


def _facts(seen: Seen) -> dict[str, float]:
    return {
        "orders read": seen.reads,
        "PUTs": seen.puts,
        "seconds until all is shown": seen.seconds,
        "calls a second meanwhile": (seen.reads + seen.puts) / seen.seconds,
        "most rows that waited": seen.most_waiting,
        "webhook to timeline, p50 s": seen.took(0.5),
        "webhook to timeline, p99 s": seen.took(0.99),
    }
