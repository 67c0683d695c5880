"""What a webhook's path names: a source, and whether its path key was given."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from app.source import Source, Sources
from app.verification import same

__all__ = ["PREFIXES", "Address", "locate"]

PREFIXES: Final = (b"/webhooks/", b"/w/")

_MASK: Final = "***"
_VERIFY: Final = "verify"
_NOBODYS_KEY: Final = "a key that no source has, compared with where there is none to compare with"
_SEGMENT_SHOWN: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A path, read.

    Args:
        source: What it names, None when there is no such source; evidence even if ``is_right`` is false.
        is_right: Whether a webhook may come in here: the source exists and its path key, if it has one, is given.
        verifies: Whether the request is to be verified only.
        path_key: Whether the source's path key was given.
        shown: The path with the key masked.

    """

    source: Source | None
    is_right: bool
    verifies: bool
    path_key: bool
    shown: str


def locate(sources: Sources, path: str) -> Address:
    """Read ``/webhooks/{carrier}/{owner}`` or ``/w/{alias}``, with ``/{key}`` and ``/verify`` after it where given.

    An unknown source costs the same work as a wrong key, and a key is compared in constant time.
    """
    first, *rest = path.strip("/").split("/")
    names = 1 if first == "w" else 2
    named, rest = rest[:names], rest[names:]
    verifies = rest[-1:] == [_VERIFY]
    keys = rest[:-1] if verifies else rest
    source = _find(sources, named) if len(named) == names else None
    expected = source.path_key if source is not None else None
    matched = same(unquote(keys[0]) if keys else "", expected or _NOBODYS_KEY)
    # A source without a key takes no further segment, one with a key takes exactly the right one.
    is_right = source is not None and (matched and len(keys) == 1 if expected else not keys)
    shown = [first, *(name[:_SEGMENT_SHOWN] for name in named), *(_MASK for _ in keys[:1]), *rest[len(keys) :]]
    return Address(
        source=source,
        is_right=is_right,
        verifies=verifies,
        path_key=expected is not None and matched,
        shown="/" + "/".join(shown),
    )


def _find(sources: Sources, named: list[str]) -> Source | None:
    return sources.find_alias(named[0]) if len(named) == 1 else sources.find(named[0], named[1])
