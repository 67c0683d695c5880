"""Target 7: egress at the call that the forwarder makes, beside aiohttp. Each client is a process on the relay's core.

``python -m tests.bench.targets.calling CLIENT URL COUNT`` prints calls a second and processor microseconds per call.
"""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import aiohttp
import uvloop

from app.egress import Egress
from tests.bench.targets.aims import Sample
from tests.bench.targets.machine import RELAY_CORE, Watch, pinned
from tests.bench.targets.stage import Stage, destination

__all__ = ["Calling"]

_IN_FLIGHT: Final = 64
_BODY: Final = json.dumps({"isDelivered": False, "events": [{"description": "x" * 420}]}).encode()
_HEADERS: Final = {
    "accept": "application/json",
    "content-type": "application/json",
    "x-vtex-api-appkey": "vtexappkey-bench-EXAMPLE",
    "x-vtex-api-apptoken": "an-invented-app-token",
}
_Call = Callable[[str], Awaitable[int]]


class Calling:
    """Both clients, one after the other."""

    def __init__(self, stage: Stage) -> None:
        self._count = stage.scale.puts

    def round(self, number: int) -> Sample:
        """Measure both; which is first alternates."""
        rates, facts, others = dict[str, float](), dict[str, float](), 0.0
        with destination() as (url, vtex):
            for client in ("egress", "aiohttp") if number % 2 else ("aiohttp", "egress"):
                watch = Watch([vtex])
                rates[client], cost = self._run(client, url)
                others = max(others, watch.others_cores())
                facts |= {f"{client}, PUTs/s": rates[client], f"{client}, processor µs per PUT": cost}
        return Sample(values={"7": rates["egress"] / rates["aiohttp"]}, facts=facts, others_cores=others)

    def _run(self, client: str, url: str) -> tuple[float, float]:
        command = [*pinned(RELAY_CORE), sys.executable, "-m", __name__, client, url, str(self._count)]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        return float(told[0]), float(told[1])


async def _with_egress(run: Callable[[_Call], Awaitable[Any]]) -> None:
    async with Egress(connections=_IN_FLIGHT) as egress:

        async def call(url: str) -> int:
            return (await egress.call("PUT", url, headers=_HEADERS, content=_BODY, total_seconds=10)).status

        await run(call)


async def _with_aiohttp(run: Callable[[_Call], Awaitable[Any]]) -> None:
    connector, timeout = aiohttp.TCPConnector(limit=_IN_FLIGHT), aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:

        async def call(url: str) -> int:
            async with session.put(url, headers=_HEADERS, data=_BODY, allow_redirects=False) as answer:
                await answer.read()
                return answer.status

        await run(call)


def main() -> None:
    """Call, and print what it took."""
    client, url, count = sys.argv[1], sys.argv[2], int(sys.argv[3])

    async def run(call: _Call) -> None:
        async def calls(first: int, number: int) -> None:
            for index in range(first, first + number):
                path = f"/api/oms/pvt/orders/1527{index:09}-01/invoice/{index:09}/tracking"
                assert await call(url + path) == 200

        await asyncio.gather(*(calls(index * 10, 4) for index in range(_IN_FLIGHT)))
        each = count // _IN_FLIGHT
        began, processor = time.perf_counter(), time.process_time()
        await asyncio.gather(*(calls(index * each, each) for index in range(_IN_FLIGHT)))
        took, processor = time.perf_counter() - began, time.process_time() - processor
        made = each * _IN_FLIGHT
        print(made / took, processor / made * 1e6)  # noqa: T201 - read by whoever started it

    uvloop.run(_with_egress(run) if client == "egress" else _with_aiohttp(run))


if __name__ == "__main__":
    main()
