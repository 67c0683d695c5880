"""Does a carrier wait when everybody else attacks? ``make bench-hostile`` measures it.

In each round a carrier's signed webhooks are timed twice, in alternating order: alone, and while strangers from many
addresses send everything that is wrong as fast as the relay answers. A time is from just before a webhook is written to
when its answer is complete. Everything is on loopback, and whatever is started here is ended here.
"""

import argparse
import asyncio
import gzip
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.e2e.parcels import SECRET, signature
from tests.e2e.relay import Relay

PROMISED: Final = 3.0
MEMORY_MIB: Final = 96
"""How much more memory the relay may hold at the end than after its first round."""
_AT_ONCE: Final = 24
_SLOW: Final = 40
"""Connections beside these on which a request begins and never ends."""
_RATE: Final = 25.0
_LEAST: Final = 200
_PATH: Final = b"/webhooks/easypost/demo"
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


def _request(method: bytes, path: bytes, body: bytes = b"", *headers: bytes) -> bytes:
    lines = [method + b" " + path + b" HTTP/1.1", b"Host: relay.example", *headers]
    if not any(line.lower().startswith(b"transfer-encoding") for line in headers):
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


_WRONG: Final = b"X-Hmac-Signature: hmac-sha256-hex=" + b"0" * 64
_JSON: Final = b"Content-Type: application/json"
KINDS: Final[dict[str, Callable[[int], bytes]]] = {
    "no signature": lambda n: _request(b"POST", _PATH, b'{"n": %d}' % n, _JSON),
    "wrong signature": lambda n: _request(b"POST", _PATH, b'{"n": %d}' % n, _JSON, _WRONG),
    "deep document": lambda _: _request(b"POST", _PATH, b"[" * 50_000, _JSON, _WRONG),
    "many values": lambda _: _request(b"POST", _PATH, b"[" + b"{}," * 40_000 + b"{}]", _JSON, _WRONG),
    "bomb": lambda _: _request(b"POST", _PATH, gzip.compress(b"0" * 500_000), b"Content-Encoding: gzip", _WRONG),
    "unknown path": lambda n: _request(b"POST", b"/webhooks/nobody/%d" % n, b"{}"),
    "guessed alias": lambda n: _request(b"POST", b"/w/p%d" % n, b"{}"),
    "guessed key": lambda n: _request(b"POST", b"/webhooks/mandae/demo/guess-%d" % n, b"{}"),
    "guessed token": lambda n: _request(b"GET", b"/ops/v1/webhooks", b"", b"Authorization: Bearer guess-%d" % n),
    "wrong method": lambda _: _request(b"DELETE", _PATH),
    "wrong type": lambda _: _request(b"POST", _PATH, b"<a/>", b"Content-Type: text/xml", _WRONG),
    "too long": lambda _: b"POST %b HTTP/1.1\r\nHost: r\r\nContent-Length: 99999999999\r\n\r\n{" % _PATH,
    "endless header": lambda _: b"POST %b HTTP/1.1\r\nX: " % _PATH + b"x" * 70_000,
    "many headers": lambda _: _request(b"POST", _PATH, b"", *[b"X-%d: 1" % n for n in range(300)]),
    "two lengths": lambda _: _request(
        b"POST", _PATH, b"0\r\n\r\n", b"Content-Length: 5", b"Transfer-Encoding: chunked"
    ),
    "no http": lambda _: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "hostile texts": lambda _: _request(b"POST", _PATH + b"?q=%00%0d%0a", b"\xff\xfe\x00", b"X-A: \xff\x80", _WRONG),
    "broken off": lambda _: b"POST %b HTTP/1.1\r\nHost: r\r\nContent-Length: 100\r\n\r\n{" % _PATH,
}


