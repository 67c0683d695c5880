"""Make calls: the addresses that may be called, what each call carries, and how it ends."""

import asyncio
import zlib
from collections.abc import AsyncIterable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Self

import httpx

from app.egress.connection import Answer
from app.egress.dialling import Resolve, resolve
from app.egress.outgoing import outgoing
from app.egress.wire import Wire
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


class Fields(Mapping[str, str]):
    """The headers of an answer: names in any case, and one text for all that was said under one."""

    def __init__(self, pairs: Iterable[tuple[bytes, bytes]]) -> None:
        """Read them."""
        self._fields: dict[str, str] = {}
        for name, value in pairs:
            key, text = name.decode("latin-1").lower(), _text(value)
            self._fields[key] = f"{self._fields[key]}, {text}" if key in self._fields else text

    def __getitem__(self, name: str) -> str:
        """Return what was said under a name."""
        return self._fields[name.lower()]

    def __iter__(self) -> Iterator[str]:
        """Name them, in lower case."""
        return iter(self._fields)

    def __len__(self) -> int:
        """Count the names."""
        return len(self._fields)


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
        self._transport = transport
        self._wire = Wire(connections=connections, resolve=resolve)

    async def __aenter__(self) -> Self:
        """Open nothing yet: connections are made when needed."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._wire.aclose()
        if self._transport is not None:
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
        carried = _ALWAYS | {name.lower(): value for name, value in headers.items()}
        try:
            async with asyncio.timeout(total_seconds):
                if self._transport is not None:
                    request = httpx.Request(method, url, headers=carried, content=content)
                    _look_at(request.url)
                    return await _over(self._transport, request, max_bytes)
                answer = await self._wire.exchange(
                    outgoing(method, url, carried, content),
                    connect_seconds=min(_CONNECT_SECONDS, total_seconds),
                    max_bytes=max_bytes,
                )
                return _reply(answer, max_bytes)
        except TimeoutError:
            raise CallFailed(f"no answer within {total_seconds:g} s") from None
        except httpx.InvalidURL as error:
            raise EgressRefused(f"{url!r} is not an address: {error}") from None
        except httpx.UnsupportedProtocol as error:
            raise EgressRefused(str(error)) from None
        except httpx.HTTPError as error:
            raise CallFailed(f"{type(error).__name__}: {error}".strip(": ")) from None


def _reply(answer: Answer, max_bytes: int) -> Reply:
    """Take an answer, decoded and capped again: what came small may be large once it is decoded."""
    fields = Fields(answer.headers)
    body = _unpacked(bytes(answer.body), fields.get("content-encoding", ""), max_bytes, is_cut=answer.cut)
    return Reply(status=answer.status, headers=fields, body=body[:max_bytes], cut=answer.cut or len(body) > max_bytes)


def _look_at(url: httpx.URL) -> None:
    if url.scheme not in {"http", "https"} or not url.host:
        raise httpx.UnsupportedProtocol(f"{str(url)!r} is not an http or https address")


async def _over(transport: httpx.AsyncBaseTransport, request: httpx.Request, max_bytes: int) -> Reply:
    """Make a call over a test's transport."""
    response = await transport.handle_async_request(request)
    pieces = bytearray()
    try:
        async for piece in response.aiter_bytes():
            pieces += piece
            if len(pieces) > max_bytes:
                break
    finally:
        await response.aclose()
    is_cut = len(pieces) > max_bytes
    return Reply(status=response.status_code, headers=response.headers, body=bytes(pieces[:max_bytes]), cut=is_cut)


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


def _text(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
