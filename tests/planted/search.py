"""Plant one bug in a copy of the source, and run the machine there in a process of its own."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.machine.run import quick_folder
from tests.planted.bugs import Bug

__all__ = ["Found", "search"]

_CHECKOUT: Final = Path(__file__).parents[2]
_FOUND, _NOT_FOUND = 3, 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the machine found, and after how many examples; None when it found nothing, or not in time."""

    examples: int | None
    seconds: float
    words: str


def search(bug: Bug | None, *, examples: int, steps: int, seed: int, seconds: float) -> Found:
    """Look for a bug, or for one that nobody planted.

    Args:
        bug: The bug to plant.
        examples: How many examples to try at most.
        steps: How many steps each may have.
        seed: Which examples to try.
        seconds: How long to look at most: a bug may also be one that never ends.

    Raises:
        RuntimeError: The copy could not be run at all.

    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="planted-", dir=quick_folder()) as folder:
        copy = Path(folder)
        for part in ("app", "tests"):
            shutil.copytree(_CHECKOUT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__", "examples"))
        if bug is not None:
            bug.plant(copy)
        try:
            ended = subprocess.run(
                [sys.executable, "-m", "tests.planted.copy", str(examples), str(steps), str(seed)],
                cwd=copy,
                # Its database goes when the copy goes, also when it is ended from here.
                env={**os.environ, "PYTHONPATH": folder, "TMPDIR": folder, "PYTHONHASHSEED": "0"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=seconds,
            )
        except subprocess.TimeoutExpired:
            took = time.monotonic() - started
            return Found(examples=None, seconds=took, words=f"not found within {seconds:.0f} seconds")
    if ended.returncode not in {_FOUND, _NOT_FOUND}:
        raise RuntimeError(f"{bug and bug.name}: the copy could not be run:\n{ended.stderr}")
    # Hypothesis may have written of its steps before.
    ran, _, words = ended.stdout.strip().rpartition("\n")[2].partition(" ")
    took = time.monotonic() - started
    if ended.returncode == _NOT_FOUND:
        return Found(examples=None, seconds=took, words=f"not found within {ran} examples")
    return Found(examples=int(ran), seconds=took, words=words)
