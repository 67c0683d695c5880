"""What a process and its database take, every few seconds."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

__all__ = ["Sample", "Sampler", "longest_life"]

_KIBIBYTE: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One look; sizes in bytes."""

    at: float
    pid: int
    rss: int
    database: int
    wal: int
    descriptors: int
    threads: int


@dataclass(slots=True)
class Sampler:
    """Look at whatever process there is, until cancelled."""

    pid: Callable[[], int | None]
    database: Path
    every: float
    samples: list[Sample] = field(default_factory=list)

    async def run(self) -> None:
        """Look again and again."""
        while True:
            if (pid := self.pid()) is not None:
                # It may end at any moment.
                with suppress(OSError, KeyError):
                    self.samples.append(self._look(pid))
            await asyncio.sleep(self.every)

    def _look(self, pid: int) -> Sample:
        process = Path("/proc") / str(pid)
        lines = (line.partition(":") for line in (process / "status").read_text("utf-8").splitlines())
        said = {name: value.split() for name, _, value in lines}
        return Sample(
            at=time.monotonic(),
            pid=pid,
            rss=int(said["VmRSS"][0]) * _KIBIBYTE,
            database=_size(self.database),
            wal=_size(self.database.with_name(f"{self.database.name}-wal")),
            descriptors=len(list((process / "fd").iterdir())),
            threads=int(said["Threads"][0]),
        )


def longest_life(samples: Sequence[Sample]) -> list[Sample]:
    """Return the samples of the process that there are most of."""
    lives: dict[int, list[Sample]] = {}
    for sample in samples:
        lives.setdefault(sample.pid, []).append(sample)
    return max(lives.values(), key=len, default=[])


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0
