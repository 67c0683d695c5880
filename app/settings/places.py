"""The types of settings that say where something is: listeners, networks, URLs."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Annotated, Self
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, PlainSerializer, PlainValidator, SecretStr

from app.settings.values import InWords, shown, text_of

__all__ = ["Listen", "ListenAddress", "Network", "PublicURL", "SecretURL", "ServiceURL"]

_HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Where a server listens."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``host:port``, or ``[host]:port`` for IPv6; raise ValueError on anything else."""
        host, colon, port = text.strip().rpartition(":")
        if host.startswith("[") and host.endswith("]"):
            host = str(ip_address(host[1:-1]))
        elif ":" in host or "/" in host:
            raise ValueError("no host")
        if not (colon and host and port.isascii() and port.isdecimal()):
            raise ValueError("no host and port")
        if int(port) > _HIGHEST_PORT:
            raise ValueError("no such port")
        return cls(host, int(port))

    def __str__(self) -> str:
        """Write it as it is read."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _listen(value: object) -> ListenAddress:
    if isinstance(value, ListenAddress):
        return value
    try:
        return ListenAddress.parse(text_of(value, "127.0.0.1:8080"))
    except ValueError:
        raise ValueError(f"must be host:port, such as '127.0.0.1:8080' or '[::]:8080', not {shown(value)}") from None


Listen = Annotated[ListenAddress, PlainValidator(_listen), PlainSerializer(str), InWords("host:port")]


def _network(value: object) -> IPv4Network | IPv6Network:
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    try:
        return ip_network(text_of(value, "203.0.113.0/24"))
    except ValueError:
        raise ValueError(
            f"must be a network, such as '203.0.113.0/24' or '2001:db8::/32', not {shown(value)}"
        ) from None


Network = Annotated[
    IPv4Network | IPv6Network,
    PlainValidator(_network),
    PlainSerializer(str),
    InWords("network (203.0.113.0/24)"),
]


def _split(url: str) -> SplitResult:
    """Take an HTTP URL apart; raise ValueError, which does not repeat it, on what only looks like one."""
    try:
        parts = urlsplit(url)
        # Reading the port is what checks it.
        is_url = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, is_url = SplitResult("", "", "", "", ""), False
    if not is_url:
        raise ValueError("must be a URL that begins with https://")
    if parts.username is not None or parts.query or parts.fragment:
        raise ValueError("must be a URL without user, query and fragment")
    return parts


def _is_local(host: str) -> bool:
    """Tell whether clear text stays on this machine or network, as with a test system."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host


def _public_url(value: str) -> str:
    _split(value)
    return value.rstrip("/")


PublicURL = Annotated[str, AfterValidator(_public_url), InWords("URL")]


def _service_url(value: str) -> str:
    parts = _split(value)
    if parts.scheme == "http" and not _is_local(parts.hostname or ""):
        raise ValueError(f"would send credentials to {parts.hostname} in clear; use https://")
    return value.rstrip("/")


ServiceURL = Annotated[str, AfterValidator(_service_url), InWords("https:// URL")]


def _secret_url(value: SecretStr) -> SecretStr:
    """Take an address that is a secret, as its path or query may open a door; a refusal does not repeat it."""
    url = value.get_secret_value().strip()
    try:
        parts = urlsplit(url)
        is_url = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        parts, is_url = SplitResult("", "", "", "", ""), False
    if not is_url or parts.username is not None or parts.fragment:
        raise ValueError("must be a URL that begins with https://, without user and fragment")
    if parts.scheme == "http" and not _is_local(parts.hostname or ""):
        raise ValueError("would be called in clear; use https://")
    return SecretStr(url)


SecretURL = Annotated[SecretStr, AfterValidator(_secret_url), InWords("https:// URL, a secret")]
