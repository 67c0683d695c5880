"""Make calls: the addresses that may be called, what each call carries, and how it ends."""

import asyncio
import zlib
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import httpx

from app.egress.dialling import Resolve, resolve
from app.egress.wire import MAX_BYTES, Whole, Wire
from app.errors import CallFailed, EgressRefused

__all__ = ["Egress", "Reply"]

_CONNECT_SECONDS: Final = 5.0
_CONNECTIONS: Final = 8
"""Connections to each origin."""
_WINDOWS: Final = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
"""How zlib is told of what it is to unpack."""
_ALWAYS: Final = {
    "accept": "*/*",
    "accept-encoding": "gzip, deflate",
    "user-agent": "carrier-relay (+https://carrier-relay.example)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An HTTP answer, complete unless ``cut``."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool = False


class Egress:
    """Make outgoing calls; an asynchronous context manager that closes its connections."""

    def __init__(
        self,
        *,
        connections: int = _CONNECTIONS,
        transport: httpx.AsyncBaseTransport | None = None,
        resolve: Resolve = resolve,
    ) -> None:
        """Make calls over TCP, or over a ``transport`` of a test.

        Args:
            connections: How many there may be to each origin.
            transport: Takes requests instead of the network.
            resolve: Returns the addresses of a host; whatever it refuses is not called.

        """
        self._transport = transport or Wire(connections=connections, resolve=resolve)

    async def __aenter__(self) -> Self:
        """Open nothing yet: connections are made when needed."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._transport.aclose()

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
        timeout = {"connect": min(_CONNECT_SECONDS, total_seconds)}
        extensions = {"timeout": timeout, MAX_BYTES: max_bytes}
        carried = _ALWAYS | {name.lower(): value for name, value in headers.items()}
        try:
            request = httpx.Request(method, url, headers=carried, content=content, extensions=extensions)
        except httpx.InvalidURL as error:
            raise EgressRefused(f"{url!r} is not an address: {error}") from None
        if request.url.scheme not in {"http", "https"} or not request.url.host:
            raise EgressRefused(f"{url!r} is not an http or https address")
        try:
            async with asyncio.timeout(total_seconds):
                response = await self._transport.handle_async_request(request)
                try:
                    return await _reply(response, max_bytes)
                finally:
                    await response.aclose()
        except TimeoutError:
            raise CallFailed(f"no answer within {total_seconds:g} s") from None
        except httpx.HTTPError as error:
            raise CallFailed(f"{type(error).__name__}: {error}".strip(": ")) from None


async def _reply(response: httpx.Response, max_bytes: int) -> Reply:
    """Take the body, decoded and capped again: what came small may be large once it is decoded."""
    cut = bool(response.extensions.get("cut"))
    if isinstance(response.stream, Whole):
        body = _unpacked(response.stream.content, response.headers.get("content-encoding", ""), max_bytes, is_cut=cut)
        cut = cut or len(body) > max_bytes
        body = body[:max_bytes]
    else:
        pieces = bytearray()
        async for piece in response.aiter_bytes():
            pieces += piece
            if len(pieces) > max_bytes:
                cut = True
                break
        body = bytes(pieces[:max_bytes])
    return Reply(status=response.status_code, headers=response.headers, body=body, cut=cut)


def _unpacked(body: bytes, encoding: str, max_bytes: int, *, is_cut: bool) -> bytes:
    """Unpack no more than can be told to be too much: half a megabyte of zeros may stand for gigabytes.

    Raises:
        httpx.DecodingError: It is not what it is said to be, or packed as nobody asked for.

    """
    encoding = encoding.strip().lower()
    if encoding in {"", "identity"}:
        return body
    if encoding not in _WINDOWS:
        raise httpx.DecodingError(f"the answer is encoded as {encoding[:40]!r}, which was not asked for")
    # Some send deflate without the header that it should have.
    is_bare = encoding == "deflate" and not _has_zlib_header(body)
    unpacking = zlib.decompressobj(-zlib.MAX_WBITS if is_bare else _WINDOWS[encoding])
    try:
        unpacked = unpacking.decompress(body, max_bytes + 1)
    except zlib.error as error:
        raise httpx.DecodingError(f"the answer cannot be unpacked: {error}") from None
    if not (is_cut or unpacking.eof or len(unpacked) > max_bytes):
        raise httpx.DecodingError("the answer cannot be unpacked: its end is missing")
    return unpacked


def _has_zlib_header(body: bytes) -> bool:
    return len(body) > 1 and body[0] & 0x0F == zlib.DEFLATED and int.from_bytes(body[:2], "big") % 31 == 0
