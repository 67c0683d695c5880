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

from tests.planted.bugs import Bug

__all__ = ["Found", "search"]

_CHECKOUT: Final = Path(__file__).parents[2]
_FOUND, _NOT_FOUND = 3, 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the machine found, and after how many examples; None when it found nothing."""

    examples: int | None
    seconds: float
    words: str


def search(bug: Bug | None, *, examples: int, steps: int, seed: int) -> Found:
    """Look for a bug, or for one that nobody planted.

    Raises:
        RuntimeError: The copy could not be run at all.

    """
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        copy = Path(folder)
        for part in ("app", "tests"):
            shutil.copytree(_CHECKOUT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__", "examples"))
        if bug is not None:
            bug.plant(copy)
        ended = subprocess.run(
            [sys.executable, "-m", "tests.planted.copy", str(examples), str(steps), str(seed)],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": str(copy)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    if ended.returncode not in {_FOUND, _NOT_FOUND}:
        raise RuntimeError(f"{bug and bug.name}: the copy could not be run:\n{ended.stderr}")
    ran, _, words = ended.stdout.strip().partition(" ")
    is_found = ended.returncode == _FOUND
    return Found(examples=int(ran) if is_found else None, seconds=time.monotonic() - started, words=words)
