"""What proof is: credentials, schemes, and the one way from a webhook to a verified webhook."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import TYPE_CHECKING, Protocol

from app.errors import MissingCredential, WrongCredential
from app.model import Webhook

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey


class PublicKeys(Protocol):
    """Hold the public keys that were fetched so far."""

    def find(self, jwks_url: str, key_id: str) -> "RSAPublicKey | None":
        """Return a cached RSA key, None when it is not known."""


class _NoKeys:
    def find(self, jwks_url: str, key_id: str) -> "RSAPublicKey | None":  # noqa: ARG002 - the protocol's shape
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What one configured source holds to prove its sender.

    Args:
        secrets: Live secrets, newest first; several while one is being rotated.
        header: Name of the header that carries a static secret, where the carrier lets its customers choose.
        unsigned: The operator accepted that this source cannot sign.
        path_key: Whether the request came with the source's path key (the route checked it).
        networks: Where requests may come from; empty means anywhere.
        jwks_url: Overrides the address of the carrier's key set.
        signed_path: The path that the carrier signed, where a proxy on the way here rewrites it.
        keys: Public keys fetched so far.
        private_key: Signs in the carrier's place; only for samples sent to a relay under test.

    """

    secrets: tuple[str, ...] = field(default=(), repr=False)
    header: str | None = None
    unsigned: bool = False
    path_key: bool = False
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    jwks_url: str | None = None
    signed_path: str | None = None
    keys: PublicKeys = field(default_factory=_NoKeys, repr=False)
    private_key: "RSAPrivateKey | None" = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Verified:
    """A webhook whose sender is proven; only `verify` makes one."""

    webhook: Webhook
    scheme: str
    secret: int
    """Which of the live secrets matched, counted from 0; -1 where the scheme has none."""


class Scheme(Protocol):
    """One way of proving a sender."""

    @property
    def needs_secret(self) -> bool:
        """Tell whether a source must configure ``secrets``."""

    @property
    def binds_body(self) -> bool:
        """Tell whether the credential covers the body, so that nobody who saw one request can forge another."""

    @property
    def headers(self) -> tuple[str, ...]:
        """Name the headers that carry credentials: they are masked before a webhook is stored."""

    def check(self, webhook: Webhook, credentials: Credentials, now: datetime) -> int:
        """Return the index of the secret that matched, -1 where there is none; raise `Unverified` or `KeyNeeded`."""

    def sign(self, webhook: Webhook, credentials: Credentials, now: datetime) -> Mapping[str, str]:
        """Return the headers that the carrier would send, made with the first secret."""

    def describe(self) -> str:
        """Say in one sentence how the sender proves itself."""


def same(given: str | bytes, expected: str | bytes) -> bool:
    """Compare credentials in constant time; hashing first, so that not even the length leaks."""
    left, right = (
        value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value for value in (given, expected)
    )
    return hmac.compare_digest(hashlib.sha256(left).digest(), hashlib.sha256(right).digest())


def verify(scheme: Scheme, webhook: Webhook, credentials: Credentials, now: datetime) -> Verified:
    """Prove the sender of a webhook.

    Raises:
        Unverified: The sender is not proven; its subclass says why.
        KeyNeeded: A public key must be fetched first; call again after that.

    """
    if scheme.needs_secret and not any(credentials.secrets):
        raise MissingCredential("no secret is configured for this source")
    if credentials.networks and not _is_within(webhook.peer, credentials.networks):
        raise WrongCredential("the request comes from a network that is not configured for this source")
    secret = scheme.check(webhook, credentials, now)
    return Verified(webhook, type(scheme).__name__, secret)


def _is_within(peer: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in network for network in networks)


def demand(webhook: Webhook, header: str) -> str:
    """Return a header that a scheme cannot do without."""
    value = webhook.header(header)
    if not value:
        raise MissingCredential(f"the header {header} is missing or empty")
    return value.strip()


def match(secrets: tuple[str, ...], explains: Callable[[str], bool], what: str) -> int:
    """Return which secret explains a credential; every one is tried, whatever matched before."""
    found = [index for index, secret in enumerate(secrets) if explains(secret) and secret]
    if not found:
        raise WrongCredential(f"{what} matches none of the live secrets")
    return found[0]
