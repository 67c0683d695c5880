"""A sender that is cheap and punctual: requests made beforehand, posted at their times over connections kept open."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import Final, Self

__all__ = ["Posting", "post_at_their_times", "request"]

_CONNECTIONS: Final = 16
_ANSWER_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One request, the name under which its time is kept, and when it is due in seconds from the start."""

    name: str
    request: bytes
    due: float


def request(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """Write a POST of JSON as it goes over the wire."""
    lines = {"Host": "relay.example", "Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body


async def post_at_their_times(
    port: int, postings: Sequence[Posting], *, waited: list[float] | None = None
) -> dict[str, float]:
    """Post everything, and return by name the monotonic time just before each was sent.

    ``waited`` is given the seconds from when each was due to its answer: who sends late waits longer, too.
    """
    sent: dict[str, float] = {}
    # The one used last is used first, as carriers' pools do: a relay closes what is idle for long.
    idle: asyncio.LifoQueue[_Connection] = asyncio.LifoQueue()

    async def post(connection: _Connection, posting: Posting) -> None:
        sent[posting.name] = time.monotonic()
        async with asyncio.timeout(_ANSWER_SECONDS):
            if connection.was_closed:
                connection = await _Connection.open(port)
                stack.push_async_callback(connection.close)
            await connection.post(posting.request)
        if waited is not None:
            waited.append(time.monotonic() - began - posting.due)
        idle.put_nowait(connection)

    async with AsyncExitStack() as stack:
        for _ in range(min(_CONNECTIONS, len(postings))):
            connection = await _Connection.open(port)
            stack.push_async_callback(connection.close)
            idle.put_nowait(connection)
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for posting in sorted(postings, key=lambda posting: posting.due):
                await asyncio.sleep(max(0.0, began + posting.due - time.monotonic()))
                group.create_task(post(await idle.get(), posting))
    return sent


class _Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int) -> Self:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    @property
    def was_closed(self) -> bool:
        """Tell whether the other side ended it."""
        return self._reader.at_eof()

    async def close(self) -> None:
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()

    async def post(self, content: bytes) -> None:
        self._writer.write(content)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = head.partition("content-length:")[2].partition("\r\n")[0]
        body = await self._reader.readexactly(int(length))
        status = head.split(" ", 2)[1]
        if not status.startswith("2"):
            raise AssertionError(f"the relay answered {status}: {body[:300]!r}")
