"""Which headers of a refused request may be kept for whoever has to find out why it was refused.

A signature over the body says nothing but that somebody who held a secret signed that body: kept, it opens no door that
the same request did not open. A static secret, a token, or a signature over the time alone would. So a value is kept
only where every way that reads its header makes a signature over the body of it, and only if it has exactly a
signature's shape; whatever else a sender puts there, such as the secret itself, stays masked.
"""

import base64
import binascii
import hashlib
import re
from typing import Final

from app.model import Webhook
from app.verification.agreed import AnyOf
from app.verification.enclosed import StampedHmac
from app.verification.proof import Credentials, Scheme
from app.verification.published import RsaJwks
from app.verification.signatures import BodyDigest, Hmac

__all__ = ["kept_signatures", "ways"]

_HEX: Final = re.compile(r"[0-9A-Fa-f]+")
_PREFIX: Final = re.compile(r"[A-Za-z0-9-]{1,20}=(?=.{16})")
_RSA_BYTES: Final = range(128, 1025)
_STAMP_PARTS: Final = 8


def ways(scheme: Scheme) -> tuple[Scheme, ...]:
    """List the ways of proving that a scheme consists of."""
    return scheme.schemes if isinstance(scheme, AnyOf) else (scheme,)


def kept_signatures(scheme: Scheme, credentials: Credentials, webhook: Webhook) -> frozenset[str]:
    """Name the headers of a webhook whose values are signatures over its body and nothing else."""
    readers: dict[str, list[Scheme]] = {}
    for way in ways(scheme):
        names = {*way.headers, *([credentials.header.lower()] if credentials.header and way.headers else [])}
        for name in names:
            readers.setdefault(name, []).append(way)
    return frozenset(
        name
        for name, value in webhook.headers
        if readers.get(name) and all(_is_signature(way, value.strip()) for way in readers[name])
    )


def _is_signature(way: Scheme, value: str) -> bool:
    """Tell whether a value has the shape of a way's signature over the body."""
    if not way.binds_body:
        return False
    match way:
        case Hmac():
            value = value.removeprefix(way.prefix).strip()
            return _is_digest(_PREFIX.sub("", value, count=1), way.algorithm)
        case BodyDigest():
            return _is_digest(value, way.algorithm)
        case StampedHmac():
            parts = [part.strip().partition("=") for part in value.split(",")][:_STAMP_PARTS]
            stamps = [text for name, _, text in parts if name == way.time_key]
            digests = [text for name, _, text in parts if name == way.digest_key]
            known = len(stamps) + len(digests) == len(value.split(","))
            return (
                known and all(map(str.isdecimal, stamps)) and all(_is_digest(each, way.algorithm) for each in digests)
            )
        case RsaJwks():
            return len(_base64(value)) in _RSA_BYTES
    return False


def _is_digest(value: str, algorithm: str) -> bool:
    size = hashlib.new(algorithm, usedforsecurity=False).digest_size
    return (len(value) == 2 * size and _HEX.fullmatch(value) is not None) or len(_base64(value)) == size


def _base64(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return b""
