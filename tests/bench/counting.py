"""Count the instructions that taking a webhook in costs, and what yardsticks cost: ``make bench-count``.

Time tells little of small changes on a machine that does other things; what callgrind counts repeats to a few
hundredths. Programs run under it, some fifty times as slowly, with 64 connections; the relay reads nothing. The
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
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench.targets.load import Feed
from tests.bench.targets.seeding import known_deliveries
from tests.bench.targets.stage import PATH, Scale, Stage, relay, yardstick

__all__ = ["PROGRAMS", "Counted", "count", "lines"]

PROGRAMS: Final = ("relay", "least", "route", "bare")
"""The relay, and what `make bench` holds it against."""

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
_KNOWING: Final = ("relay", "least")
_NOWHERE: Final = "http://127.0.0.1:9"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Instructions for each webhook."""

    program: str
    webhooks: int
    event_loop: float
    writing: float
    others: float
    profiles: tuple[Path, ...] = ()
    """One for each thread, for callgrind_annotate; the first is the event loop's."""


def count(folder: Path, *, webhooks: int, known: int, program: str = "relay") -> Counted:
    """Count what so many webhooks cost a program, beside so many known deliveries where it knows any."""
    folder.mkdir(exist_ok=True)
    stage = Stage(folder=folder, scale=Scale(known=known))
    feed = Feed.make(folder, len(_GROWING) * _BEFORE + webhooks)
    profile = folder / "profile"
    with _watched(stage, program, profile) as (port, pid):
        _control(pid, "--instr=on")
        for number, connections in enumerate(_GROWING):
            first = number * _BEFORE
            # The first of them may wait too long, and are refused: none of these is counted.
            with suppress(AssertionError):
                feed.post(port, PATH, connections=connections, seconds=None, first=first, last=first + _BEFORE)
        _control(pid, "--zero")
        first = len(_GROWING) * _BEFORE
        loaded = feed.post(port, PATH, connections=_CONNECTIONS, seconds=None, first=first, last=first + webhooks)
        _control(pid, "--dump")
    return _read(program, sorted(folder.glob("profile.*")), loaded.requests)


@contextmanager
def _watched(stage: Stage, program: str, profile: Path) -> Iterator[tuple[int, int]]:
    """Run a program whose instructions are counted; its port and process."""
    under = (*_UNDER, f"--callgrind-out-file={profile}")
    knows = program in _KNOWING
    filled = stage.filled("known", *known_deliveries(stage.scale.known)) if knows else None
    place = stage.fresh("counting", like=filled)
    if program == "relay":
        with relay(place, _NOWHERE, command=(*under, *_SERVE)) as running:
            yield running.port, running.running.pid
    else:
        with yardstick(program, place, under=under) as started:
            yield started


def _control(pid: int, order: str) -> None:
    subprocess.run(["callgrind_control", order, str(pid)], check=True, capture_output=True)


def _read(program: str, profiles: Sequence[Path], webhooks: int) -> Counted:
    """Tell threads apart by what they do: the first is the event loop's, and one runs SQLite's statements."""
    totals = {"event_loop": 0.0, "writing": 0.0, "others": 0.0}
    counted: list[Path] = []
    for path in profiles:
        said = path.read_text("utf-8", "replace")
        if found := _TOTAL.search(said):
            whose = "event_loop" if path.suffix.endswith("-01") else "writing" if "executemany" in said else "others"
            totals[whose] += int(found[1]) / webhooks
            counted.append(path)
    return Counted(program=program, webhooks=webhooks, profiles=tuple(counted), **totals)


def lines(counted: Sequence[Counted]) -> Iterator[str]:
    """Say it for people."""
    yield f"instructions for each webhook, of {counted[0].webhooks} at {_CONNECTIONS} connections"
    yield f"{'':8} {'event loop':>12} {'writing thread':>15} {'other threads':>14} {'all':>11}"
    for each in counted:
        parts = (each.event_loop, each.writing, each.others)
        yield f"{each.program:8} {parts[0]:12,.0f} {parts[1]:15,.0f} {parts[2]:14,.0f} {sum(parts):11,.0f}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run, and print what was counted."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.counting", description=__doc__)
    parser.add_argument("--webhooks", type=int, default=1_200, help="that are counted")
    parser.add_argument(
        "--only", nargs="+", metavar="PROGRAM", choices=PROGRAMS, default=PROGRAMS, help=", ".join(PROGRAMS)
    )
    parser.add_argument("--known", type=int, default=1_000_000, help="deliveries that are known before")
    parser.add_argument("--keep", metavar="FOLDER", type=Path, help="where the profiles stay, for callgrind_annotate")
    given = parser.parse_args(arguments)
    if shutil.which("valgrind") is None:
        parser.exit(2, "valgrind is not installed: on Debian, apt-get install valgrind\n")
    counted = []
    for program in given.only:
        with tempfile.TemporaryDirectory(prefix="carrier-relay-bench-") as folder:
            counted.append(count(Path(folder), webhooks=given.webhooks, known=given.known, program=program))
            if given.keep:
                (given.keep / program).mkdir(parents=True, exist_ok=True)
                for profile in counted[-1].profiles:
                    shutil.copy(profile, given.keep / program)
    print("\n".join(lines(counted)))  # noqa: T201 - the result


if __name__ == "__main__":
    main()
