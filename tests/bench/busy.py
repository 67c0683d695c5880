"""Who else used the machine while something was measured."""

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

__all__ = ["Busy", "memory_of", "others_cores", "used_by", "used_by_ended", "written_by"]

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_IDLE_FIELDS: Final = (3, 4)  # idle and iowait of the first line of /proc/stat
_TIMES: Final = 8  # what follows is part of user and nice already
_USER_AFTER_NAME: Final = 11  # utime, and stime after it, in /proc/<pid>/stat behind the program's name
_ENDED_AFTER_NAME: Final = 13  # cutime and cstime, of the children that ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """Processor seconds used so far, by everybody and by the processes of a benchmark."""

    at: float
    everybody: float
    ours: float

    @classmethod
    def now(cls, pids: Iterable[int]) -> Self:
        """Read the kernel's counters; ``pids`` are the processes beside this one that are the benchmark's own."""
        fields = [int(field) for field in Path("/proc/stat").read_text("ascii").split("\n", 1)[0].split()[1:]]
        used = sum(ticks for index, ticks in enumerate(fields[:_TIMES]) if index not in _IDLE_FIELDS)
        ours = sum(used_by(pid) for pid in {os.getpid(), *pids})
        return cls(at=time.monotonic(), everybody=used / _TICKS, ours=ours)


def others_cores(before: Busy, after: Busy) -> float:
    """Say how many cores other processes kept busy between two readings."""
    others = (after.everybody - before.everybody) - (after.ours - before.ours)
    return max(0.0, others / (after.at - before.at))


def used_by(pid: int) -> float:
    """Return the processor seconds that a process used."""
    return _used(pid, _USER_AFTER_NAME)


def used_by_ended(pid: int) -> float:
    """Return the processor seconds of those children of a process that ended."""
    return _used(pid, _ENDED_AFTER_NAME)


def _used(pid: int, first: int) -> float:
    # The name may hold spaces and parentheses; the last one closes it.
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    return sum(int(ticks) for ticks in fields[first : first + 2]) / _TICKS


def memory_of(pid: int) -> int:
    """Return how many bytes of memory a process holds now."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))


def written_by(pid: int) -> int:
    """Return how many bytes a process had written to disk."""
    lines = Path(f"/proc/{pid}/io").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes:"))
