"""Targets 1 to 5: what it costs to take a webhook in and have it on disk, beside servers that do less."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.bench.busy import used_by
from tests.bench.targets.aims import Sample
from tests.bench.targets.load import Feed, Loaded
from tests.bench.targets.machine import flushes
from tests.bench.targets.seeding import known_deliveries
from tests.bench.targets.stage import PATH, Stage, relay, yardstick

__all__ = ["Ingesting"]

_CONNECTIONS: Final = 64
_NOWHERE: Final = "http://127.0.0.1:9"  # Nothing is forwarded: no shipment is known.
_ON_SQLITE: Final = ("bare", "route", "commit", "least")
_LEAST: Final = "least"


class Ingesting:
    """One round of everything that takes webhooks in."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._feed = Feed.make(stage.folder, stage.scale.signed)
        self._filled = stage.filled("known", *known_deliveries(stage.scale.known))
        # The others are what target 3 and 4 are held against, which are about SQLite.
        self._yardsticks = _ON_SQLITE if stage.server is None else ("bare", _LEAST)
        self._others = 0.0

    def round(self, number: int) -> Sample:
        """Measure all; every second round the other way round."""
        names = [*self._yardsticks, "relay"]
        taken: dict[str, Loaded] = {}
        facts: dict[str, float] = {}
        self._others = 0.0
        for name in names if number % 2 else reversed(names):
            taken[name] = self._relay(facts) if name == "relay" else self._yardstick(name)
        ours, bare = taken["relay"], taken["bare"]
        for name, loaded in taken.items():
            facts |= {f"{name}, requests/s": loaded.rate, f"{name}, p99 ms": loaded.p99}
        if _LEAST in taken:
            facts["the least that stores ÷ bare"] = taken[_LEAST].rate / bare.rate
        values = {"1": ours.rate / bare.rate, "2": ours.p99 / bare.p99}
        if self._stage.server is None:
            values |= {
                "3": ours.rate / taken["route"].rate,
                "4": ours.rate / taken["commit"].rate,
                "5": facts["flushes per webhook at 64"],
                "5b": facts["flushes per webhook at 1"],
            }
        return Sample(values=values, facts=facts, others_cores=self._others)

    def _post(self, port: int, first: int, last: int, *, connections: int = _CONNECTIONS, share: float = 1.0) -> Loaded:
        seconds = max(1, round(self._stage.scale.seconds * share))
        return self._feed.post(port, PATH, connections=connections, seconds=seconds, first=first, last=last)

    @contextmanager
    def _watched(self, pid: int) -> Iterator[None]:
        watch = self._stage.watch(pid)
        yield
        self._others = max(self._others, watch.others_cores())

    def _yardstick(self, name: str) -> Loaded:
        is_least = name == _LEAST
        # The others know no duplicates: the same webhooks do again, and a bare server takes more of them.
        first, begin = (self._feed.count // 5, self._feed.count // 4) if is_least else (self._feed.count, 0)
        with yardstick(name, self._stage.fresh(name, like=self._filled if is_least else None)) as (port, pid):
            self._post(port, 0, first, share=0.25)
            with self._watched(pid):
                return self._post(port, begin, self._feed.count)

    def _relay(self, facts: dict[str, float]) -> Loaded:
        place = self._stage.fresh("ingesting", like=self._filled)
        folder, first, second = place.folder, self._feed.count // 5, self._feed.count // 4
        with relay(place, _NOWHERE) as running:
            self._post(running.port, 0, first, share=0.25)
            one = self._flushes(folder, running.port, first, second, connections=1)
            facts["flushes per webhook at 1"] = one[1]
            pid = running.running.pid
            with self._watched(pid):
                processor, server = used_by(pid), self._stage.server_seconds()
                loaded, each = self._flushes(folder, running.port, second, self._feed.count, connections=_CONNECTIONS)
                processor = used_by(pid) - processor
                server = self._stage.server_seconds() - server
            if self._stage.server is not None:
                facts["server, processor µs per webhook"] = server / loaded.requests * 1e6
            facts |= {
                "flushes per webhook at 64": each,
                "relay, processor µs per webhook": processor / loaded.requests * 1e6,
                "relay at 1 connection, p50 ms": one[0].p50,
            }
            return loaded

    def _flushes(self, folder: Path, port: int, first: int, last: int, *, connections: int) -> tuple[Loaded, float]:
        before = flushes(folder)
        loaded = self._post(port, first, last, connections=connections, share=0.5 if connections == 1 else 1.0)
        return loaded, (flushes(folder) - before) / loaded.requests
