"""How much more do two replicas bring to VTEX than one? ``make bench-replicas`` measures it.

Webhooks of one account are taken in, mapped and placed while the account is stopped; of that database each measurement
gets a copy. Then one process that forwards, or two, bring it all to a VTEX that takes its time for each call, and what
holds a process back is how many calls it makes at a time (`forward_slots`). In each round both are measured, in
alternating order. Everything is on loopback, and whatever is started here is ended here.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event
from typing import Any, Final

import httpx

from tests.bench.databases import processor_of
from tests.bench.isolation import concluded
from tests.bench.targets.machine import Watch
from tests.e2e.parcels import SECRET, Parcel, parcels
from tests.e2e.relay import Relay
from tests.postgresql.server import Server, running

__all__ = ["Measured", "Options", "Round", "document", "run", "verdict", "vtex_of"]

PROMISED: Final = 1.6
_WORK: Final = "work"
_PATIENCE: Final = 300.0
_POLL_SECONDS: Final = 0.1
_CHECKOUT: Final = Path(__file__).parents[2]
_ACCOUNT: Final = """
[accounts.demo]
app_key = "vtexappkey-demo-EXAMPLE"
app_token = "an-invented-app-token"
base_url = "{url}"
# One PUT for each shipment, and no reads.
history = "delta"
first_read = false
# What holds a process back is its own number of calls, and not what the account allows.
rate_per_second = 5000
concurrency = 64
[accounts.demo.carriers.easypost]
secrets = ["{secret}"]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What a run is made of; ``slots`` is how many calls a process makes at a time."""

    rounds: int = 5
    parcels: int = 600
    slots: int = 2
    latency_seconds: float = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """How fast some replicas were, and what that was taken under."""

    puts: int
    seconds: float
    others_cores: float

    @property
    def per_second(self) -> float:
        return self.puts / self.seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """The two measurements that are compared."""

    one: Measured
    two: Measured

    @property
    def ratio(self) -> float:
        return self.two.per_second / self.one.per_second


class Bench:
    """A server with the work on it, and whoever does it."""

    def __init__(self, options: Options, folder: Path, server: Server) -> None:
        self._options, self._folder, self._server = options, folder, server
        self._sent = parcels(options.parcels)
        self._made = 0

    def prepare(self) -> None:
        """Take all webhooks in, map and place them; nothing of it is sent."""
        self._server.execute(f"CREATE DATABASE {_WORK}")
        with self._relay("all", "http://127.0.0.1:9", _WORK) as relay:
            relay.until_ready()
            relay.tell("accounts/demo/pause", {"reason": "until it is measured"})
            relay.register(*self._sent)
            for parcel in self._sent:
                relay.accept(parcel.webhook(1))
            self._until(lambda: relay.ask("accounts")["items"][0]["due"] == len(self._sent))
            assert 0 == relay.stop()

    def round(self, number: int) -> Round:
        """Measure both; which is first alternates."""
        order = (1, 2) if number % 2 else (2, 1)
        measured = {replicas: self._measure(replicas) for replicas in order}
        return Round(one=measured[1], two=measured[2])

    def _measure(self, replicas: int) -> Measured:
        self._made += 1
        database = f"relay_{self._made}"
        self._server.execute(f"CREATE DATABASE {database} TEMPLATE {_WORK}")
        # What was copied is on disk before anything is timed.
        self._server.execute("CHECKPOINT")
        with vtex_of(self._options.latency_seconds, self._sent) as (vtex, client), ExitStack() as stack:
            url = str(client.base_url).rstrip("/")
            ops = stack.enter_context(self._relay("ops", url, database))
            forwarding = [stack.enter_context(self._relay("forward", url, database)) for _ in range(replicas)]
            for relay in (ops, *forwarding):
                relay.until_ready()
            pids = [vtex.pid, *(relay.running.pid for relay in (ops, *forwarding))]
            watch = Watch(pids, also=lambda: processor_of(self._server))
            ops.tell("accounts/demo/resume", {"reason": "it is measured"})
            self._until(lambda: client.get("/control/call-count").json() >= len(self._sent))
            others = watch.others_cores()
            ops.until_idle(seconds=_PATIENCE)
            calls = [call for call in client.get("/control/calls").json() if call["method"] == "PUT"]
            assert [] == client.get("/control/violations").json() == client.get("/control/overlaps").json()
            assert [0] * (replicas + 1) == [relay.stop() for relay in (ops, *forwarding)]
        missing = {parcel.order for parcel in self._sent} - {call["order"] for call in calls}
        assert not missing, f"{len(missing)} orders had no PUT"
        self._server.execute(f"DROP DATABASE {database} WITH (FORCE)")
        seconds = max(call["ended"] for call in calls) - min(call["started"] for call in calls)
        return Measured(puts=len(calls), seconds=seconds, others_cores=others)

    @contextmanager
    def _relay(self, role: str, vtex_url: str, database: str) -> Iterator[Relay]:
        account = _ACCOUNT.format(url=vtex_url, secret=SECRET)
        settings = f'database_url = "{self._server.url(database)}"\nforward_slots = {self._options.slots}'
        folder = Path(tempfile.mkdtemp(prefix=f"{role}-", dir=self._folder))
        relay = Relay(folder, account, settings=settings, arguments=("--role", role))
        relay.start()
        try:
            yield relay
        finally:
            relay.close()

    def _until(self, condition: Any) -> None:
        deadline, pause = time.monotonic() + _PATIENCE, Event()
        while not condition():
            assert time.monotonic() < deadline, f"not done within {_PATIENCE:g} s"
            pause.wait(_POLL_SECONDS)


def run(options: Options, folder: Path) -> Iterator[Round]:
    """Start everything, yield the rounds as they are measured, and end everything."""
    with running() as server:
        bench = Bench(options, folder, server)
        bench.prepare()
        for number in range(1, options.rounds + 1):
            yield bench.round(number)


@contextmanager
def vtex_of(latency_seconds: float, sent: Sequence[Parcel]) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    """Run a VTEX that has the parcels' orders and takes its time; give its process, and who tells of its calls."""
    command = [sys.executable, "-m", "tests.emulator", "--port", "0", "--mode", "append"]
    command += ["--latency-seconds", str(latency_seconds)]
    with subprocess.Popen(command, cwd=_CHECKOUT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as vtex:
        try:
            assert vtex.stdout
            url = vtex.stdout.readline().decode().split()[-1]
            with httpx.Client(base_url=url, timeout=60) as client:
                invoices = [(parcel.order, [{"invoiceNumber": parcel.invoice}]) for parcel in sent]
                orders = [{"order": order, "invoices": each} for order, each in invoices]
                client.post("/control/many-orders", json=orders).raise_for_status()
                yield vtex, client
        finally:
            vtex.kill()


def verdict(rounds: Sequence[Round], *, force: bool = False) -> tuple[int, str]:
    """Say whether the promise held: exit status 0 or 1, and 2 when other processes forbid a conclusion."""
    ratio = statistics.median(one.ratio for one in rounds)
    others = max(measured.others_cores for one in rounds for measured in (one.one, one.two))
    return concluded(ratio, PROMISED, held=ratio >= PROMISED, others=others, force=force)


def document(options: Options, rounds: Sequence[Round], said: str) -> dict[str, Any]:
    """Write a run down for machines."""
    measured = [
        {
            "one": {**asdict(each.one), "per_second": each.one.per_second},
            "two": {**asdict(each.two), "per_second": each.two.per_second},
            "ratio": each.ratio,
        }
        for each in rounds
    ]
    ratio = statistics.median(each.ratio for each in rounds)
    return {"options": asdict(options), "rounds": measured, "ratio": ratio, "verdict": said}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print a line a round and the verdict, and return its exit status."""
    usual = Options()
    parser = argparse.ArgumentParser(prog="python -m tests.bench.replicas", description=__doc__)
    parser.add_argument("--rounds", type=int, default=usual.rounds, help="how often both are measured")
    parser.add_argument("--parcels", type=int, default=usual.parcels, help="how many PUTs each measurement makes")
    parser.add_argument("--slots", type=int, default=usual.slots, help="how many of them a process makes at a time")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write every number there")
    parser.add_argument("--force", action="store_true", help="conclude although the machine was shared")
    given = parser.parse_args(arguments)
    options = Options(rounds=given.rounds, parcels=given.parcels, slots=given.slots)
    rounds: list[Round] = []
    print("round   one: PUTs/s   two: PUTs/s   ratio   others' cores", flush=True)  # noqa: T201
    with tempfile.TemporaryDirectory(prefix="carrier-relay-bench-") as folder:
        for one in run(options, Path(folder)):
            rounds.append(one)
            others = max(one.one.others_cores, one.two.others_cores)
            numbers = f"{one.one.per_second:14.1f}{one.two.per_second:14.1f}{one.ratio:8.2f}{others:16.2f}"
            print(f"{len(rounds):5}{numbers}", flush=True)  # noqa: T201 - the result
    status, said = verdict(rounds, force=given.force)
    print(said)  # noqa: T201 - the result
    if given.json:
        given.json.write_text(json.dumps(document(options, rounds, said), indent=2) + "\n", "utf-8")
    return status


if __name__ == "__main__":
    sys.exit(main())
