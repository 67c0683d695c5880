"""A request as it goes over the wire: where to, and the bytes of its head.

Addresses are read by the HTTP client's library. It looks at every character of every one, so of addresses that are
plain it reads where they lead, once for each host, and their paths are taken as they are.
"""

import re
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import httpx

__all__ = ["Origin", "Outgoing", "outgoing"]

# Of signs that stand for themselves, and without a part that begins with a dot, which might lead elsewhere.
_PLAIN: Final = re.compile(r"(https?://[^/?#\\]+)((?:/(?!\.)[A-Za-z0-9._~-]*)+(?:\?[A-Za-z0-9._~=&-]*)?)")
_LONGEST: Final = 2_000
_PORTS: Final = {"http": 80, "https": 443}
_WITH_A_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
_ENDS: Final = re.compile(rb"[\r\n\0]")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a connection leads."""

    scheme: str
    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A request; a body that is made as it is sent goes out in chunks unless its length was said."""

    origin: Origin
    head: bytes
    content: bytes | AsyncIterable[bytes]
    is_chunked: bool
    expects_body: bool


def outgoing(
    method: str, url: str, headers: Mapping[str, str], content: bytes | AsyncIterable[bytes] | None
) -> Outgoing:
    """Write a request.

    Raises:
        httpx.InvalidURL: The address is none.
        httpx.UnsupportedProtocol: It is none of the web.
        httpx.LocalProtocolError: A header is none.

    """
    origin, netloc, target = _address(url)
    lines, named = _lines(tuple(headers.items()))
    head = b"%b %b HTTP/1.1\r\n" % (method.encode("ascii"), target)
    if "host" not in named:
        head += b"host: %b\r\n" % netloc
    is_chunked = False
    if content is None or isinstance(content, bytes):
        content = content or b""
        if "content-length" not in named and (content or method in _WITH_A_BODY):
            lines = b"%bcontent-length: %d\r\n" % (lines, len(content))
    elif named.isdisjoint({"content-length", "transfer-encoding"}):
        is_chunked = True
        lines += b"transfer-encoding: chunked\r\n"
    head = b"%b%b\r\n" % (head, lines)
    return Outgoing(origin=origin, head=head, content=content, is_chunked=is_chunked, expects_body=method != "HEAD")


def _address(url: str) -> tuple[Origin, bytes, bytes]:
    plain = _PLAIN.fullmatch(url) if len(url) < _LONGEST else None
    if plain is None:
        return _read(url)
    origin, netloc, _ = _root(plain[1])
    return origin, netloc, plain[2].encode("ascii")


def _read(url: str) -> tuple[Origin, bytes, bytes]:
    read = httpx.URL(url)
    if read.scheme not in _PORTS or not read.host:
        raise httpx.UnsupportedProtocol(f"{url!r} is not an http or https address")
    return Origin(read.scheme, read.host, read.port or _PORTS[read.scheme]), read.netloc, read.raw_path


_root = lru_cache(maxsize=256)(_read)


@lru_cache(maxsize=64)
def _lines(headers: tuple[tuple[str, str], ...]) -> tuple[bytes, frozenset[str]]:
    """Write headers, and name them; what would end a line where none ends is refused."""
    lines = b""
    for name, value in headers:
        try:
            pair = name.encode("ascii"), value.encode("ascii")
        except UnicodeEncodeError:
            raise httpx.LocalProtocolError(f"the header {name!r} holds what is not ASCII") from None
        if any(_ENDS.search(text) for text in pair):
            raise httpx.LocalProtocolError("a header holds the end of a line")
        lines += b"%b: %b\r\n" % pair
    return lines, frozenset(name.lower() for name, _ in headers)
