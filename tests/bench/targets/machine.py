"""What the machine itself tells: who used it, what reached the disk, what a process holds."""

import os
import resource
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Final

from tests.bench.busy import Busy, others_cores, used_by

__all__ = ["CORES", "LOAD_CORE", "RELAY_CORE", "Watch", "flushes", "memory", "pause", "pinned"]

CORES: Final = sorted(os.sched_getaffinity(0))
RELAY_CORE: Final = CORES[0]
LOAD_CORE: Final = CORES[-1]
_FLUSHES: Final = 15  # of a disk's stat: requests to empty its cache
_NAMED: Final = 3  # fields that name the disk, where all are in one table


def pinned(core: int) -> tuple[str, ...]:
    """Start a command so that it stays on one core."""
    return ("taskset", "--cpu-list", str(core))


def flushes(folder: Path) -> int:
    """Count the flushes that the disk under a folder completed since the machine started, whoever asked for them.

    A folder whose file system is on no disk that the machine shows, as in a container, counts those of all disks.
    """
    device = folder.stat().st_dev
    at = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve()
    if (at / "partition").exists():
        at = at.parent  # Only whole disks count them.
    try:
        return int((at / "stat").read_text("ascii").split()[_FLUSHES])
    except FileNotFoundError:
        disks = Path("/proc/diskstats").read_text("ascii").splitlines()
        return sum(int(disk.split()[_NAMED + _FLUSHES]) for disk in disks)


def pause(seconds: float) -> None:
    """Let time pass: a benchmark measures it, and looks again and again at what it waits for."""
    Event().wait(seconds)


def memory(pid: int, line: str = "VmRSS") -> float:
    """Return what a process holds in memory, in MB."""
    status = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    return next(int(each.split()[1]) for each in status if each.startswith(f"{line}:")) / 1024


class Watch:
    """Who else used the machine between the start and now.

    ``pids`` are the benchmark's own processes; ``also`` tells of more processor seconds that are its own.
    """

    def __init__(self, pids: Iterable[int] = (), *, also: Callable[[], float] = lambda: 0.0) -> None:
        self._pids = set(pids)
        self._also = also
        self._more = also()
        self._children = _children()
        self._before = Busy.now(self._pids)

    def others_cores(self) -> float:
        """Return how many cores other processes kept busy; a generator of load that ended since was ours."""
        after = Busy.now(pid for pid in self._pids if _is_there(pid))
        ended = _children() - self._children + self._also() - self._more
        return max(0.0, others_cores(self._before, after) - ended / max(after.at - self._before.at, 1e-9))


def _is_there(pid: int) -> bool:
    with suppress(OSError):
        used_by(pid)
        return True
    return False


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
