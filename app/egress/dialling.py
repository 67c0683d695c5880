"""Open a connection to a host: the one place that sees the address before anything is sent to it."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from typing import Final

import httpx

from app.egress.connection import Connection

__all__ = ["Resolve", "dial", "resolve"]

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Returns a host's addresses, the best one first; connections are made to these and to no others."""

_NEXT_AFTER_SECONDS: Final = 2.0
"""How long one address may keep others of the same host waiting."""


async def resolve(host: str, port: int) -> list[str]:
    """Ask the system for a host's addresses.

    Raises:
        httpx.ConnectError: It has none.

    """
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpx.ConnectError(f"{host} has no address: {error}") from None
    return [str(address[0]) for *_, address in found]


async def dial(host: str, port: int, *, is_secure: bool, addresses: Sequence[str]) -> Connection:
    """Connect to the first of a host's addresses that answers; TLS is verified against the host's name.

    Raises:
        httpx.ConnectError: None does, or the one that does is not the host.

    """
    trouble: Exception | None = None
    for index, address in enumerate(addresses):
        is_last = index == len(addresses) - 1
        try:
            async with asyncio.timeout(None if is_last else _NEXT_AFTER_SECONDS):
                _, connection = await asyncio.get_running_loop().create_connection(
                    Connection,
                    address,
                    port,
                    ssl=_verifying() if is_secure else None,
                    server_hostname=host if is_secure else None,
                )
        except ssl.SSLError as error:
            # Another address of the same name would not prove itself either.
            raise httpx.ConnectError(f"TLS with {host} failed: {error}") from None
        except (OSError, TimeoutError) as error:
            trouble = error
        else:
            return connection
    raise httpx.ConnectError(f"{host}:{port} cannot be reached: {trouble or 'no answer'}")


@cache
def _verifying() -> ssl.SSLContext:
    """Verify certificates and names, by the authorities that come with the HTTP client."""
    context = httpx.create_ssl_context(trust_env=False)
    context.set_alpn_protocols(["http/1.1"])
    return context
