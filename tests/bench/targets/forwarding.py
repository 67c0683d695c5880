"""Targets 6, 8 and 9: from a webhook to VTEX, as fast as it goes, as few calls as it takes, and at an ordinary load."""

import asyncio
import math
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

import aiohttp
from sqlalchemy import create_engine, make_url, text

from tests.bench.busy import used_by
from tests.bench.posting import Posting, post_at_their_times, request
from tests.bench.targets.aims import Sample
from tests.bench.targets.load import Feed, webhook
from tests.bench.targets.machine import pause
from tests.bench.targets.seeding import ACCOUNT, registered
from tests.bench.targets.stage import PATH, Place, Stage, destination, log_of, relay, yardstick
from tests.e2e.relay import COMMAND

__all__ = ["Coalescing", "Latency", "Through", "percentile", "settled", "until"]

_CONNECTIONS: Final = 64
_PATIENCE: Final = 300.0
_ANSWERING: Final = (sys.executable, str(Path(__file__).with_name("answering.py")), "serve")
_WARM_UP: Final = 32
_MOST_TIMED: Final = 200


@contextmanager
def settled(place: Place) -> Iterator[Callable[[], int]]:
    """Count the calls whose success is committed, now and again."""
    query = f"SELECT count(*) FROM attempts WHERE account = '{ACCOUNT}' AND outcome = 'applied'"  # noqa: S608 - ours
    engine = create_engine(make_url(place.url.replace("postgresql:", "postgresql+psycopg:")))

    def count() -> int:
        with engine.connect() as connection:
            return int(connection.execute(text(query)).scalar_one())

    yield count
    engine.dispose()


def until(condition: Callable[[], bool], what: str) -> float:
    """Wait until something is so; return when it was seen."""
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"not so after {_PATIENCE:g} s: {what}"
        pause(0.02)
    return time.monotonic()


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share of all lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Through:
    """Target 6: a fixed number of webhooks, one for each shipment, until the last call is settled on disk."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        # On PostgreSQL one process takes several times as long for each.
        self._count = stage.scale.webhooks if stage.server is None else stage.scale.webhooks // 4
        self._feed = Feed.make(stage.folder, self._count)
        self._filled = stage.filled("registered", *registered(self._count))

    def round(self, number: int) -> Sample:
        """Measure both ways; which is first alternates."""
        measured: dict[str, tuple[float, float, float, float]] = {}
        for way in ("called", "answered") if number % 2 else ("answered", "called"):
            measured[way] = self._measure(COMMAND if way == "called" else _ANSWERING)
        (rate, cost, server, others), (floor, least, _, beside) = measured["called"], measured["answered"]
        facts = {
            "through, webhooks/s": rate,
            "through, PUT answered in process, webhooks/s": floor,
            "through, processor µs per webhook": cost,
            "through, PUT answered in process, processor µs per webhook": least,
        }
        if self._stage.server is not None:
            facts["through, server's processor µs per webhook"] = server
        return Sample(values={"6": rate / floor}, facts=facts, others_cores=max(others, beside))

    def _measure(self, command: Sequence[str]) -> tuple[float, float, float, float]:
        place = self._stage.fresh("through", like=self._filled)
        with destination() as (url, vtex), relay(place, url, command=command) as running, settled(place) as count:
            pid = running.running.pid
            watch, processor, began = self._stage.watch(pid, vtex), used_by(pid), time.monotonic()
            server = self._stage.server_seconds()
            self._feed.post(running.port, PATH, connections=_CONNECTIONS, seconds=None)
            ended = until(lambda: count() >= self._count, f"{self._count} calls are settled")
            cost = (used_by(pid) - processor) / self._count * 1e6
            served = (self._stage.server_seconds() - server) / self._count * 1e6
            return self._count / (ended - began), cost, served, watch.others_cores()


class Coalescing:
    """Target 8: what queued for a shipment while it could not be called goes out together."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._count = stage.scale.shipments
        self._feeds = [Feed.make(stage.folder, self._count, scan=scan) for scan in range(1, 5)]
        self._filled = stage.filled("queued", *registered(self._count))

    def round(self, _number: int) -> Sample:
        """Queue four webhooks for each shipment while the account is paused, and count the calls after that."""
        place = self._stage.fresh("coalescing", like=self._filled)
        with destination() as (url, _), relay(place, url) as running:
            running.tell(f"accounts/{ACCOUNT}/pause", {"reason": "measuring"})
            for feed in self._feeds:
                feed.post(running.port, PATH, connections=_CONNECTIONS, seconds=None)
            until(lambda: not running.ask("webhooks", state="stored", limit=1)["items"], "all are mapped")
            running.tell(f"accounts/{ACCOUNT}/resume", {"reason": "measuring"})
            until(running.is_idle, "all is sent")
            calls = len(log_of(url))
        return Sample(values={"8": calls / self._count})


