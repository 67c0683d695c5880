"""The scheme whose keys the carrier publishes: the one that needs a library of ciphers."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from app.errors import KeyNeeded, MissingCredential, WrongCredential
from app.model import Webhook
from app.verification.proof import Credentials, demand
from app.verification.signatures import check_timestamp, with_headers
from app.verification.signed import timestamp_and_body


@dataclass(frozen=True, slots=True, kw_only=True)
class RsaJwks:
    """RSA-SHA256 (PKCS #1 v1.5), base64, over ``timestamp.body``, by a key of the carrier's published key set."""

    jwks_url: str
    key_id_header: str
    signature_header: str
    timestamp_header: str

    needs_secret: bool = field(default=False, init=False)
    binds_body: bool = field(default=True, init=False)

    @property
    def headers(self) -> tuple[str, ...]:
        """Name the signature's header."""
        return (self.signature_header.lower(),)

    def check(self, webhook: Webhook, credentials: Credentials, now: datetime) -> int:
        """Verify with the named key, and the signed time against the clock."""
        key_id = demand(webhook, self.key_id_header)
        signature = demand(webhook, self.signature_header)
        timestamp = demand(webhook, self.timestamp_header)
        jwks_url = credentials.jwks_url or self.jwks_url
        key = credentials.keys.find(jwks_url, key_id)
        if key is None:
            raise KeyNeeded(jwks_url, key_id)
        content = timestamp_and_body(self.timestamp_header)(webhook)
        try:
            key.verify(base64.b64decode(signature, validate=True), content, PKCS1v15(), hashes.SHA256())
        except (InvalidSignature, binascii.Error, ValueError):
            raise WrongCredential(
                "the signature is not that of the named key over the timestamp and the body"
            ) from None
        check_timestamp(timestamp, now)
        return -1

    def sign(self, webhook: Webhook, credentials: Credentials, now: datetime) -> Mapping[str, str]:
        """Sign with a private key of one's own, whose public half the relay under test was told."""
        if credentials.private_key is None:
            raise MissingCredential("only the carrier holds the private key; name one of your own to send a sample")
        headers = {
            self.key_id_header: "sample",
            self.timestamp_header: now.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        }
        content = timestamp_and_body(self.timestamp_header)(with_headers(webhook, headers))
        signature = credentials.private_key.sign(content, PKCS1v15(), hashes.SHA256())
        return {**headers, self.signature_header: base64.b64encode(signature).decode()}

    def describe(self) -> str:
        """Name the headers and the key set."""
        return f"RSA-SHA256 over timestamp and body in the header {self.signature_header}, key set {self.jwks_url}"
