"""What surrounds a relay and can be made to fail: its disk and its clock."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

__all__ = ["Clock", "Disk", "disk"]

_DISK_MIB: Final = 384
_LEFT: Final = 32 * 1024 * 1024
"""Less than what a relay wants free by default."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A file system of its own, which can be filled and emptied."""

    folder: Path

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"

    def fill(self) -> None:
        """Take what is free but for a little."""
        free = shutil.disk_usage(self.folder).free
        with self._ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, max(1, free - _LEFT))

    def empty(self) -> None:
        """Give it back."""
        self._ballast.unlink(missing_ok=True)


@contextmanager
def disk(folder: Path) -> Iterator[Disk]:
    """Mount a small file system; the process must be one that may mount for itself."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_DISK_MIB}m", "tmpfs", folder], check=True)
    try:
        yield Disk(folder)
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


class Clock:
    """The clock of a process, set while it runs; what counts seconds for it goes on as ever.

    The program ``faketime`` brings the library that stands between a process and the system's clock.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._ahead = timedelta(0)
        self.set(timedelta(0))

    @staticmethod
    def is_there() -> bool:
        """Tell whether clocks can be set here."""
        return shutil.which("faketime") is not None

    @property
    def variables(self) -> Mapping[str, str]:
        """Return what makes a process go by it."""
        asked = subprocess.run(["faketime", "-f", "+0", "env"], capture_output=True, text=True, check=True)
        preload = next(line for line in asked.stdout.splitlines() if line.startswith("LD_PRELOAD="))
        return {
            "LD_PRELOAD": preload.partition("=")[2],
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            # For older C libraries. With it each wait for the interpreter's lock ends at once: threads that wait for
            # their turn then take a whole core, and nine tenths of it from the one whose turn it is.
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
            "NO_FAKE_STAT": "1",
        }

    @property
    def ahead(self) -> timedelta:
        """Return how far it is ahead of the system's."""
        return self._ahead

    def now(self) -> datetime:
        """Return what it shows."""
        return datetime.now(UTC) + self._ahead

    def forget(self, pid: int) -> None:
        """Remove what the library leaves behind of a process that was killed."""
        for name in (f"faketime_shm_{pid}", f"sem.faketime_sem_{pid}"):
            (Path("/dev/shm") / name).unlink(missing_ok=True)  # noqa: S108 - where the library keeps it

    def set(self, ahead: timedelta) -> None:
        """Set it, within a second."""
        self._ahead = ahead
        # In one step: a process that reads half of it would be anywhere.
        draft = self._file.with_suffix(".new")
        draft.write_text(f"{ahead.total_seconds():+.0f}\n", "utf-8")
        draft.replace(self._file)

    def jump(self, by: timedelta) -> None:
        """Set it on, or back."""
        self.set(self._ahead + by)
