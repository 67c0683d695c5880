"""Measure the targets: ``make bench``.

Exit status 0 when all that was measured is met, 1 when something is not, 2 when other programs used more than 0.4
cores, so that nothing can be concluded.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Final, Protocol

from tests.bench.targets.aims import AIMS, NAMES, Sample, judged, table
from tests.bench.targets.backlog import Backlog
from tests.bench.targets.calling import Calling
from tests.bench.targets.forwarding import Coalescing, Latency, Through
from tests.bench.targets.ingesting import Ingesting
from tests.bench.targets.machine import LOAD_CORE
from tests.bench.targets.replaying import Replaying
from tests.bench.targets.sharing import Sharing, server_on_every_core
from tests.bench.targets.stage import SMALL, Scale, Stage
from tests.bench.targets.starting import Starting

__all__ = ["ON_POSTGRESQL", "SCENARIOS", "main", "run"]

MOST_OTHERS: Final = 0.4
_RESULT: Final = Path(".bench/latest.json")


class Scenario(Protocol):
    """Something that is measured again and again."""

    def round(self, number: int) -> Sample:
        """Measure once, yardstick and relay."""


SCENARIOS: Final[dict[str, tuple[Callable[[Stage], Scenario], frozenset[str]]]] = {
    "ingesting": (Ingesting, frozenset({"1", "2", "3", "4", "5", "5b"})),
    "through": (Through, frozenset({"6"})),
    "calling": (Calling, frozenset({"7"})),
    "coalescing": (Coalescing, frozenset({"8"})),
    "latency": (Latency, frozenset({"9", "9b"})),
    "backlog": (Backlog, frozenset({"10", "10b"})),
    "sharing": (Sharing, frozenset({"11"})),
    "starting": (Starting, frozenset({"12", "12b"})),
    "replaying": (Replaying, frozenset({"13"})),
}


ON_POSTGRESQL: Final[dict[str, frozenset[str]]] = {
    "ingesting": frozenset({"1", "2"}),
    "through": frozenset({"6"}),
    "latency": frozenset({"9", "9b"}),
    "backlog": frozenset({"10", "10b"}),
}
"""What is measured there, and which targets that says something of; target 11 is the first of them."""


def run(stage: Stage, *, rounds: int, only: Sequence[str], say: Callable[[str], None]) -> list[Sample]:
    """Measure every scenario once, then again, so that whatever the machine does meanwhile meets all of them."""
    measured = {name: aims for name, (_, aims) in SCENARIOS.items()} if stage.server is None else ON_POSTGRESQL
    chosen = {
        name: SCENARIOS[name][0]
        for name, aims in measured.items()
        if not only or name in only or not aims.isdisjoint(only)
    }
    with ExitStack() as stack:
        scenarios = {name: make(stage) for name, make in chosen.items()}
        for scenario in scenarios.values():
            if isinstance(scenario, AbstractContextManager):
                stack.enter_context(scenario)
        return _rounds(scenarios, rounds, say)


def _rounds(scenarios: Mapping[str, Scenario], rounds: int, say: Callable[[str], None]) -> list[Sample]:
    samples: list[Sample] = []
    for number in range(1, rounds + 1):
        for name, scenario in scenarios.items():
            began = time.monotonic()
            sample = scenario.round(number)
            samples.append(sample)
            if isinstance(scenario, Through) and (latency := scenarios.get("latency")) is not None:
                assert isinstance(latency, Latency)
                latency.capacity = sample.facts["through, webhooks/s"]
            values = " ".join(f"{id_}={value:.3g}" for id_, value in sample.values.items())
            took = time.monotonic() - began
            say(f"round {number} {name:11} {took:5.1f} s  others {sample.others_cores:.2f} cores  {values}")
    return samples


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the result


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print the table, and keep it."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.targets", description=__doc__)
    choices = sorted({*SCENARIOS, *(aim.id for aim in AIMS)})
    parser.add_argument("--only", nargs="+", default=[], metavar="TARGET", choices=choices, help=", ".join(choices))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--engine",
        choices=tuple(NAMES),
        default="sqlite",
        help=f"of the databases; on PostgreSQL {', '.join(sorted(set().union(*ON_POSTGRESQL.values())))} are measured",
    )
    parser.add_argument(
        "--small", action="store_true", help="the smallest run that does everything; says nothing of time"
    )
    parser.add_argument("--force", action="store_true", help="report although other programs used the machine")
    parser.add_argument("--no-verdict", action="store_true", help="end with 0 whatever was measured")
    given = parser.parse_args(arguments)
    there = {name for name, aims in ON_POSTGRESQL.items() for name in (name, *aims)}
    if given.engine == "postgresql" and (elsewhere := sorted(set(given.only) - there)):
        parser.error(f"{', '.join(elsewhere)}: not measured on PostgreSQL; leave out --engine")
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {LOAD_CORE})
    _RESULT.parent.mkdir(exist_ok=True)
    with ExitStack() as stack:
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="carrier-relay-bench-", dir=Path(".bench").absolute())
        )
        server = stack.enter_context(server_on_every_core()) if given.engine == "postgresql" else None
        stage = Stage(folder=Path(folder), scale=SMALL if given.small else Scale(), server=server)
        samples = run(stage, rounds=given.rounds, only=given.only, say=_say)
    os.sched_setaffinity(0, cores)
    most = max(sample.others_cores for sample in samples)
    if most > MOST_OTHERS and not given.force:
        _say(f"other programs used up to {most:.2f} cores: nothing is concluded; end them, or say --force")
        return 2
    verdicts = judged(samples)
    for line in ("", *table(verdicts, samples, given.engine)):
        _say(line)
    _RESULT.write_text(json.dumps([each.document(given.engine) for each in verdicts], indent=2) + "\n", "utf-8")
    return 0 if given.no_verdict or all(each.is_met for each in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
