"""Tokens that the relay issues itself: for carriers that act as a client of ours before they deliver.

A token is its own proof: when it ends, and a digest over that under the client's secret. Nothing is stored, every
process accepts what any other issued, and taking a secret out of the settings ends its tokens.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from app.errors import MissingCredential, StaleTimestamp, WrongCredential
from app.model import Webhook
from app.verification.agreed import AnyOf
from app.verification.proof import Credentials, Scheme, demand, match, same

_VERSION: Final = "cr1"
_LASTS: Final = timedelta(hours=4)
_SPARE: Final = timedelta(minutes=5)
"""How long a token is accepted after the end that its holder was told: clocks differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """A bearer token fetched from the relay's own token endpoint, with secrets written ``client id:client secret``.

    Does not protect the body. Where the sender repeats the client id in ``client_header``, it must be the same.
    """

    client_header: str = "x-api-key"

    needs_secret: bool = field(default=True, init=False)
    binds_body: bool = field(default=False, init=False)

    @property
    def headers(self) -> tuple[str, ...]:
        """Name the headers that carry the token and the client id."""
        return ("authorization", self.client_header.lower())

    def check(self, webhook: Webhook, credentials: Credentials, now: datetime) -> int:
        """Accept a token that one of the secrets issued and that has not ended."""
        kind, _, token = demand(webhook, "authorization").partition(" ")
        version, _, rest = token.strip().partition(".")
        ends, _, given = rest.partition(".")
        if kind.lower() != "bearer" or version != _VERSION or not (ends.isascii() and ends.isdigit()):
            raise WrongCredential("the header Authorization holds no token of this relay")
        client = webhook.header(self.client_header)

        def explains(pair: str) -> bool:
            known, _, secret = pair.partition(":")
            is_same = same(given, _digest(secret, ends))
            return is_same and bool(secret) and (client is None or same(client, known))

        found = match(credentials.secrets, explains, "the token")
        if datetime.fromtimestamp(min(int(ends), _LATEST), UTC) + _SPARE < now:
            raise StaleTimestamp("the token has ended; fetch a new one")
        return found

    def sign(self, webhook: Webhook, credentials: Credentials, now: datetime) -> Mapping[str, str]:  # noqa: ARG002
        """Send a token issued now under the first secret."""
        client = credentials.secrets[0].partition(":")[0]
        token, _ = issue(credentials.secrets[0], now)
        return {"Authorization": f"Bearer {token}", self.client_header: client}

    def describe(self) -> str:
        """Say where the token comes from."""
        return "a bearer token that the carrier fetches from this relay (OAuth client credentials)"


_LATEST: Final = 4_102_444_800  # The year 2100: later ends are nobody's.


def _digest(secret: str, ends: str) -> str:
    content = f"carrier-relay token until {ends}".encode()
    return base64.urlsafe_b64encode(hmac.digest(secret.encode(), content, hashlib.sha256)).rstrip(b"=").decode()


def issue(pair: str, now: datetime) -> tuple[str, int]:
    """Issue a token under a secret ``client id:client secret``; return it and for how many seconds it is good."""
    ends = str(int((now + _LASTS).timestamp()))
    secret = pair.partition(":")[2]
    return f"{_VERSION}.{ends}.{_digest(secret, ends)}", int(_LASTS.total_seconds())


def issues_tokens(scheme: Scheme) -> bool:
    """Tell whether a carrier of this scheme fetches tokens from the relay."""
    ways = scheme.schemes if isinstance(scheme, AnyOf) else (scheme,)
    return any(isinstance(way, IssuedToken) for way in ways)


def client_of(authorization: str | None, credentials: Credentials) -> str:
    """Return the secret, as ``client id:client secret``, that HTTP Basic credentials of a token request prove.

    Raises:
        MissingCredential: There are none.
        WrongCredential: They are not those of this source.

    """
    kind, _, encoded = (authorization or "").partition(" ")
    if kind.lower() != "basic":
        raise MissingCredential("the token request carries no HTTP Basic credentials")
    try:
        given = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise WrongCredential("the HTTP Basic credentials cannot be read") from None
    pairs = tuple(secret for secret in credentials.secrets if ":" in secret and not secret.endswith(":"))
    return pairs[match(pairs, lambda pair: same(given, pair), "the client of the token request")]
