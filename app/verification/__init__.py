"""Prove who sent a webhook, over the bytes as received, in constant time, closed by default.

A scheme is a frozen value whose parameters are data. `verify` is the only way to obtain a `Verified` webhook, and the
store takes nothing else.
"""

from typing import TYPE_CHECKING

from app.exports import late_names

if TYPE_CHECKING:
    from app.verification.agreed import AnyOf, Basic, Bearer, StaticHeader, Unsigned
    from app.verification.enclosed import BodyHmac, JsonWebToken, StampedHmac
    from app.verification.evidence import kept_signatures, ways
    from app.verification.issued import IssuedToken, client_of, issue, issues_tokens
    from app.verification.keys import rsa_keys
    from app.verification.proof import Credentials, PublicKeys, Scheme, Verified, same, verify
    from app.verification.published import RsaJwks
    from app.verification.sealing import seal
    from app.verification.signatures import BodyDigest, Hmac
    from app.verification.signed import (
        header_text,
        headers_and_body,
        json_members,
        member_span,
        raw_body,
        text_field,
        timestamp_and_body,
    )
    from app.verification.variations import body_variations

__all__ = [
    "AnyOf",
    "Basic",
    "Bearer",
    "BodyDigest",
    "BodyHmac",
    "Credentials",
    "Hmac",
    "IssuedToken",
    "JsonWebToken",
    "PublicKeys",
    "RsaJwks",
    "Scheme",
    "StampedHmac",
    "StaticHeader",
    "Unsigned",
    "Verified",
    "body_variations",
    "client_of",
    "header_text",
    "headers_and_body",
    "issue",
    "issues_tokens",
    "json_members",
    "kept_signatures",
    "member_span",
    "raw_body",
    "rsa_keys",
    "same",
    "seal",
    "text_field",
    "timestamp_and_body",
    "verify",
    "ways",
]

if not TYPE_CHECKING:
    __getattr__ = late_names(
        __name__,
        {
            "agreed": "AnyOf Basic Bearer StaticHeader Unsigned",
            "enclosed": "BodyHmac JsonWebToken StampedHmac",
            "evidence": "kept_signatures ways",
            "issued": "IssuedToken client_of issue issues_tokens",
            "keys": "rsa_keys",
            "proof": "Credentials PublicKeys Scheme Verified same verify",
            "published": "RsaJwks",
            "sealing": "seal",
            "signatures": "BodyDigest Hmac",
            "signed": "header_text headers_and_body json_members member_span raw_body text_field timestamp_and_body",
            "variations": "body_variations",
        },
    )
