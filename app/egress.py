"""Every outgoing call passes here: time-outs, a cap on answers, verified TLS, no redirects.

The one user of the HTTP client, so that the client is a choice made in one file.
"""

import asyncio
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

import httpx

from app.errors import CallFailed, EgressRefused

__all__ = ["Egress", "Reply"]

_CONNECT_SECONDS: Final = 5.0
_CONNECTIONS: Final = 8
"""Connections for each host. The client's pool is quadratic in them; more hosts get pools of their own."""
USER_AGENT: Final = "carrier-relay (+https://carrier-relay.example)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An HTTP answer, complete unless ``cut``."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool = False


class Egress:
    """Make outgoing calls; an asynchronous context manager that closes its connections."""

    def __init__(self, *, connections: int = _CONNECTIONS, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Make calls over TCP, or over a ``transport`` of a test; at most ``connections`` to each host."""
        self._transport = transport
        self._limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._clients: dict[str, httpx.AsyncClient] = {}

    async def __aenter__(self) -> Self:
        """Open nothing yet: connections are made when needed."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            await client.aclose()

    def _client(self, url: str) -> httpx.AsyncClient:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise EgressRefused(f"{url!r} is not an http or https address")
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._clients:
            self._clients[origin] = httpx.AsyncClient(
                transport=self._transport,
                follow_redirects=False,
                trust_env=False,
                headers={"user-agent": USER_AGENT},
                limits=self._limits,
            )
        return self._clients[origin]

    async def call(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        total_seconds: float,
        content: bytes | AsyncIterable[bytes] | None = None,
        max_bytes: int = 65_536,
    ) -> Reply:
        """Make one call and read its answer, up to ``max_bytes`` of it.

        Raises:
            CallFailed: No complete answer came in time; whether the call took effect is unknown.
            EgressRefused: The address is not one to call.

        """
        client = self._client(url)
        timeout = httpx.Timeout(total_seconds, connect=min(_CONNECT_SECONDS, total_seconds))
        try:
            async with (
                asyncio.timeout(total_seconds),
                client.stream(method, url, headers=dict(headers), content=content, timeout=timeout) as response,
            ):
                body = bytearray()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > max_bytes:
                        break
                return Reply(
                    status=response.status_code,
                    headers=response.headers,
                    body=bytes(body[:max_bytes]),
                    cut=len(body) > max_bytes,
                )
        except TimeoutError:
            raise CallFailed(f"no answer within {total_seconds:g} s") from None
        except httpx.HTTPError as error:
            raise CallFailed(f"{type(error).__name__}: {error}".strip(": ")) from None
        except httpx.InvalidURL as error:
            raise EgressRefused(f"{url!r} is not an address: {error}") from None
