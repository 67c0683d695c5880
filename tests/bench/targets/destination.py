"""A VTEX that costs next to nothing: takes every PUT, after so many seconds, and tells when it answered which.

``python -m tests.bench.targets.destination PORT SECONDS``; ``GET /log`` tells of the answers since it was asked.
"""

import asyncio
import json
import sys
import time
from typing import Final, cast

import uvloop

__all__ = ["ANSWER"]

ANSWER: Final = b'{"date":"2026-11-29T18:00:00.0000000Z","orderId":"1527","receipt":"0123456789abcdef0123456789abcdef"}'
_HEAD: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
_ACCEPTED: Final = _HEAD % len(ANSWER) + ANSWER


class _Destination(asyncio.Protocol):
    log: Final[list[tuple[str, float]]] = []
    seconds = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)
        self._held = b""

    def data_received(self, data: bytes) -> None:
        self._held += data
        while (request := self._take()) is not None:
            self._answer(request)

    def _take(self) -> bytes | None:
        """Take one whole request and return its first line."""
        head, found, rest = self._held.partition(b"\r\n\r\n")
        if not found:
            return None
        length = head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0]
        size = int(length or 0)
        if len(rest) < size:
            return None
        self._held = rest[size:]
        return head.split(b"\r\n", 1)[0]

    def _answer(self, line: bytes) -> None:
        if line.startswith(b"GET /log"):
            told = json.dumps(self.log).encode()
            self.log.clear()
            self._transport.write(_HEAD % len(told) + told)
        elif self.seconds:
            asyncio.get_running_loop().call_later(self.seconds, self._accept, line)
        else:
            self._accept(line)

    def _accept(self, line: bytes) -> None:
        self._transport.write(_ACCEPTED)
        self.log.append((line.split(b"/orders/", 1)[-1].split(b"/", 1)[0].decode(), time.monotonic()))


async def serve(port: int, seconds: float) -> None:
    """Serve until the process is ended."""
    _Destination.seconds = seconds
    server = await asyncio.get_running_loop().create_server(_Destination, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1]), float(sys.argv[2])))
