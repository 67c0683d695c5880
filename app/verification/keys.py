"""Read the key sets that carriers publish."""

import base64
import binascii
from collections.abc import Mapping
from typing import Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from app.errors import MalformedPayload
from app.payload import Node, json_document

_MINIMUM_BITS: Final = 2048


def rsa_keys(jwks: str) -> Mapping[str, RSAPublicKey]:
    """Return the RSA keys of a JSON Web Key Set by their id.

    Keys of other kinds, of fewer than 2048 bits, or that cannot be read are passed over: one odd key must not lock out
    the sender of all the others.

    Raises:
        MalformedPayload: The text is no key set.

    """
    keys = {key.get("kid").text(): _public_key(key) for key in json_document(jwks)["keys"].items()}
    return {str(key_id): key for key_id, key in keys.items() if key_id and key is not None}


def _public_key(key: Node) -> RSAPublicKey | None:
    if key.get("kty").text() != "RSA" or key.get("use").text() not in {"sig", None}:
        return None
    try:
        found = RSAPublicNumbers(e=_integer(key["e"]), n=_integer(key["n"])).public_key()
    except (MalformedPayload, ValueError):
        return None
    return found if found.key_size >= _MINIMUM_BITS else None


def _integer(place: Node) -> int:
    text = place.text()
    try:
        return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError):
        raise MalformedPayload(place.path, "is not base64url") from None
