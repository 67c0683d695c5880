"""Prove who sent a webhook, over the bytes as received, in constant time, closed by default.

A scheme is a frozen value whose parameters are data. `verify` is the only way to obtain a `Verified` webhook, and the
store takes nothing else.
"""

from app.verification.agreed import AnyOf, Basic, Bearer, StaticHeader, Unsigned
from app.verification.proof import Credentials, PublicKeys, Scheme, Verified, same, verify
from app.verification.signatures import (
    BodyDigest,
    Hmac,
    RsaJwks,
    raw_body,
    text_field,
    timestamp_and_body,
)

__all__ = [
    "AnyOf",
    "Basic",
    "Bearer",
    "BodyDigest",
    "Credentials",
    "Hmac",
    "PublicKeys",
    "RsaJwks",
    "Scheme",
    "StaticHeader",
    "Unsigned",
    "Verified",
    "raw_body",
    "same",
    "text_field",
    "timestamp_and_body",
    "verify",
]
