"""What a soak is to do, and what it found."""

from dataclasses import asdict, dataclass, field
from typing import Any, Final

from tests.chaos.ledger import Verdict
from tests.soak.samples import Sample
from tests.soak.trend import Trend

__all__ = ["DESCRIPTORS_MOST", "WAL_MOST", "Plan", "Report"]

WAL_MOST: Final = 32 * 1024 * 1024
"""As much as one batch of writes may be."""
DESCRIPTORS_MOST: Final = 256
"""64 connections of carriers, some to VTEX, the database, and what a process has anyway."""
_LEAST_SECONDS: Final = 180.0
"""How long memory must have been watched for its trend to be judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a soak is to do; ``mounts`` tells whether it may mount a disk of its own."""

    minutes: float
    seed: int
    mounts: bool
    rate: float = 40.0
    """Webhooks a second while a round is posted."""
    every: float = 2.0
    """Seconds between samples."""


@dataclass(slots=True, kw_only=True)
class Report:
    """What a soak found."""

    seed: int
    seconds: float = 0.0
    rounds: int = 0
    posted: int = 0
    answered: int = 0
    slow: int = 0
    """How many questions had to be asked again because no answer came in time."""
    warm_at: float | None = None
    """When the database had become larger than what is kept of it in memory, each thing had been done once, and more
    webhooks had come at a time than do later."""
    done: dict[str, int] = field(default_factory=dict)
    """How often something was done to the relay, by what it was."""
    left_out: list[str] = field(default_factory=list)
    """What could not be done here, and why."""
    verdict: Verdict = field(default_factory=Verdict)
    samples: list[Sample] = field(default_factory=list)
    watched_seconds: float = 0.0
    """How long the memory was watched that the trend is of."""
    memory: Trend | None = None
    """Of the longest life after its warm-up, in bytes a second."""

    @property
    def wal_most(self) -> int:
        """Return how large the write-ahead log was at most."""
        return max((sample.wal for sample in self.samples), default=0)

    @property
    def descriptors_most(self) -> int:
        """Return how many descriptors there were at most."""
        return max((sample.descriptors for sample in self.samples), default=0)

    @property
    def memory_is_judged(self) -> bool:
        """Tell whether it was watched for long enough."""
        return self.memory is not None and self.watched_seconds >= _LEAST_SECONDS

    @property
    def wrong(self) -> list[str]:
        """Say what is wrong, in one line each."""
        found = [*self.verdict.faults, *self.verdict.findings]
        if self.posted != self.answered:
            found.append(f"{self.posted - self.answered} webhooks were never answered 2xx")
        if self.wal_most > WAL_MOST:
            found.append(f"the write-ahead log grew to {self.wal_most} bytes")
        if self.descriptors_most > DESCRIPTORS_MOST:
            found.append(f"{self.descriptors_most} descriptors were open")
        if self.memory_is_judged and self.memory is not None and self.memory.grows:
            found.append("memory grows")
        return found

    def document(self) -> dict[str, Any]:
        """Give it as JSON."""
        return {**asdict(self), "wrong": self.wrong}
