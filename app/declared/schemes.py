"""Build verification schemes from tables of the configuration."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, get_args

from app.declared.keys import Keys
from app.verification import (
    AnyOf,
    Basic,
    Bearer,
    BodyDigest,
    Hmac,
    Scheme,
    StaticHeader,
    Unsigned,
    raw_body,
    text_field,
    timestamp_and_body,
)
from app.verification.signatures import Encoding

__all__ = ["scheme_of"]

_ALGORITHMS: Final = {name: name for name in ("md5", "sha1", "sha256", "sha384", "sha512")}
_ENCODINGS: Final[Mapping[str, Encoding]] = {name: name for name in get_args(Encoding)}
_HEADER: Final = "X-Signature"
"""Stands in where a header is missing, which is a problem already."""


def scheme_of(keys: Keys) -> Scheme:
    """Build the scheme that ``verification`` describes: one table, or a list of them of which the sender uses one."""
    tables = keys.tables("verification")
    if not tables:
        keys.report("verification", "is missing; without a scheme nothing could be proven")
    schemes = tuple(table.choice("scheme", _BUILDERS, _bearer, required=True)(table) for table in tables)
    return schemes[0] if len(schemes) == 1 else AnyOf(schemes)


def _hmac(keys: Keys) -> Scheme:
    timestamp = keys.text("timestamp_header")
    separator = keys.text("separator", ".") or "."
    encodings = keys.texts("encoding") or ("hex",)
    for encoding in encodings:
        if encoding not in _ENCODINGS:
            keys.report("encoding", f"{encoding!r} is not possible; there are {' and '.join(_ENCODINGS)}")
    return Hmac(
        header=keys.text("header", _HEADER, required=True) or _HEADER,
        algorithm=keys.choice("algorithm", _ALGORITHMS, "sha256"),
        encodings=tuple(_ENCODINGS[encoding] for encoding in encodings if encoding in _ENCODINGS),
        prefix=keys.text("prefix") or "",
        prefix_is_optional=keys.flag("prefix_is_optional"),
        signed=timestamp_and_body(timestamp, separator.encode()) if timestamp else raw_body,
        timestamp_header=timestamp,
    )


def _digest(keys: Keys) -> Scheme:
    field = keys.text("field")
    return BodyDigest(
        header=keys.text("header", _HEADER, required=True) or _HEADER,
        algorithm=keys.choice("algorithm", _ALGORITHMS, "sha256"),
        signed=text_field(field) if field else raw_body,
        encoding=keys.choice("encoding", _ENCODINGS, "hex"),
    )


def _header(keys: Keys) -> Scheme:
    return StaticHeader(header=keys.text("header", _HEADER, required=True) or _HEADER, prefix=keys.text("prefix") or "")


def _bearer(keys: Keys) -> Scheme:  # noqa: ARG001 - nothing to set
    return Bearer()


def _basic(keys: Keys) -> Scheme:  # noqa: ARG001 - nothing to set
    return Basic()


def _unsigned(keys: Keys) -> Scheme:
    return Unsigned(because=keys.text("because", required=True) or "")


_BUILDERS: Final[Mapping[str, Callable[[Keys], Scheme]]] = MappingProxyType(
    {
        "basic": _basic,
        "bearer": _bearer,
        "digest": _digest,
        "header": _header,
        "hmac": _hmac,
        "unsigned": _unsigned,
    }
)
