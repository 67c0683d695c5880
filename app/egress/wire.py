"""HTTP/1.1 under the HTTP client's own types: connections are kept open, so many to each origin.

The client's own pool costs more with every connection, up to a hundred times what a call costs; `docs/performance.md`
has the comparison.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Final

import httpx

from app.egress.connection import Connection
from app.egress.dialling import Resolve, dial, resolve

__all__ = ["MAX_BYTES", "Whole", "Wire"]

MAX_BYTES: Final = "max_bytes"
"""The extension of a request that caps its answer; the answer has the extension ``cut``."""

_KEPT_SECONDS: Final = 20.0
"""How long an idle connection is trusted: servers and gateways close them in silence, some after half a minute."""
_PORTS: Final = {"http": 80, "https": 443}


class Whole(httpx.AsyncByteStream):
    """A body that is here already, as it came over the wire."""

    def __init__(self, content: bytes) -> None:
        """Hold it."""
        self.content = content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Give it in one piece."""
        yield self.content


@dataclass(slots=True, eq=False)
class _Pool:
    """The connections to one origin."""

    slots: asyncio.Semaphore
    idle: list[tuple[Connection, float]] = field(default_factory=list)

    def kept(self, now: float) -> Connection | None:
        """Take the connection that was used last, if it is still good."""
        while self.idle:
            connection, since = self.idle.pop()
            if connection.is_open and now - since < _KEPT_SECONDS:
                return connection
            connection.close()
        return None


class Wire(httpx.AsyncBaseTransport):
    """Send requests, at most ``connections`` at a time to each origin."""

    def __init__(self, *, connections: int, resolve: Resolve = resolve) -> None:
        """Connect to the addresses that ``resolve`` returns."""
        self._connections = connections
        self._resolve = resolve
        self._pools: dict[tuple[str, str, int], _Pool] = {}
        self._is_closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Make one call and read its whole answer, for as long as the caller waits."""
        loop = asyncio.get_running_loop()
        url = request.url
        origin = (url.scheme, url.host, url.port or _PORTS[url.scheme])
        pool = self._pools.get(origin)
        if pool is None:
            pool = self._pools[origin] = _Pool(asyncio.Semaphore(self._connections))
        async with pool.slots:
            connection = pool.kept(loop.time()) or await self._connect(origin, request.extensions["timeout"]["connect"])
            answer = await connection.exchange(request, max_bytes=request.extensions[MAX_BYTES])
            if connection.is_open:
                pool.idle.append((connection, loop.time()))
        if self._is_closed:
            await self.aclose()
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=Whole(bytes(answer.body)),
            extensions={"cut": answer.cut},
            request=request,
        )

    async def _connect(self, origin: tuple[str, str, int], seconds: float | None) -> Connection:
        scheme, host, port = origin
        try:
            async with asyncio.timeout(seconds):
                addresses = await self._resolve(host, port)
                return await dial(host, port, is_secure=scheme == "https", addresses=addresses)
        except TimeoutError:
            raise httpx.ConnectTimeout(f"{host}:{port} was not reached within {seconds:g} s") from None

    async def aclose(self) -> None:
        """Close what is idle now, and everything else as soon as it is."""
        self._is_closed = True
        for pool in self._pools.values():
            while pool.idle:
                pool.idle.pop()[0].close()
        # Transports close in the loop's next round.
        await asyncio.sleep(0)
