"""What is aimed at, and how measured rounds are held against it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

__all__ = ["AIMS", "NAMES", "Aim", "Sample", "Verdict", "judged", "table"]

NAMES: Final = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """One number that has to be reached, as a ratio unless ``what`` names a unit."""

    id: str
    what: str
    bound: float
    is_least: bool = False

    @property
    def target(self) -> str:
        return f"{'≥' if self.is_least else '≤'} {self.bound:g}"

    def is_met(self, value: float) -> bool:
        return value >= self.bound if self.is_least else value <= self.bound


AIMS: Final = (
    Aim(id="1", what="durable ingest, 1,000,000 known deliveries ÷ bare ASGI app", bound=0.25, is_least=True),
    Aim(id="2", what="its p99 ÷ that app's", bound=3.5),
    Aim(id="3", what="durable ingest ÷ FastAPI route that stores nothing", bound=1.0, is_least=True),
    Aim(id="4", what="durable ingest ÷ FastAPI with a commit per request", bound=4.0, is_least=True),
    Aim(id="5", what="flushes per webhook, 64 connections", bound=0.06),
    Aim(id="5b", what="flushes per webhook, 1 connection", bound=1.1),
    Aim(id="6", what="webhook to committed PUT ÷ with the PUT answered in process", bound=0.5, is_least=True),
    Aim(id="7", what="PUTs by egress, 64 in flight ÷ aiohttp", bound=0.9, is_least=True),
    Aim(id="8", what="PUTs per shipment with 4 queued webhooks", bound=1.15),
    Aim(id="9", what="webhook in to PUT answered at 10 % load, p50 ÷ one flush + one PUT", bound=4.0),
    Aim(id="9b", what="the same, p99 ÷ one flush + one PUT", bound=12.0),
    Aim(id="10", what="claim of 100 with 1,000,000 pending ÷ with 100,000", bound=1.3),
    Aim(id="10b", what="memory at work on 1,000,000 pending ÷ idle", bound=1.5),
    Aim(id="11", what="PostgreSQL: durable ingest of one replica ÷ bare ASGI app", bound=0.25, is_least=True),
    Aim(id="11b", what="PostgreSQL: two replicas ÷ one, VTEX takes 50 ms", bound=1.6, is_least=True),
    Aim(id="12", what="start to first 2xx ÷ minimal FastAPI app", bound=1.8),
    Aim(id="12b", what="idle memory, MB", bound=110.0),
    Aim(id="13", what="p99 of first attempts while 100,000 replays drain ÷ without", bound=1.5),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One round of one scenario: values by aim, and what they were made of."""

    values: Mapping[str, float]
    facts: Mapping[str, float] = field(default_factory=dict)
    others_cores: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The median of an aim's rounds."""

    aim: Aim
    rounds: tuple[float, ...]

    @property
    def value(self) -> float:
        return median(self.rounds)

    @property
    def is_met(self) -> bool:
        return self.aim.is_met(self.value)

    def document(self, engine: str) -> dict[str, Any]:
        return {
            "id": self.aim.id,
            "engine": engine,
            "what": self.aim.what,
            "value": round(self.value, 4),
            "target": self.aim.target,
            "met": self.is_met,
            "rounds": [round(value, 4) for value in self.rounds],
        }


def judged(samples: Sequence[Sample]) -> list[Verdict]:
    """Gather the rounds of every aim that was measured."""
    rounds: defaultdict[str, list[float]] = defaultdict(list)
    for sample in samples:
        for id_, value in sample.values.items():
            rounds[id_].append(value)
    return [Verdict(aim=aim, rounds=tuple(rounds[aim.id])) for aim in AIMS if aim.id in rounds]


def table(verdicts: Sequence[Verdict], samples: Sequence[Sample], engine: str) -> Iterator[str]:
    """Say everything for people: targets first, then the medians that they were made of."""
    yield f"on {NAMES[engine]}, unless a target names another engine"
    yield f"{'#':4}{'what':74}{'target':>8} {'median':>8}  {'':7} rounds"
    for each in verdicts:
        rounds = " ".join(f"{value:.3g}" for value in each.rounds)
        met = "met" if each.is_met else "NOT MET"
        yield f"{each.aim.id:4}{each.aim.what:74}{each.aim.target:>8} {each.value:8.3g}  {met:7} {rounds}"
    facts: defaultdict[str, list[float]] = defaultdict(list)
    for sample in samples:
        for name, value in sample.facts.items():
            facts[name].append(value)
    yield ""
    for name, values in facts.items():
        yield f"    {name:74}{median(values):12.4g}  ({min(values):.4g} to {max(values):.4g})"
