"""Run the soak from a shell: ``python -m tests.soak --help``."""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final, NoReturn

from tests.namespaces import mounting
from tests.soak.report import DESCRIPTORS_MOST, WAL_MOST, Plan, Report
from tests.soak.run import run
from tests.soak.samples import longest_life
from tests.soak.trend import Trend

_MIB: Final = 1024 * 1024
_MOUNTS: Final = "--mounts"
_FINDINGS_SHOWN: Final = 20
_STOPPED: Final = 143


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak, print the table, and return 1 when anything is wrong."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    options = _parser().parse_args(given)
    if not options.mounts and (command := mounting()) is not None:
        # This process anew, where it can mount a disk that nobody else sees.
        os.execvp(command[0], [*command, sys.executable, "-m", "tests.soak", _MOUNTS, *given])  # noqa: S606
    signal.signal(signal.SIGTERM, _leave)
    seed = random.randrange(1, 1_000_000) if options.seed is None else options.seed  # noqa: S311 - no secret
    with _folder(options.keep) as folder:
        _say(f"seed {seed}, {options.minutes:g} minutes; logs in {folder}")
        plan = Plan(minutes=options.minutes, seed=seed, mounts=options.mounts, rate=options.rate)
        report = run(plan, folder, _say)
    print("\n".join(_table(report)))  # noqa: T201 - the result
    for finding in report.wrong[:_FINDINGS_SHOWN]:
        _say(f"  {finding}")
    if options.json:
        options.json.write_text(json.dumps(report.document(), indent=2) + "\n", "utf-8")
    return 1 if report.wrong else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="how long new webhooks are posted")
    parser.add_argument("--rate", type=float, default=40.0, help="webhooks a second while a round is posted")
    parser.add_argument("--seed", type=int, help="repeat the parcels and faults of an earlier run")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there, every sample included")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where logs stay; a temporary folder otherwise")
    parser.add_argument(_MOUNTS, action="store_true", help=argparse.SUPPRESS)
    return parser


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    """Give a folder, which is removed at the end unless somebody wants it."""
    if kept is not None:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.absolute()
        return
    folder = Path(tempfile.mkdtemp(prefix="carrier-relay-soak-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _leave(_signal: int, _frame: object) -> NoReturn:
    """End what was started before ending."""
    sys.exit(_STOPPED)


def _table(report: Report) -> Iterable[str]:
    rows = list(_rows(report))
    width = max(len(name) for name, _ in rows)
    return [f"{name.ljust(width)}  {value}" for name, value in rows]


def _rows(report: Report) -> Iterator[tuple[str, object]]:
    verdict = report.verdict
    life = longest_life(report.samples)
    yield "seconds", f"{report.seconds:g}"
    yield "rounds", report.rounds
    yield "webhooks posted, answered 2xx", f"{report.posted}, {report.answered}"
    yield "questions asked again", report.slow
    yield from sorted(report.done.items())
    for reason in report.left_out:
        yield "LEFT OUT", reason
    yield "rows expected, on the timelines", f"{verdict.expected}, {verdict.on_timeline}"
    yield "missing, doubled, strange", f"{verdict.missing}, {verdict.doubled}, {verdict.strange}"
    yield "overlapping, out of order", f"{verdict.overlapping}, {verdict.out_of_order}"
    yield "delivered wrongly, taken back", f"{verdict.wrongly_delivered}, {verdict.undelivered}"
    yield "violations of VTEX's schema", verdict.violations
    if life:
        yield "memory, median and most", f"{_mib(median(each.rss for each in life))}, {_mib(max(e.rss for e in life))}"
        yield "database, most and last", f"{_mib(max(each.database for each in life))}, {_mib(life[-1].database)}"
        yield "threads, most", max(each.threads for each in life)
    yield "write-ahead log, most", f"{_mib(report.wal_most)} of {_mib(WAL_MOST)}"
    yield "descriptors, most", f"{report.descriptors_most} of {DESCRIPTORS_MOST}"
    yield "trend of memory", _trend(report.memory, report)
    yield "verdict", "WRONG" if report.wrong else "right"


def _trend(memory: Trend | None, report: Report) -> str:
    if memory is None:
        return "too few samples to say"
    low, slope, high = (f"{each * 3600 / _MIB:+.2f}" for each in (memory.low, memory.slope, memory.high))
    judged = "grows" if memory.grows else "not distinguishable from zero" if memory.high >= 0 else "falls"
    if not report.memory_is_judged:
        judged = "too short to judge"
    return f"{slope} MiB/h, 95 % between {low} and {high}, over {report.watched_seconds:g} s: {judged}"


def _mib(size: float) -> str:
    return f"{size / _MIB:.1f} MiB"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - progress, apart from the result


if __name__ == "__main__":
    sys.exit(main())
