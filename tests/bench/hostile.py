"""Does a carrier wait when everybody else attacks? ``make bench-hostile`` measures it.

In each round a carrier's signed webhooks are timed twice, in alternating order: alone, and while strangers from many
addresses send everything that is wrong as fast as the relay answers. A time is from just before a webhook is written to
when its answer is complete. Everything is on loopback, and whatever is started here is ended here.

The relay has a core to itself. The carrier shares the other with the attack, which gives way to it; how late the
carrier itself was to send is printed, since that part of a time would not be the relay's.
"""

import argparse
import asyncio
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench.attack import JSON, PATH, request
from tests.bench.targets.machine import LOAD_CORE, RELAY_CORE, pinned
from tests.e2e.parcels import SECRET, signature
from tests.e2e.relay import Relay

PROMISED: Final = 3.0
MEMORY_MIB: Final = 96
"""How much more memory the relay may hold at the end than after its first round."""
_RATE: Final = 25.0
_LEAST: Final = 200
_FIRST: Final = 500
"""Hostile requests before the first round."""
_ACCOUNT: Final = f"""
[accounts.demo]
app_key = "vtexappkey-demo-EXAMPLE"
app_token = "an-invented-app-token"
base_url = "http://127.0.0.1:9"
mode = "observe"
[accounts.demo.carriers.easypost]
secrets = ["{SECRET}"]
[accounts.demo.carriers.mandae]
unsigned = true
path_key = "an-invented-path-key"
"""


class Carrier:
    """Post signed webhooks at a fixed rate over one connection that is kept, and time the answers."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._number = time.time_ns()
        self.late: list[float] = []

    async def run(self, until: Callable[[int], bool]) -> list[float]:
        times: list[float] = []
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        loop = asyncio.get_running_loop()
        begun = loop.time()
        try:
            while not until(len(times)):
                due = max(loop.time(), begun + len(times) / _RATE)
                await asyncio.sleep(due - loop.time())
                started = loop.time()
                self.late.append((started - due) * 1000)
                writer.write(self._webhook())
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
                await reader.readexactly(int(length.split(b":")[1]))
                assert head.startswith(b"HTTP/1.1 200"), head
                times.append((loop.time() - started) * 1000)
        finally:
            writer.close()
        return times

    def _webhook(self) -> bytes:
        self._number += 1
        body = json.dumps({"id": f"evt_{self._number}", "object": "Event", "description": "tracker.updated"}).encode()
        return request(b"POST", PATH, body, JSON, b"X-Hmac-Signature: " + signature(body).encode())


def memory_mib(pid: int) -> float:
    """Return how much memory a process holds."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


@dataclass(frozen=True, slots=True)
class Measured:
    """What a carrier met, alone or under attack."""

    times: list[float]
    late: list[float]
    answers: Counter[str]
    seconds: float


async def measure(port: int, hostile: int, per_address: int = 1000) -> Measured:
    """Time the carrier, alone or until an attack of another process is over."""
    carrier, begun = Carrier(port), time.monotonic()
    if not hostile:
        times = await carrier.run(lambda count: count >= _LEAST)
        return Measured(times, carrier.late, Counter(), time.monotonic() - begun)
    command = [sys.executable, "-m", "tests.bench.attack", str(port), str(hostile), str(per_address)]
    attack = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    told = asyncio.create_task(attack.communicate())
    ended = asyncio.create_task(_when(told))
    times = await carrier.run(lambda count: told.done() and count >= _LEAST)
    output, _ = await told
    return Measured(times, carrier.late, Counter(json.loads(output)), await ended - begun)


async def _when(told: asyncio.Task[tuple[bytes, bytes]]) -> float:
    await asyncio.wait({told})
    return time.monotonic()


def percentile(times: Sequence[float], percent: int) -> float:
    """Return the smallest value that so many percent do not exceed."""
    return sorted(times)[math.ceil(len(times) * percent / 100) - 1]


def _tell(number: int, alone: Measured, attacked: Measured, hostile: int, memory: float) -> None:
    p99, beside = percentile(alone.times, 99), percentile(attacked.times, 99)
    print(  # noqa: T201 - the result
        f"round {number}: p99 {p99:.1f} ms alone, {beside:.1f} ms attacked, ratio {beside / p99:.2f}; "
        f"p50 {percentile(alone.times, 50):.1f} and {percentile(attacked.times, 50):.1f} ms; carrier late by "
        f"{percentile(alone.late, 99):.1f} and {percentile(attacked.late, 99):.1f} ms; "
        f"{hostile / attacked.seconds:.0f} hostile requests/s; memory {memory:.0f} MiB",
        flush=True,
    )


def run(rounds: int, hostile: int, per_address: int) -> int:
    """Measure, print a line a round and the verdict, and return 1 when a promise was broken."""
    ratios: list[float] = []
    statuses: Counter[str] = Counter()
    memory: list[float] = []
    with tempfile.TemporaryDirectory(prefix="carrier-relay-hostile-") as folder:
        relay = Relay(Path(folder), _ACCOUNT, prefix=pinned(RELAY_CORE))
        try:
            relay.start()
            relay.until_ready()
            # What a process does once is in no round: the ordinary routes are made when first asked for.
            asyncio.run(measure(relay.port, _FIRST))
            for number in range(1, rounds + 1):
                met: dict[bool, Measured] = {}
                for attacked in (False, True) if number % 2 else (True, False):
                    met[attacked] = asyncio.run(measure(relay.port, hostile // rounds if attacked else 0, per_address))
                statuses += met[True].answers
                ratios.append(percentile(met[True].times, 99) / percentile(met[False].times, 99))
                memory.append(memory_mib(relay.running.pid))
                _tell(number, met[False], met[True], hostile // rounds, memory[-1])
        finally:
            relay.close()
    faults = {status: count for status, count in statuses.items() if status.startswith("5") and status != "503"}
    grown = max(memory) - memory[0]
    print(f"{sum(statuses.values())} hostile requests: {dict(sorted(statuses.items()))}")  # noqa: T201 - the result
    print(  # noqa: T201 - the result
        f"median ratio {statistics.median(ratios):.2f}, promised {PROMISED:g}; memory grew by {grown:.0f} MiB after "
        f"the first round, promised {MEMORY_MIB}; faults {faults or 'none'}"
    )
    return int(statistics.median(ratios) > PROMISED or grown > MEMORY_MIB or bool(faults))


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure as the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.hostile", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often both are measured")
    parser.add_argument("--hostile", type=int, default=100_000, help="how many hostile requests, over all rounds")
    parser.add_argument("--per-address", type=int, default=1000, help="how many of them each address sends")
    options = parser.parse_args(arguments)
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {LOAD_CORE})
    try:
        return run(options.rounds, options.hostile, options.per_address)
    finally:
        os.sched_setaffinity(0, cores)


if __name__ == "__main__":
    sys.exit(main())
