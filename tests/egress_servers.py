"""Servers that say exactly what a test wants, byte by byte."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

__all__ = ["Peer", "peer"]


@dataclass(slots=True, eq=False)
class Peer:
    """A server that answers each request with the next of its answers, and keeps what it was sent."""

    url: str = ""
    heard: list[bytes] = field(default_factory=list)
    connections: int = 0
    together: int = 0
    closed: asyncio.Event = field(default_factory=asyncio.Event)


async def _request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    lowered = head.lower()
    if b"transfer-encoding: chunked" in lowered:
        return head + await reader.readuntil(b"0\r\n\r\n")
    _, found, rest = lowered.partition(b"content-length: ")
    return head + (await reader.readexactly(int(rest.split(b"\r\n", 1)[0])) if found else b"")


@asynccontextmanager
async def peer(
    *answers: bytes, before: Callable[[], Awaitable[object]] | None = None, closes: bool = False
) -> AsyncIterator[Peer]:
    """Run a server whose last answer is given again and again; ``before`` each it waits, after each it may close."""
    told = Peer()
    waiting = list(answers)
    busy = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal busy
        told.connections += 1
        try:
            while True:
                told.heard.append(await _request(reader))
                busy += 1
                told.together = max(told.together, busy)
                if before is not None:
                    await before()
                busy -= 1
                writer.write(waiting.pop(0) if len(waiting) > 1 else waiting[0])
                await writer.drain()
                if closes:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                await writer.wait_closed()
            told.closed.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    told.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/path?a=b"
    async with server:
        yield told
