"""Schemes whose credential stands in headers and is made from what was sent."""

import base64
import hashlib
import hmac
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from app.errors import (
    StaleTimestamp,
    UnreadableCredential,
    WrongCredential,
)
from app.model import Webhook
from app.payload import read_moment
from app.verification.proof import Credentials, demand, match, same
from app.verification.signed import Signed, raw_body

_PAST: Final = timedelta(days=7)
"""How old a signed time may be: our own 503 and the carrier's retries; the ledger is the guard against replays."""
_FUTURE: Final = timedelta(minutes=5)

Encoding = Literal["hex", "base64"]


def _nfkd(secret: str) -> bytes:
    return unicodedata.normalize("NFKD", secret).encode()


def _encode(digest: bytes, encoding: Encoding) -> str:
    return digest.hex() if encoding == "hex" else base64.b64encode(digest).decode()


def with_headers(webhook: Webhook, headers: Mapping[str, str]) -> Webhook:
    """Return the webhook with headers set, in the place of those it has of these names."""
    fresh = {name.lower(): value for name, value in headers.items()}
    kept = tuple((name, value) for name, value in webhook.headers if name not in fresh)
    return replace(webhook, headers=(*kept, *fresh.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hmac:
    """A keyed digest in a header.

    Args:
        header: Its name.
        algorithm: Name of the hash, as `hashlib` knows it.
        encodings: How the digest may be written; hex is compared in lower case. Samples are written in the first.
        prefix: What stands before the digest in the header.
        prefix_is_optional: Whether senders leave the prefix out; samples do.
        signed: What is signed.
        timestamp_header: The header whose text ``signed`` covers and that must be near the clock, where there is one.
        binds_body: Whether ``signed`` covers the body.
        nfkd_secret: Whether the sender normalises its secret with NFKD.

    """

    header: str
    algorithm: str = "sha256"
    encodings: tuple[Encoding, ...] = ("hex",)
    prefix: str = ""
    prefix_is_optional: bool = False
    signed: Signed = raw_body
    timestamp_header: str | None = None
    binds_body: bool = True
    nfkd_secret: bool = False

    needs_secret: bool = field(default=True, init=False)

    @property
    def headers(self) -> tuple[str, ...]:
        """Name the signature's header."""
        return (self.header.lower(),)

    def _digest(self, secret: str, content: bytes) -> bytes:
        key = _nfkd(secret) if self.nfkd_secret else secret.encode()
        return hmac.digest(key, content, self.algorithm)

    def _explains(self, secret: str, content: bytes, given: str) -> bool:
        """Compare in constant time; how long a digest is, everybody knows."""
        digest = self._digest(secret, content)
        found = False
        for encoding in self.encodings:
            written = given.lower() if encoding == "hex" else given
            found |= hmac.compare_digest(written.encode("utf-8", "surrogateescape"), _encode(digest, encoding).encode())
        return found

    def check(self, webhook: Webhook, credentials: Credentials, now: datetime) -> int:
        """Compare with every live secret and every encoding, then the signed time with the clock."""
        header = credentials.header or self.header
        given = demand(webhook, header)
        if not (given.startswith(self.prefix) or self.prefix_is_optional):
            raise WrongCredential(f"the header {header} does not start with {self.prefix!r}")
        given = given.removeprefix(self.prefix).strip()
        content = self.signed(webhook)
        secret = match(
            credentials.secrets,
            lambda secret: self._explains(secret, content, given),
            f"the signature in {header}",
        )
        if self.timestamp_header:
            check_timestamp(demand(webhook, self.timestamp_header), now)
        return secret

    def sign(self, webhook: Webhook, credentials: Credentials, now: datetime) -> Mapping[str, str]:
        """Sign with the first secret."""
        stamp = {self.timestamp_header: str(int(now.timestamp()))} if self.timestamp_header else {}
        content = self.signed(with_headers(webhook, stamp))
        value = _encode(self._digest(credentials.secrets[0], content), self.encodings[0])
        prefix = "" if self.prefix_is_optional else self.prefix
        return {**stamp, credentials.header or self.header: prefix + value}

    def describe(self) -> str:
        """Name algorithm, encoding and header."""
        return f"HMAC-{self.algorithm.upper()} in {' or '.join(self.encodings)} in the header {self.header}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyDigest:
    """A plain digest of a text with the secret appended, in a header: all that some carriers have."""

    header: str
    algorithm: str
    signed: Signed
    encoding: Encoding = "hex"
    separator: bytes = b""

    needs_secret: bool = field(default=True, init=False)
    binds_body: bool = field(default=True, init=False)

    @property
    def headers(self) -> tuple[str, ...]:
        """Name the digest's header."""
        return (self.header.lower(),)

    def _expected(self, secret: str, content: bytes) -> str:
        digest = hashlib.new(self.algorithm, content + self.separator + secret.encode(), usedforsecurity=False)
        return _encode(digest.digest(), self.encoding)

    def check(self, webhook: Webhook, credentials: Credentials, now: datetime) -> int:  # noqa: ARG002 - no time is signed
        """Compare with every live secret."""
        given = demand(webhook, self.header)
        content = self.signed(webhook)
        value = given.lower() if self.encoding == "hex" else given
        return match(
            credentials.secrets,
            lambda secret: same(value, self._expected(secret, content)),
            f"the digest in {self.header}",
        )

    def sign(self, webhook: Webhook, credentials: Credentials, now: datetime) -> Mapping[str, str]:  # noqa: ARG002
        """Make the digest with the first secret."""
        return {self.header: self._expected(credentials.secrets[0], self.signed(webhook))}

    def describe(self) -> str:
        """Name algorithm, encoding and header."""
        return (
            f"{self.algorithm.upper()} of the content and the secret, in {self.encoding}, in the header {self.header}"
        )


def check_timestamp(text: str, now: datetime) -> None:
    """Refuse a signed time that is more than 7 days past or 5 minutes ahead, or that cannot be read."""
    moment = read_moment(text)
    if moment is None:
        raise UnreadableCredential("the signed time cannot be read")
    if not now - _PAST <= moment.at <= now + _FUTURE:
        raise StaleTimestamp(f"the signed time {text} is too far from this server's clock")
