"""Schemes whose credential encloses more than a digest, or stands in the body itself."""

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from app.errors import MalformedPayload, MissingCredential, StaleTimestamp, WrongCredential
from app.model import Webhook
from app.payload import Maybe, json_document, member, read_moment
from app.verification.proof import Credentials, demand, match, same
from app.verification.signatures import check_timestamp
from app.verification.signed import Signed, member_span

_LEEWAY: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class StampedHmac:
    """Time and digests in one header, ``t=<seconds>,v1=<hex>``, over ``<seconds>.<body>``; one digest must match."""

    header: str
    algorithm: str = "sha256"
    time_key: str = "t"
    digest_key: str = "v1"

    needs_secret: bool = field(default=True, init=False)
    binds_body: bool = field(default=True, init=False)

    @property
    def headers(self) -> tuple[str, ...]:
        """Name the signature's header."""
        return (self.header.lower(),)

    def _expected(self, secret: str, stamp: str, body: bytes) -> str:
        content = stamp.encode("latin-1", "replace") + b"." + body
        return hmac.digest(secret.encode(), content, self.algorithm).hex()

    def check(self, webhook: Webhook, credentials: Credentials, now: datetime) -> int:
        """Compare every digest with every live secret, then the signed time with the clock."""
        header = credentials.header or self.header
        parts = [part.strip().partition("=") for part in demand(webhook, header).split(",")]
        stamp = next((value for key, _, value in parts if key == self.time_key), "")
        digests = [value.lower() for key, _, value in parts if key == self.digest_key]
        if not (stamp and digests):
            raise WrongCredential(f"the header {header} does not read {self.time_key}=…,{self.digest_key}=…")
        secret = match(
            credentials.secrets,
            lambda secret: any(same(digest, self._expected(secret, stamp, webhook.body)) for digest in digests),
            f"the signature in {header}",
        )
        check_timestamp(stamp, now)
        return secret

    def sign(self, webhook: Webhook, credentials: Credentials, now: datetime) -> Mapping[str, str]:
        """Sign with the first secret."""
        stamp = str(int(now.timestamp()))
        digest = self._expected(credentials.secrets[0], stamp, webhook.body)
        return {credentials.header or self.header: f"{self.time_key}={stamp},{self.digest_key}={digest}"}

    def describe(self) -> str:
        """Name algorithm and header."""
        return f"HMAC-{self.algorithm.upper()} in hex over time and body, with the time in the header {self.header}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyHmac:
    """A hex digest that stands in the JSON body beside what it covers.

    Args:
        signature: Names that lead to the digest, outermost first.
        timestamp: Names that lead to the signed time.
        signed: What is signed; it must cover the time.
        key_id: Names that lead to the public half of the key: a secret may be written ``public:secret``, and then
            the public half must be right as well.
        algorithm: Name of the hash, as `hashlib` knows it.
        binds_body: Whether ``signed`` covers the meaning of the body.

    """

    signature: tuple[str, ...]
    timestamp: tuple[str, ...]
    signed: Signed
    key_id: tuple[str, ...] = ()
    algorithm: str = "sha256"
    binds_body: bool = True

    needs_secret: bool = field(default=True, init=False)
    headers: tuple[str, ...] = field(default=(), init=False)

    def check(self, webhook: Webhook, credentials: Credentials, now: datetime) -> int:
        """Compare with every live secret, then the signed time with the clock."""
        given = _text(webhook, self.signature).lower()
        key_id = member(*self.key_id)(webhook) if self.key_id else None
        content = self.signed(_as_signed(webhook, credentials))

        def explains(secret: str) -> bool:
            public, _, private = secret.rpartition(":") if self.key_id else ("", "", secret)
            is_right_key = not public or same(key_id or "", public)
            is_right = same(given, hmac.digest(private.encode(), content, self.algorithm).hex())
            # A secret that is only a public half is no secret.
            return bool(private) and is_right and is_right_key

        secret = match(credentials.secrets, explains, f"the signature in the body's {'.'.join(self.signature)}")
        check_timestamp(_text(webhook, self.timestamp), now)
        return secret

    def sign(self, webhook: Webhook, credentials: Credentials, now: datetime) -> Mapping[str, str]:  # noqa: ARG002
        """Add no header; see `sign_body`."""
        return {}

    def sign_body(self, webhook: Webhook, credentials: Credentials, now: datetime) -> bytes:
        """Return the body with a fresh time and its digest, and every other byte as it was; an empty one is a probe."""
        text = webhook.body.decode()
        if not text.strip():
            return webhook.body
        public, _, private = credentials.secrets[0].rpartition(":") if self.key_id else ("", "", credentials.secrets[0])
        if public:
            start, end = member_span(text, *self.key_id)
            text = text[:start] + json.dumps(public) + text[end:]
        old = _text(webhook, self.timestamp)
        start, end = member_span(text, *self.timestamp)
        stamp = str(int(now.timestamp()) * (1 if len(old) == len("1700000000") else 1000))
        text = text[:start] + (json.dumps(stamp) if text[start] == '"' else stamp) + text[end:]
        content = self.signed(_as_signed(replace(webhook, body=text.encode()), credentials))
        start, end = member_span(text, *self.signature)
        digest = hmac.digest(private.encode(), content, self.algorithm).hex()
        return (text[:start] + json.dumps(digest) + text[end:]).encode()

    def describe(self) -> str:
        """Name algorithm and member."""
        return f"HMAC-{self.algorithm.upper()} in hex in the body's {'.'.join(self.signature)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonWebToken:
    """A JSON web token signed with HS256: it proves the secret, and says nothing about the body."""

    header: str

    needs_secret: bool = field(default=True, init=False)
    binds_body: bool = field(default=False, init=False)

    @property
    def headers(self) -> tuple[str, ...]:
        """Name the token's header."""
        return (self.header.lower(),)

    def check(self, webhook: Webhook, credentials: Credentials, now: datetime) -> int:
        """Compare with every live secret, then the token's expiry with the clock; only HS256 is taken."""
        header = credentials.header or self.header
        token = demand(webhook, header)
        token = token[len("Bearer ") :].strip() if token.lower().startswith("bearer ") else token
        content, _, signature = token.rpartition(".")
        algorithm, claims = _token_parts(content, header)
        if algorithm != "HS256":
            raise WrongCredential(f"the token in {header} is not signed with HS256")
        secret = match(
            credentials.secrets,
            lambda secret: same(signature, _token_signature(secret, content)),
            f"the token in {header}",
        )
        expiry = claims.get("exp").text()
        moment = read_moment(expiry) if expiry else None
        if expiry and (moment is None or now > moment.at + _LEEWAY):
            raise StaleTimestamp(f"the token in {header} has expired")
        return secret

    def sign(self, webhook: Webhook, credentials: Credentials, now: datetime) -> Mapping[str, str]:  # noqa: ARG002
        """Issue a token with the first secret."""
        parts = ({"alg": "HS256", "typ": "JWT"}, {"iat": int(now.timestamp())})
        content = ".".join(_base64url(json.dumps(part).encode()) for part in parts)
        token = f"{content}.{_token_signature(credentials.secrets[0], content)}"
        return {credentials.header or self.header: token}

    def describe(self) -> str:
        """Name the header."""
        return f"a JSON web token signed with HS256 in the header {self.header}"


def _as_signed(webhook: Webhook, credentials: Credentials) -> Webhook:
    """Return the webhook with the path that its sender signed."""
    return replace(webhook, path=credentials.signed_path) if credentials.signed_path else webhook


def _text(webhook: Webhook, names: tuple[str, ...]) -> str:
    text = member(*names)(webhook)
    if not text:
        raise MissingCredential(f"the body has no {'.'.join(names)}")
    return text


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _token_signature(secret: str, content: str) -> str:
    return _base64url(hmac.digest(secret.encode(), content.encode("latin-1", "replace"), "sha256"))


def _token_parts(content: str, header: str) -> tuple[str | None, Maybe]:
    """Decode a token's header and claims."""
    try:
        first, second = content.split(".")
        decoded = [base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode() for part in (first, second)]
        head, claims = (json_document(text) for text in decoded)
    except (binascii.Error, ValueError, MalformedPayload):
        raise WrongCredential(f"the header {header} holds no JSON web token") from None
    return head.get("alg").text(), claims.allowed()
