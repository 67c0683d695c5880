"""Backfill a whole shop and kill the relay in the middle: ``make bench-orders`` measures what it takes.

A bundled VTEX in a process of its own holds the orders, a relay in another one looks for them, and is killed with
``kill -9`` when some shares of them were read. In the end every tracking number must lead to exactly the packages that
hold it, no call may have gone beyond the account's budget, nothing may have been read again that was not in flight when
the relay was killed, and memory must not have grown with the orders. Whatever is started is ended.
"""

import argparse
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any, Final

import httpx

from tests.bench.order_calls import Calls
from tests.e2e.relay import Relay, free_port
from tests.imports.measuring import resident

__all__ = ["MOST_GROWTH", "Life", "Plan", "Report", "run"]

MOST_GROWTH: Final = 16 * 1024 * 1024
"""How much more memory a process may hold at any time than in the first quarter of its work."""
KILLS: Final = (0.2, 0.4)
SECONDS: Final = 7200.0
CONCURRENCY: Final = 8
_MEBIBYTE: Final = 1024 * 1024
_PAGE: Final = 1_000
_POLL_SECONDS: Final = 0.1
_JOURNAL_SECONDS: Final = 5.0
_SLICE_PAGES: Final = 30
_COMMAND: Final = str(Path(sys.executable).with_name("carrier-relay"))
_ACCOUNT: Final = """
[accounts.demo]
app_key = "vtexappkey-demo-EXAMPLE"
app_token = "an-invented-app-token"
base_url = "{url}"
rate_per_second = {rate}
concurrency = {concurrency}
sweep_minutes = 0
# What a killed process was reading is read again when its lease ends: twice this, and what VTEX may be late.
request_timeout_seconds = 10
read_lag_seconds = 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to measure: how many orders, at which of their shares the relay is killed, and what the account allows."""

    orders: int
    rate: int
    kills: tuple[float, ...] = KILLS
    most_seconds: float = SECONDS


@dataclass(slots=True)
class Life:
    """One process of the relay: which share of the orders was read when, and how much memory it held then."""

    memory: list[tuple[float, int]] = field(default_factory=list)

    @property
    def growth(self) -> int:
        """Return by how much memory grew after the first quarter of what it read."""
        first, last = self.memory[0][0], self.memory[-1][0]
        early = max(size for share, size in self.memory if share <= first + (last - first) / 4)
        return max(size for _, size in self.memory) - early


@dataclass(slots=True, kw_only=True)
class Report:
    """What was measured."""

    plan: Plan
    shop: int = 0
    listed: int = 0
    seconds: float = 0.0
    lives: list[Life] = field(default_factory=list)
    calls: Calls = field(default_factory=Calls)
    entries: int = 0
    deviations: list[str] = field(default_factory=list)

    @property
    def kills(self) -> int:
        """Return how often the relay was killed."""
        return len(self.lives) - 1

    @property
    def growth(self) -> int:
        """Return by how much the memory of a process grew at most."""
        return max(life.growth for life in self.lives)

    def faults(self) -> Iterator[str]:
        """Name what is not as promised."""
        yield from self.deviations[:20]
        if self.kills < len(self.plan.kills):
            yield f"killed {self.kills} times instead of {len(self.plan.kills)}"
        if self.growth > MOST_GROWTH:
            yield f"memory grew by {self.growth // _MEBIBYTE} MiB"
        yield from self.calls.beyond(self.plan.rate, CONCURRENCY)
        if (again := self.calls.pages_again) > self.kills * _SLICE_PAGES:
            yield f"{again} pages were listed again, and {self.kills} kills explain {self.kills * _SLICE_PAGES}"
        if (again := self.calls.orders_again) > self.kills * CONCURRENCY:
            yield f"{again} orders were read again, and {self.kills} kills explain {self.kills * CONCURRENCY}"
        yield from (f"{count} calls were answered {status}" for status, count in self.calls.refused.items())

    def lines(self) -> Iterator[str]:
        """Write it for people."""
        calls = self.calls
        yield f"orders       {self.listed} of a shop of {self.shop} in {self.seconds:.0f} s: {self.speed:.1f} a second"
        yield f"numbers      {self.entries} entries of the index, {len(self.deviations)} of them wrong"
        memory = [point for life in self.lives for point in life.memory]
        for share in (0.0, 0.25, 0.5, 0.75, 1.0):
            size = next((size for at, size in memory if at >= share), memory[-1][1])
            yield f"memory       {size / _MEBIBYTE:.0f} MiB at {share:.0%}"
        yield f"growth       {self.growth / _MEBIBYTE:.1f} MiB at most after the first quarter of a process"
        yield f"kills        {self.kills}, at {', '.join(f'{life.memory[-1][0]:.0%}' for life in self.lives[:-1])}"
        yield f"GETs         {calls.reads} orders, {calls.orders_again} of them again; {calls.late} for missing numbers"
        yield f"             {calls.pages} pages of lists, {calls.pages_again} of them again"
        yield f"budget       {self.plan.rate} a second; {calls.busiest(10) / 10:.1f} in the busiest ten"
        faults = list(self.faults())
        yield from (f"             {fault}" for fault in faults)
        yield "NOT as promised" if faults else "as promised"

    @property
    def speed(self) -> float:
        """Return how many orders were indexed per second, the time for dying and starting included."""
        return self.listed / self.seconds


