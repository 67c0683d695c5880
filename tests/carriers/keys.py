"""An RSA key of our own, for carriers that sign with one."""

import base64
import json
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key


@dataclass(frozen=True, slots=True)
class SampleKey:
    """A private key, its public half, and that as a key set."""

    private: RSAPrivateKey
    public: RSAPublicKey
    jwks: str

    def find(self, jwks_url: str, key_id: str) -> RSAPublicKey | None:  # noqa: ARG002 - the protocol's shape
        return self.public if key_id == "sample" else None


@cache
def sample_key() -> SampleKey:
    """Make a key; one per run is enough."""
    private = generate_private_key(public_exponent=65537, key_size=2048)
    public = private.public_key()
    numbers = public.public_numbers()
    key = {"kty": "RSA", "use": "sig", "kid": "sample", "alg": "RS256", "n": _text(numbers.n), "e": _text(numbers.e)}
    return SampleKey(private, public, json.dumps({"keys": [key]}, separators=(",", ":")))


def _text(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8)).rstrip(b"=").decode()
