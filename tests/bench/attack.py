"""Everything that is wrong, sent from many addresses as fast as one core sends it: the attack of `make bench-hostile`.

Who attacks does not wait for answers: a request that is not answered at once is left open, and the next one is sent.
"""

import asyncio
import gzip
import json
import os
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

__all__ = ["JSON", "KINDS", "PATH", "Attack", "request"]

PATH: Final = b"/webhooks/easypost/demo"
_AT_ONCE: Final = 24
_SLOW: Final = 40
"""Connections beside these on which a request begins and never ends."""
_PATIENCE_SECONDS: Final = 0.02
"""How long an answer is waited for before the next request is sent beside it."""
_LEFT_OPEN: Final = 300
"""So many unanswered requests are left open; then the oldest is given up."""
_BEHIND: Final = 10
"""How much less this process is worth to the scheduler than a carrier on the same core."""


def request(method: bytes, path: bytes, body: bytes = b"", *headers: bytes) -> bytes:
    """Write a request, which says how long its body is unless a header does."""
    lines = [method + b" " + path + b" HTTP/1.1", b"Host: relay.example", *headers]
    if not any(line.lower().startswith(b"transfer-encoding") for line in headers):
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


_WRONG: Final = b"X-Hmac-Signature: hmac-sha256-hex=" + b"0" * 64
JSON: Final = b"Content-Type: application/json"
_BOMB: Final = gzip.compress(b"0" * 500_000)
KINDS: Final[dict[str, Callable[[int], bytes]]] = {
    "no signature": lambda n: request(b"POST", PATH, b'{"n": %d}' % n, JSON),
    "wrong signature": lambda n: request(b"POST", PATH, b'{"n": %d}' % n, JSON, _WRONG),
    "deep document": lambda _: request(b"POST", PATH, b"[" * 50_000, JSON, _WRONG),
    "many values": lambda _: request(b"POST", PATH, b"[" + b"{}," * 40_000 + b"{}]", JSON, _WRONG),
    "bomb": lambda _: request(b"POST", PATH, _BOMB, b"Content-Encoding: gzip", _WRONG),
    "unknown path": lambda n: request(b"POST", b"/webhooks/nobody/%d" % n, b"{}"),
    "guessed alias": lambda n: request(b"POST", b"/w/p%d" % n, b"{}"),
    "guessed key": lambda n: request(b"POST", b"/webhooks/mandae/demo/guess-%d" % n, b"{}"),
    "guessed token": lambda n: request(b"GET", b"/ops/v1/webhooks", b"", b"Authorization: Bearer guess-%d" % n),
    "wrong method": lambda _: request(b"DELETE", PATH),
    "wrong type": lambda _: request(b"POST", PATH, b"<a/>", b"Content-Type: text/xml", _WRONG),
    "too long": lambda _: b"POST %b HTTP/1.1\r\nHost: r\r\nContent-Length: 99999999999\r\n\r\n{" % PATH,
    "endless header": lambda _: b"POST %b HTTP/1.1\r\nX: " % PATH + b"x" * 70_000,
    "many headers": lambda _: request(b"POST", PATH, b"", *[b"X-%d: 1" % n for n in range(300)]),
    "two lengths": lambda _: request(b"POST", PATH, b"0\r\n\r\n", b"Content-Length: 5", b"Transfer-Encoding: chunked"),
    "no http": lambda _: b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "hostile texts": lambda _: request(b"POST", PATH + b"?q=%00%0d%0a", b"\xff\xfe\x00", b"X-A: \xff\x80", _WRONG),
    "broken off": lambda _: b"POST %b HTTP/1.1\r\nHost: r\r\nContent-Length: 100\r\n\r\n{" % PATH,
}


@dataclass
class Attack:
    """So many requests of all kinds, from many addresses, over connections of their own."""

    port: int
    total: int
    per_address: int = 1000
    """With a thousand each some meet a spent budget; with less than the budget no address is ever turned away."""
    sent: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    _open: deque[asyncio.Task[None]] = field(default_factory=deque)

    async def run(self) -> None:
        """Send them all; those that are unanswered at the end count as such."""
        numbers = iter(range(self.total))
        slow = [asyncio.create_task(self._hold(number)) for number in range(_SLOW)]
        await asyncio.gather(*(self._send_all(numbers) for _ in range(_AT_ONCE)))
        for task in (*slow, *self._open):
            task.cancel()
        await asyncio.gather(*slow, *self._open, return_exceptions=True)

    async def _send_all(self, numbers: Iterator[int]) -> None:
        kinds = list(KINDS.values())
        for number in numbers:
            make = kinds[number % len(kinds)]
            is_cut = make is KINDS["broken off"]
            address = f"127.1.{number // (4 * self.per_address) % 250}.{1 + number % 4}"
            asking = asyncio.create_task(self._count(make(number), address, is_cut=is_cut))
            self.sent += 1
            await asyncio.wait({asking}, timeout=_PATIENCE_SECONDS)
            if not asking.done():
                self._open.append(asking)
                while len(self._open) > _LEFT_OPEN:
                    self._open.popleft().cancel()

    async def _count(self, request: bytes, address: str, *, is_cut: bool) -> None:
        try:
            status = await self._ask(request, address, is_cut=is_cut)
        except asyncio.CancelledError:
            status = "unanswered"
        self.statuses[status] += 1

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
                    writer.write(b"POST %b HTTP/1.1\r\nHost: relay" % PATH)
                    await reader.read()
                finally:
                    writer.transport.abort()


def main(port: int, total: int, per_address: int = 1000) -> None:
    """Attack, giving way to whoever is timed on the same core, and print how often there was which answer."""
    os.nice(_BEHIND)
    attack = Attack(port, total, per_address)
    asyncio.run(attack.run())
    print(json.dumps(attack.statuses))  # noqa: T201 - read by whoever started it


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