@dataclass
class Attack:
    """So many requests of all kinds, from many addresses, over connections of their own."""

    port: int
    total: int
    sent: int = 0
    statuses: Counter[str] = field(default_factory=Counter)

    async def run(self) -> None:
        numbers = iter(range(self.total))
        slow = [asyncio.create_task(self._hold(number)) for number in range(_SLOW)]
        await asyncio.gather(*(self._send_all(numbers) for _ in range(_AT_ONCE)))
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)

    async def _send_all(self, numbers: Iterator[int]) -> None:
        kinds = list(KINDS.values())
        for number in numbers:
            make = kinds[number % len(kinds)]
            is_cut = make is KINDS["broken off"]
            # Each address sends a thousand requests, so that some of them meet a spent budget.
            address = f"127.1.{number // 4000 % 250}.{1 + number % 4}"
            self.statuses[await self._ask(make(number), address, is_cut=is_cut)] += 1
            self.sent += 1

    async def _ask(self, request: bytes, address: str, *, is_cut: bool) -> str:
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(30):
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(address, 0))
                try:
                    writer.write(request)
                    if is_cut:
                        return "cut"
                    head = await reader.read(64)
                    return head.split(b" ")[1].decode("ascii", "replace") if head.startswith(b"HTTP/") else "closed"
                finally:
                    writer.transport.abort()
        return "closed"

    async def _hold(self, number: int) -> None:
        """Begin a request again and again, and never end one."""
        while True:
            with suppress(OSError):
                address = f"127.9.9.{1 + number}"
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port, local_addr=(address, 0))
                try:
                    writer.write(b"POST %b HTTP/1.1\r\nHost: relay" % _PATH)
                    await reader.read()
                finally:
                    writer.transport.abort()


class Carrier:
    """Post signed webhooks at a fixed rate over one connection that is kept, and time the answers."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._number = time.time_ns()

    async def run(self, until: Callable[[int], bool]) -> list[float]:
        times: list[float] = []
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        loop = asyncio.get_running_loop()
        begun = loop.time()
        try:
            while not until(len(times)):
                await asyncio.sleep(max(0.0, begun + len(times) / _RATE - loop.time()))
                started = loop.time()
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
        return _request(b"POST", _PATH, body, _JSON, b"X-Hmac-Signature: " + signature(body).encode())


def memory_mib(pid: int) -> float:
    """Return how much memory a process holds."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) / 1024


async def measure(port: int, hostile: int) -> tuple[list[float], Counter[str]]:
    """Time the carrier, alone or until an attack of another process is over."""
    if not hostile:
        return await Carrier(port).run(lambda count: count >= _LEAST), Counter()
    command = [sys.executable, "-m", "tests.bench.hostile", "--attack", str(port), "--hostile", str(hostile)]
    attack = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    told = asyncio.create_task(attack.communicate())
    times = await Carrier(port).run(lambda count: told.done() and count >= _LEAST)
    output, _ = await told
    return times, Counter(json.loads(output))


def percentile(times: Sequence[float], percent: int) -> float:
    """Return the smallest value that so many percent do not exceed."""
    return sorted(times)[math.ceil(len(times) * percent / 100) - 1]


def run(rounds: int, hostile: int) -> int:
    """Measure, print a line a round and the verdict, and return 1 when a promise was broken."""
    ratios: list[float] = []
    statuses: Counter[str] = Counter()
    memory: list[float] = []
    with tempfile.TemporaryDirectory(prefix="carrier-relay-hostile-") as folder:
        relay = Relay(Path(folder), _ACCOUNT)
        try:
            relay.start()
            relay.until_ready()
            asyncio.run(measure(relay.port, 0))
            for number in range(1, rounds + 1):
                p99 = {}
                for attacked in (False, True) if number % 2 else (True, False):
                    times, answered = asyncio.run(measure(relay.port, hostile // rounds if attacked else 0))
                    p99[attacked] = percentile(times, 99)
                    statuses += answered
                ratios.append(p99[True] / p99[False])
                memory.append(memory_mib(relay.running.pid))
                print(  # noqa: T201 - the result
                    f"round {number}: p99 {p99[False]:.1f} ms alone, {p99[True]:.1f} ms attacked, "
                    f"ratio {ratios[-1]:.2f}, memory {memory[-1]:.0f} MiB",
                    flush=True,
                )
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
    """Measure, or be the attack of a measurement."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.hostile", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often both are measured")
    parser.add_argument("--hostile", type=int, default=100_000, help="how many hostile requests, over all rounds")
    parser.add_argument("--attack", type=int, metavar="PORT", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.attack is None:
        return run(options.rounds, options.hostile)
    attack = Attack(options.attack, options.hostile)
    asyncio.run(attack.run())
    print(json.dumps(attack.statuses))  # noqa: T201 - read by whoever started it
    return 0


if __name__ == "__main__":
    sys.exit(main())
