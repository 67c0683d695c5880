"""A day of a billion webhooks, simulated: ``make simulate``.

Accounts of unequal size, carriers that post in bursts, VTEX's limits for each account, a shard that is lost for ten
minutes in the busiest hour, and VTEX down for an hour for one account of a hundred. What a webhook and a call cost is
what `make bench-cost` measured. The same seed makes the same day. With ``--against-relay`` a small one is simulated
and run on a real relay, side by side.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from tests.simulation.costs import COSTS
from tests.simulation.held import Small, held_against, told
from tests.simulation.parts import Limits
from tests.simulation.plan import Day, Troubles, planned, simulate
from tests.simulation.report import compared, hourly, largest, needs
from tests.simulation.world import Traffic

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Simulate, and print what the day was like."""
    usual, limits = Traffic(), Limits()
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--engine", choices=sorted(COSTS), default="postgresql")
    parser.add_argument("--events", type=int, default=usual.events, help="webhooks of the day")
    parser.add_argument("--accounts", type=int, default=usual.accounts, help="among which they are divided")
    parser.add_argument("--rate", type=float, default=limits.rate, help="calls a second that VTEX allows an account")
    parser.add_argument(
        "--debounce", type=float, nargs="+", default=[0.0, 300.0], help="seconds; a day is simulated with each"
    )
    parser.add_argument("--server-cores", type=int, default=16, help="of one PostgreSQL server")
    parser.add_argument(
        "--busy", type=float, default=0.6, help="share of the processors that the busiest hour may take"
    )
    parser.add_argument("--no-troubles", action="store_true", help="nothing is lost, and no VTEX is down")
    parser.add_argument("--most", type=int, default=2_000, help="webhooks of an account that are simulated one by one")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--against-relay", action="store_true", help="hold a small run against a real relay instead")
    given = parser.parse_args(arguments)
    if given.against_relay:
        return _against_relay(given.seed, given.engine)
    traffic = replace(usual, events=given.events, accounts=given.accounts)
    plan = planned(given.engine, traffic, server_cores=given.server_cores, busy=given.busy)
    troubles = None if given.no_troubles else Troubles()
    days: list[Day] = []
    for debounce in given.debounce:
        how = replace(limits, rate=given.rate, debounce=debounce)
        day = simulate(plan, traffic, how, troubles=troubles, most_simulated=given.most, seed=given.seed)
        if not days:
            _say(*needs(day), "", *hourly(day), "", *largest(day), "")
        days.append(day)
    _say(*compared(days))
    return 0


def _against_relay(seed: int, engine: str) -> int:
    with tempfile.TemporaryDirectory(prefix="carrier-relay-simulated-") as folder:
        _say(*told(held_against(Small(engine=engine), Path(folder), seed=seed)))
    return 0


def _say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
