"""Who really sent a request: the peer of the connection, or what trusted proxies say of theirs."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

__all__ = ["Network", "is_proxy", "peer_address"]

Network = IPv4Network | IPv6Network
Headers = Iterable[tuple[bytes, bytes]]

_FORWARDED: Final = b"x-forwarded-for"


def peer_address(client: tuple[str, int] | None, headers: Headers, trusted: Sequence[Network]) -> str:
    """Return the address of the sender, empty when it cannot be told.

    Each proxy appends whom it heard to ``X-Forwarded-For``, so the header is walked from the right: an address counts
    only if all after it are trusted proxies. What senders write themselves stands on the left and is never reached.

    Args:
        client: The peer of the connection; None on a Unix socket.
        headers: The request's headers, names in lower case.
        trusted: Networks of the proxies in front.

    """
    if client is None:
        return ""
    if not trusted:
        return client[0]
    address = _read(client[0])
    if address is None:
        return client[0]
    hops = b",".join(value for name, value in headers if name == _FORWARDED).decode("latin-1").split(",")
    while hops and any(address in network for network in trusted):
        hop = hops.pop().strip()
        if not hop:
            continue
        told = _read(hop)
        if told is None:
            # A trusted proxy did not say who called; guessing would prove somebody's network by accident.
            return ""
        address = told
    return str(address)


def is_proxy(client: tuple[str, int] | None, trusted: Sequence[Network]) -> bool:
    """Tell whether the peer of a connection is a trusted proxy itself."""
    address = _read(client[0]) if client is not None else None
    return address is not None and any(address in network for network in trusted)


def _read(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address as proxies write it: bare, quoted, in brackets, or with a port."""
    text = text.strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