def run(plan: Plan, folder: Path) -> Report:
    """Start everything, measure, and end everything."""
    report = Report(plan=plan, shop=plan.orders)
    with _sandbox(plan.orders) as url, httpx.Client(base_url=f"{url}/sandbox/api", timeout=120) as sandbox:
        settings = _ACCOUNT.format(url=url, rate=plan.rate, concurrency=CONCURRENCY)
        relay = Relay(folder, settings)
        try:
            _backfill(relay, sandbox, report)
            assert relay.stop() == 0
        finally:
            relay.close()
        wanted, unnumbered = _wanted(sandbox)
        report.calls.judge(unnumbered)
        held = _held(folder / "data" / "relay.db")
        report.entries = len(wanted)
        report.deviations = [f"not indexed: {' '.join(each)}" for each in sorted(wanted - held)]
        report.deviations += [f"indexed, and not so: {' '.join(each)}" for each in sorted(held - wanted)]
    return report


def _backfill(relay: Relay, sandbox: httpx.Client, report: Report) -> None:
    plan, pause = report.plan, Event()
    relay.start()
    relay.until_ready()
    now = datetime.now(UTC)
    # The list is minutes late: what was invoiced since would have to be looked for again, a quarter of an hour later.
    span = {"since": (now - timedelta(days=700)).isoformat(), "until": (now - timedelta(hours=1)).isoformat()}
    started, read_at = time.monotonic(), float("-inf")
    asked = relay.tell("backfills", {"account": "demo", **span})
    report.lives.append(Life())
    left = list(plan.kills)
    while True:
        shown = relay.ask(f"backfills/{asked['id']}")
        done, expected = int(shown["told"]) - int(shown["unread"]), shown["expected"]
        share = max(0, done) / expected if expected else 0.0
        report.lives[-1].memory.append((share, resident(relay.running.pid)))
        if shown["state"] == "done" and not shown["unread"]:
            break
        if left and share >= left[0]:
            left.pop(0)
            relay.kill()
            relay.start()
            relay.until_ready()
            # Whoever asks first has the ordinary routes made, which is no growth.
            relay.ask(f"backfills/{asked['id']}")
            report.lives.append(Life(memory=[(share, resident(relay.running.pid))]))
        if time.monotonic() - read_at > _JOURNAL_SECONDS:
            report.calls.read(sandbox)
            read_at = time.monotonic()
        assert time.monotonic() - started < plan.most_seconds, f"not done: {shown}; see {relay.log}"
        pause.wait(_POLL_SECONDS)
    report.calls.read(sandbox)
    report.seconds, report.listed = time.monotonic() - started, int(shown["expected"])


Entry = tuple[str, str, str]


def _wanted(sandbox: httpx.Client) -> tuple[set[Entry], set[str]]:
    """Read from the shop which order and package each number is of, and which orders lack one."""
    wanted: set[Entry] = set()
    unnumbered: set[str] = set()
    for offset in range(0, sys.maxsize, _PAGE):
        items = sandbox.get("/orders", params={"offset": offset, "limit": _PAGE}).json()["items"]
        for item in items:
            attached: list[dict[str, Any]] = (item["document"]["packageAttachment"] or {})["packages"]
            for package in attached:
                numbers = [number for number in (package["trackingNumber"] or "").split(",") if number]
                wanted |= {(item["order_id"], str(package["invoiceNumber"]), number) for number in numbers}
                if not numbers and package["type"] == "Output":
                    unnumbered.add(item["order_id"])
        if len(items) < _PAGE:
            return wanted, unnumbered
    raise AssertionError("a shop has an end")


def _held(file: Path) -> set[Entry]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        found = connection.execute(
            "SELECT order_id, invoice_number, number FROM numbers JOIN shipments ON shipments.id = shipment_id"
        )
        return {(order, invoice, number) for order, invoice, number in found}


@contextmanager
def _sandbox(orders: int) -> Iterator[str]:
    """Run ``carrier-relay sandbox`` with a shop, until whoever wanted it is done."""
    port = free_port()
    command = [_COMMAND, "sandbox", "--port", str(port), "--shop", str(orders)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert any(line.startswith("Ready.") for line in process.stdout), "the sandbox did not start"
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print what was measured, and return 1 when it is not as promised."""
    parser = argparse.ArgumentParser(prog="make bench-orders", description=__doc__)
    parser.add_argument("--orders", type=int, default=100_000, help="how many orders the shop has")
    parser.add_argument("--rate", type=int, default=500, help="rate_per_second of the account")
    parser.add_argument(
        "--kills", type=float, nargs="*", default=KILLS, metavar="SHARE", help="when it is killed: 0.2 0.4 unless given"
    )
    parser.add_argument("--seconds", type=float, default=SECONDS, help="give up after so long")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write every number there")
    given = parser.parse_args(arguments)
    plan = Plan(orders=given.orders, rate=given.rate, kills=tuple(given.kills), most_seconds=given.seconds)
    with tempfile.TemporaryDirectory(prefix="carrier-relay-orders-") as folder:
        report = run(plan, Path(folder))
    sys.stdout.write("\n".join(report.lines()) + "\n")
    if given.json:
        lives = [asdict(life) for life in report.lives]
        told = {"plan": asdict(plan), "seconds": report.seconds, "lives": lives, "faults": list(report.faults())}
        given.json.write_text(json.dumps(told, indent=2) + "\n", "utf-8")
    return 1 if list(report.faults()) else 0


if __name__ == "__main__":
    sys.exit(main())