class Latency:
    """Target 9: a webhook's way at a tenth of what goes through, beside one flush and one PUT."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._count = stage.scale.punctual
        self._filled = stage.filled("punctual", *registered(self._count + _WARM_UP))
        # What goes through when target 6 is not measured in the same run.
        self.capacity = 500.0 if stage.server is None else 100.0

    def round(self, _number: int) -> Sample:
        """Measure the floor, then the way, and how long the least takes that has to be done on it."""
        place, rate = self._stage.fresh("latency", like=self._filled), self.capacity / 10
        with destination() as (url, vtex), relay(place, url) as running, settled(place) as count:
            # One after the other, and as seldom as webhooks come: then nothing of it is in the processor's caches.
            times = min(self._count, _MOST_TIMED)
            flush, put = _flush(place.folder, times), asyncio.run(_put(url, times))
            seldom = _flush(place.folder, times, rate) + asyncio.run(_put(url, times, rate))
            self._post(running.port, range(1, _WARM_UP + 1), 100.0)
            until(lambda: count() >= _WARM_UP, "the first ones are settled")
            watch = self._stage.watch(running.running.pid, vtex)
            took = self._brought(running.port, url, rate)
            until(lambda: count() >= _WARM_UP + self._count, "all are settled")
            others = watch.others_cores()
        place = self._stage.fresh("least-way", like=self._filled)
        with destination() as (url, _), yardstick("least-way", place, url) as (port, _):
            self._post(port, range(1, _WARM_UP + 1), 100.0)
            least = self._brought(port, url, rate)
        p50, p99, floor = median(took), percentile(took, 0.99), flush + put
        facts = {
            "one flush, ms": flush * 1e3,
            "one PUT, ms": put * 1e3,
            "one flush and one PUT, as seldom as webhooks come, ms": seldom * 1e3,
            "webhook in to PUT answered, p50 ms": p50 * 1e3,
            "webhook in to PUT answered, p99 ms": p99 * 1e3,
            "the least that brings it there, p50 ms": median(least) * 1e3,
            "the least that brings it there, p99 ms": percentile(least, 0.99) * 1e3,
        }
        return Sample(values={"9": p50 / floor, "9b": p99 / floor}, facts=facts, others_cores=others)

    def _brought(self, port: int, url: str, rate: float) -> list[float]:
        """Post so many webhooks a second; return how long each took until its PUT was answered."""
        log_of(url)
        sent = self._post(port, range(_WARM_UP + 1, _WARM_UP + self._count + 1), rate)
        answered: dict[str, float] = {}

        def are_all_there() -> bool:
            answered.update((order, at) for order, at in log_of(url) if order in sent)
            return len(answered) == self._count

        until(are_all_there, f"{self._count} webhooks arrived")
        return [at - sent[order] for order, at in answered.items()]

    def _post(self, port: int, numbers: range, rate: float) -> dict[str, float]:
        postings = []
        for index, number in enumerate(numbers):
            body, signature = webhook(number)
            made = request(PATH, body, {"X-Hmac-Signature": signature})
            postings.append(Posting(name=f"1527{number:09}-01", request=made, due=index / rate))
        return asyncio.run(post_at_their_times(port, postings))


def _flush(folder: Path, times: int, rate: float = math.inf) -> float:
    """Time appends of a page that reach the disk, ``rate`` a second."""
    took = []
    with (folder / "flushed").open("wb", buffering=0) as file:
        for _ in range(times):
            pause(1 / rate)
            file.write(b"x" * 4096)
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - began)
    return median(took)


async def _put(url: str, times: int, rate: float = math.inf) -> float:
    """Time PUTs, one after the other, ``rate`` a second."""
    took = []
    async with aiohttp.ClientSession() as session:
        for _ in range(times):
            await asyncio.sleep(1 / rate)
            began = time.perf_counter()
            async with session.put(f"{url}/api/oms/pvt/orders/1/invoice/1/tracking", data=b"x" * 500) as answer:
                await answer.read()
            took.append(time.perf_counter() - began)
    return median(took)
