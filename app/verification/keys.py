"""Read the key sets that carriers publish."""

import base64
import binascii
from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from app.errors import MalformedPayload
from app.payload import Node, json_document


def rsa_keys(jwks: str) -> Mapping[str, RSAPublicKey]:
    """Return the RSA keys of a JSON Web Key Set by their id; keys of other kinds are passed over.

    Raises:
        MalformedPayload: The text is no key set, or an RSA key in it cannot be read.

    """
    return {
        key["kid"].text(): _public_key(key)
        for key in json_document(jwks)["keys"].items()
        if key.get("kty").text() == "RSA" and key.get("use").text() in {"sig", None}
    }


def _public_key(key: Node) -> RSAPublicKey:
    numbers = RSAPublicNumbers(e=_integer(key["e"]), n=_integer(key["n"]))
    try:
        return numbers.public_key()
    except ValueError as error:
        raise MalformedPayload(key.path, f"is no RSA key: {error}") from None


def _integer(place: Node) -> int:
    text = place.text()
    try:
        return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError):
        raise MalformedPayload(place.path, "is not base64url") from None
