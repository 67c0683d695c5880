"""Count the instructions that taking a webhook in costs: ``make bench-count``.

Time tells little of small changes on a machine that does other things; what callgrind counts repeats to a few
hundredths. The relay runs under it, some fifty times as slowly, with 64 connections and reading nothing. The
processor's own instructions for digests are unknown there: a digest of 2.2 KB counts as 60,000 instructions and takes a
microsecond. What the kernel does is not counted.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench.targets.load import Feed
from tests.bench.targets.seeding import known_deliveries
from tests.bench.targets.stage import PATH, Scale, Stage, relay

__all__ = ["Counted", "count", "lines"]

_CONNECTIONS: Final = 64
_UNDER: Final = (
    "valgrind",
    "--quiet",
    "--tool=callgrind",
    "--instr-atstart=no",
    "--separate-threads=yes",
    "--fair-sched=yes",
)
_SERVE: Final = (sys.executable, "-m", "tests.bench.crowded", "serve")
_GROWING: Final = (1, 8, 32)
"""How many connections come before what is counted: the observer translates all that it meets for the first time."""
_BEFORE: Final = 200
_TOTAL: Final = re.compile(r"^(?:totals|summary): (\d+)", re.MULTILINE)
_NOWHERE: Final = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Instructions for each webhook."""

    webhooks: int
    event_loop: float
    writing: float
    others: float
    profiles: tuple[Path, ...] = ()
    """One for each thread, for callgrind_annotate; the first is the event loop's."""


def count(folder: Path, *, webhooks: int, known: int) -> Counted:
    """Count what so many webhooks cost, beside so many known deliveries."""
    stage = Stage(folder=folder, scale=Scale(known=known))
    feed = Feed.make(folder, len(_GROWING) * _BEFORE + webhooks)
    place = stage.fresh("counting", like=stage.filled("known", *known_deliveries(known)))
    profile = folder / "profile"
    command = (*_UNDER, f"--callgrind-out-file={profile}", *_SERVE)
    with relay(place, _NOWHERE, command=command) as running:
        pid = running.running.pid
        _control(pid, "--instr=on")
        for number, connections in enumerate(_GROWING):
            first = number * _BEFORE
            # The first of them may wait too long, and are refused: none of these is counted.
            with suppress(AssertionError):
                feed.post(running.port, PATH, connections=connections, seconds=None, first=first, last=first + _BEFORE)
        _control(pid, "--zero")
        first = len(_GROWING) * _BEFORE
        loaded = feed.post(
            running.port, PATH, connections=_CONNECTIONS, seconds=None, first=first, last=first + webhooks
        )
        _control(pid, "--dump")
    return _read(sorted(folder.glob("profile.*")), loaded.requests)


def _control(pid: int, order: str) -> None:
    subprocess.run(["callgrind_control", order, str(pid)], check=True, capture_output=True)


def _read(profiles: Sequence[Path], webhooks: int) -> Counted:
    """Tell threads apart by what they do: the first is the event loop's, and one runs SQLite's statements."""
    totals = {"event_loop": 0.0, "writing": 0.0, "others": 0.0}
    counted: list[Path] = []
    for path in profiles:
        said = path.read_text("utf-8", "replace")
        if found := _TOTAL.search(said):
            whose = "event_loop" if path.suffix.endswith("-01") else "writing" if "executemany" in said else "others"
            totals[whose] += int(found[1]) / webhooks
            counted.append(path)
    return Counted(webhooks=webhooks, profiles=tuple(counted), **totals)


def lines(counted: Counted) -> Iterator[str]:
    """Say it for people."""
    yield f"instructions for each of {counted.webhooks} webhooks at {_CONNECTIONS} connections"
    yield f"  event loop      {counted.event_loop:9,.0f}"
    yield f"  writing thread  {counted.writing:9,.0f}"
    yield f"  other threads   {counted.others:9,.0f}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run, and print what was counted."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.counting", description=__doc__)
    parser.add_argument("--webhooks", type=int, default=1_200, help="that are counted")
    parser.add_argument("--known", type=int, default=1_000_000, help="deliveries that are known before")
    parser.add_argument("--keep", metavar="FOLDER", type=Path, help="where the profiles stay, for callgrind_annotate")
    given = parser.parse_args(arguments)
    if shutil.which("valgrind") is None:
        parser.exit(2, "valgrind is not installed: on Debian, apt-get install valgrind\n")
    with tempfile.TemporaryDirectory(prefix="carrier-relay-bench-") as folder:
        counted = count(Path(folder), webhooks=given.webhooks, known=given.known)
        if given.keep:
            given.keep.mkdir(parents=True, exist_ok=True)
            for profile in counted.profiles:
                shutil.copy(profile, given.keep)
    print("\n".join(lines(counted)))  # noqa: T201 - the result


if __name__ == "__main__":
    main()
