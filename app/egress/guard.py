"""Where calls may end: hosts as they are configured, and no name that leads into a network of one's own.

A name is resolved once for each connection, every address it has is looked at, and the connection is made to those and
no others: what a name means cannot change between the look and the call.
"""

from collections.abc import Collection, Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

import httpx

from app.egress.dialling import Resolve, resolve

__all__ = ["guarded", "is_public"]

Network = IPv4Network | IPv6Network

_NAT64: Final = ip_network("64:ff9b::/96")
_INNER: Final = 0xFFFFFFFF
_CLOUDS_OWN: Final = (ip_network("168.63.129.16/32"), ip_network("192.0.0.0/24"))
"""Addresses that look public, to some versions of Python, and answer for the machine's own cloud."""


def guarded(urls: Iterable[str], networks: Sequence[Network] = (), *, resolve: Resolve = resolve) -> Resolve:
    """Make a resolver that lets no name lead to an address that is not public.

    Args:
        urls: Configured addresses, allowed as they are written: an address, ``localhost`` or a name without a dot,
            which only one's own network knows, may be private. A name of the internet may not.
        networks: Private networks that names may lead to all the same.
        resolve: Asks for the addresses.

    """
    written = frozenset(host for host in map(_host, urls) if _means_itself(host))

    async def find(host: str, port: int) -> Sequence[str]:
        found = await resolve(host, port)
        if host.lower() in written:
            return found
        strays = [address for address in found if not _may_be_called(address, networks)]
        if strays:
            raise httpx.ConnectError(
                f"{host} leads to {strays[0]}, which is not a public address; if that is meant, name its network in "
                "egress_networks"
            )
        return found

    return find


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").lower()


def _means_itself(host: str) -> bool:
    if not host:
        return False
    return "." not in host or _read(host) is not None


def _may_be_called(address: str, networks: Collection[Network]) -> bool:
    read = _read(address)
    return read is not None and (is_public(read) or any(read in network for network in networks))


def _read(text: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return None


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Tell whether an address is one of the internet, and so is the one that it stands for."""
    inner = _inner(address) if isinstance(address, IPv6Address) else None
    if inner is not None:
        return is_public(inner)
    return address.is_global and not address.is_multicast and not any(address in own for own in _CLOUDS_OWN)


def _inner(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 one carries."""
    if address in _NAT64:
        return IPv4Address(int(address) & _INNER)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
