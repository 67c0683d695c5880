"""Run the storm from a shell: ``python -m tests.chaos --help``."""

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, get_args

from tests.chaos.run import Disaster, Plan, Report, run

_MODES: Final = ("append", "replace", "merge")
_COLUMNS: Final = (
    "mode",
    "kills",
    "posted",
    "answered",
    "refused",
    "rows expected",
    "on the timeline",
    "missing",
    "doubled",
    "strange",
    "out of order",
    "overlapping",
    "delivered wrong",
    "seconds",
)
_FINDINGS_SHOWN: Final = 20


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for, print the table, and return 1 when anything is wrong."""
    options = _parser().parse_args(arguments)
    seed = random.randrange(1, 1_000_000) if options.seed is None else options.seed  # noqa: S311 - no secret
    folder = Path(options.keep or tempfile.mkdtemp(prefix="carrier-relay-chaos-"))
    kills = options.kills if options.disaster == "kills" else 0
    _say(f"seed {seed}, {options.webhooks} webhooks and {kills} kills a mode; logs in {folder}")
    reports: list[Report] = []
    for mode in options.modes.split(","):
        plan = Plan(
            mode=mode,
            seed=seed,
            webhooks=options.webhooks,
            kills=kills,
            history=options.history,
            replicas=options.replicas,
            disaster=options.disaster,
            seconds=options.seconds,
        )
        report = run(plan, folder / mode)
        reports.append(report)
        _say(f"{mode}: {'right' if report.is_right else 'WRONG'} after {report.seconds:g} s")
        for finding in [*report.verdict.faults, *report.verdict.findings][:_FINDINGS_SHOWN]:
            _say(f"  {finding}")
    if options.json:
        print(json.dumps([report.document() for report in reports], indent=2))  # noqa: T201 - what --json is for
    else:
        print("\n".join(_table(reports)))  # noqa: T201 - the result
    return 0 if all(report.is_right for report in reports) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--modes", default=",".join(_MODES), type=_modes, help="what a PUT does, parted by commas")
    parser.add_argument("--kills", type=int, default=20, help="how often the relay is killed in each mode")
    parser.add_argument("--webhooks", type=int, default=2000, help="how many are posted in each mode")
    parser.add_argument(
        "--replicas", type=int, default=1, help="how many relays; more than one share a PostgreSQL that crashes, too"
    )
    parser.add_argument(
        "--disaster",
        choices=get_args(Disaster),
        default="kills",
        help="kill relays; have their PostgreSQL gone for a while; or lose it, and promote a standby",
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="for how long there is no database")
    parser.add_argument("--history", choices=("auto", "pinned"), default="auto", help="learn the mode, or be told")
    parser.add_argument("--seed", type=int, help="repeat the parcels, faults and kills of an earlier run")
    parser.add_argument("--json", action="store_true", help="print the reports with every finding")
    parser.add_argument("--keep", metavar="FOLDER", help="where databases and logs go; a temporary folder otherwise")
    return parser


def _modes(text: str) -> str:
    unknown = [mode for mode in text.split(",") if mode not in _MODES]
    if unknown:
        raise argparse.ArgumentTypeError(f"no such mode: {', '.join(unknown)}; there are {', '.join(_MODES)}")
    return text


def _table(reports: Iterable[Report]) -> list[str]:
    rows = [_COLUMNS, *(_cells(report) for report in reports)]
    widths = [max(len(row[index]) for row in rows) for index in range(len(_COLUMNS))]
    return [
        "  ".join(cell.ljust(width) if index == 0 else cell.rjust(width) for index, (cell, width) in enumerate(pairs))
        for pairs in (tuple(zip(row, widths, strict=True)) for row in rows)
    ]


def _cells(report: Report) -> tuple[str, ...]:
    verdict = report.verdict
    numbers = (
        report.kills,
        report.posted,
        report.answered,
        report.refused,
        verdict.expected,
        verdict.on_timeline,
        verdict.missing,
        verdict.doubled,
        verdict.strange + verdict.violations,
        verdict.out_of_order,
        verdict.overlapping,
        verdict.wrongly_delivered + verdict.undelivered,
    )
    return (report.mode, *map(str, numbers), f"{report.seconds:.1f}")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - progress, apart from the result


if __name__ == "__main__":
    sys.exit(main())
