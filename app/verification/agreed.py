"""Schemes that show an agreed secret, or nothing: they prove who calls, not what was said."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from app.errors import MissingCredential, Unverified, WrongCredential
from app.model import Webhook
from app.verification.proof import Credentials, Scheme, demand, match, same


@dataclass(frozen=True, slots=True, kw_only=True)
class StaticHeader:
    """The secret itself in a header; does not protect the body."""

    header: str
    prefix: str = ""

    needs_secret: bool = field(default=True, init=False)
    binds_body: bool = field(default=False, init=False)

    @property
    def headers(self) -> tuple[str, ...]:
        """Name the secret's header."""
        return (self.header.lower(),)

    def check(self, webhook: Webhook, credentials: Credentials, now: datetime) -> int:  # noqa: ARG002 - no time is signed
        """Compare with every live secret."""
        header = credentials.header or self.header
        given = demand(webhook, header)
        return match(credentials.secrets, lambda secret: same(given, self.prefix + secret), f"the header {header}")

    def sign(self, webhook: Webhook, credentials: Credentials, now: datetime) -> Mapping[str, str]:  # noqa: ARG002
        """Send the first secret."""
        return {credentials.header or self.header: self.prefix + credentials.secrets[0]}

    def describe(self) -> str:
        """Name the header."""
        return f"the agreed secret in the header {self.header}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """The secret as a bearer token; does not protect the body."""

    needs_secret: bool = field(default=True, init=False)
    binds_body: bool = field(default=False, init=False)
    headers: tuple[str, ...] = field(default=("authorization",), init=False)

    def check(self, webhook: Webhook, credentials: Credentials, now: datetime) -> int:  # noqa: ARG002 - no time is signed
        """Compare with every live secret."""
        kind, _, token = demand(webhook, "authorization").partition(" ")
        if kind.lower() != "bearer":
            raise WrongCredential("the header Authorization holds no bearer token")
        return match(credentials.secrets, lambda secret: same(token.strip(), secret), "the bearer token")

    def sign(self, webhook: Webhook, credentials: Credentials, now: datetime) -> Mapping[str, str]:  # noqa: ARG002
        """Send the first secret."""
        return {"Authorization": f"Bearer {credentials.secrets[0]}"}

    def describe(self) -> str:
        """Name the header."""
        return "the agreed secret as a bearer token in the header Authorization"


@dataclass(frozen=True, slots=True, kw_only=True)
class Basic:
    """HTTP Basic: a secret ``user:password`` must match whole, one without colon is the user name alone."""

    needs_secret: bool = field(default=True, init=False)
    binds_body: bool = field(default=False, init=False)
    headers: tuple[str, ...] = field(default=("authorization",), init=False)

    def check(self, webhook: Webhook, credentials: Credentials, now: datetime) -> int:  # noqa: ARG002 - no time is signed
        """Compare with every live secret."""
        kind, _, encoded = demand(webhook, "authorization").partition(" ")
        if kind.lower() != "basic":
            raise WrongCredential("the header Authorization holds no Basic credentials")
        try:
            pair = base64.b64decode(encoded.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError, ValueError):
            raise WrongCredential("the header Authorization holds no Basic credentials that can be read") from None
        user = pair.partition(":")[0]
        return match(
            credentials.secrets,
            lambda secret: same(pair if ":" in secret else user, secret),
            "the Basic credential",
        )

    def sign(self, webhook: Webhook, credentials: Credentials, now: datetime) -> Mapping[str, str]:  # noqa: ARG002
        """Send the first secret."""
        secret = credentials.secrets[0]
        pair = secret if ":" in secret else f"{secret}:"
        return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}

    def describe(self) -> str:
        """Name the header."""
        return "HTTP Basic (user:password, or the secret as user name) in the header Authorization"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsigned:
    """The carrier proves nothing; the operator must accept that, and give the source a path key.

    Args:
        because: Why nothing better exists, with what compensates for it.
        secrets_are_for_calls: The source's secrets open the carrier's API to our own calls; the sender shows none.

    """

    because: str
    secrets_are_for_calls: bool = False

    needs_secret: bool = field(default=False, init=False)
    binds_body: bool = field(default=False, init=False)
    headers: tuple[str, ...] = field(default=(), init=False)

    def check(self, webhook: Webhook, credentials: Credentials, now: datetime) -> int:  # noqa: ARG002 - nothing is signed
        """Accept only what came through the path key of a source that says ``unsigned = true`` and has no secret."""
        if any(credentials.secrets) and not self.secrets_are_for_calls:
            raise MissingCredential("this source has a secret, so requests without a credential are refused")
        if not (credentials.unsigned and credentials.path_key):
            raise MissingCredential("this carrier cannot sign: its source needs unsigned = true and a path key")
        return -1

    def sign(self, webhook: Webhook, credentials: Credentials, now: datetime) -> Mapping[str, str]:  # noqa: ARG002
        """Add nothing."""
        return {}

    def describe(self) -> str:
        """Say what compensates."""
        return "no signature: a secret in the path and, where possible, source networks"


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Several ways, of which the sender uses one; samples are signed with the first that the source can use."""

    schemes: tuple[Scheme, ...]

    @property
    def needs_secret(self) -> bool:
        """Tell whether every way needs a secret."""
        return all(scheme.needs_secret for scheme in self.schemes)

    @property
    def binds_body(self) -> bool:
        """Tell whether every way covers the body."""
        return all(scheme.binds_body for scheme in self.schemes)

    @property
    def headers(self) -> tuple[str, ...]:
        """Name the headers of all ways."""
        return tuple(dict.fromkeys(name for scheme in self.schemes for name in scheme.headers))

    def check(self, webhook: Webhook, credentials: Credentials, now: datetime) -> int:
        """Accept what one of the ways proves; otherwise report the refusal that came furthest."""
        refusals: list[Unverified] = []
        for scheme in self.schemes:
            try:
                return scheme.check(webhook, credentials, now)
            except Unverified as refusal:
                refusals.append(refusal)
        refusals.sort(key=lambda refusal: isinstance(refusal, MissingCredential))
        raise refusals[0]

    def sign(self, webhook: Webhook, credentials: Credentials, now: datetime) -> Mapping[str, str]:
        """Sign the first way that the source can use."""
        return self.choose(credentials).sign(webhook, credentials, now)

    def choose(self, credentials: Credentials) -> Scheme:
        """Return the first way for which the source holds what it needs; the first of all when it holds nothing."""
        usable = (scheme for scheme in self.schemes if any(credentials.secrets) or not scheme.needs_secret)
        return next(usable, self.schemes[0])

    def describe(self) -> str:
        """List the ways."""
        return "; or ".join(scheme.describe() for scheme in self.schemes)
