"""HTTP/1.1: connections are kept open, so many to each origin.

The client's own pool costs more with every connection, up to a hundred times what a call costs; `docs/performance.md`
has the comparison.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Final

import httpx

from app.egress.connection import Answer, Connection
from app.egress.dialling import Resolve, dial, resolve
from app.egress.outgoing import Origin, Outgoing

__all__ = ["Wire"]

_KEPT_SECONDS: Final = 20.0
"""How long an idle connection is trusted: servers and gateways close them in silence, some after half a minute."""


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


class Wire:
    """Send requests, at most ``connections`` at a time to each origin."""

    def __init__(self, *, connections: int, resolve: Resolve = resolve) -> None:
        """Connect to the addresses that ``resolve`` returns."""
        self._connections = connections
        self._resolve = resolve
        self._pools: dict[Origin, _Pool] = {}
        self._is_closed = False

    async def exchange(self, request: Outgoing, *, connect_seconds: float, max_bytes: int) -> Answer:
        """Make one call and read its whole answer, up to ``max_bytes`` of it, for as long as the caller waits.

        Raises:
            httpx.TransportError: There is no whole answer.

        """
        loop = asyncio.get_running_loop()
        pool = self._pools.get(request.origin)
        if pool is None:
            pool = self._pools[request.origin] = _Pool(asyncio.Semaphore(self._connections))
        async with pool.slots:
            connection = pool.kept(loop.time()) or await self._connect(request.origin, connect_seconds)
            answer = await connection.exchange(request, max_bytes=max_bytes)
            if connection.is_open:
                pool.idle.append((connection, loop.time()))
        if self._is_closed:
            await self.aclose()
        return answer

    async def _connect(self, origin: Origin, seconds: float) -> Connection:
        host, port = origin.host, origin.port
        try:
            async with asyncio.timeout(seconds):
                addresses = await self._resolve(host, port)
                return await dial(host, port, is_secure=origin.scheme == "https", addresses=addresses)
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
