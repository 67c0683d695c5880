"""Values as log lines may hold them: nothing that looks like a credential, and nothing without end."""

import math
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import Enum
from functools import lru_cache
from typing import Final

__all__ = ["MASK", "masked", "names_credential", "safe"]

MASK: Final = "***"

_LONGEST_TEXT: Final = 2000
_DEEPEST: Final = 5

_WORDS: Final = "secret|token|passw|authoriz|cookie|signature|credential|(?:api|app|path|hook|private)[_-]?key"
_CREDENTIAL: Final = re.compile(_WORDS, re.IGNORECASE)
_CREDENTIAL_IN_TEXT: Final = re.compile(
    rf"""(?P<name>(?:{_WORDS})[\w-]*["']?\s*[=:]\s*["']?)(?:(?:bearer|basic)\s+)?[^\s"'&,;)}}\]]+""",
    re.IGNORECASE,
)
_PASSWORD_IN_URL: Final = re.compile(r"(?P<start>\b[a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s/@]+@", re.IGNORECASE)


@lru_cache(maxsize=512)
def names_credential(name: str) -> bool:
    """Tell whether a field of this name holds a credential."""
    return _CREDENTIAL.search(name) is not None


def safe(value: object, name: str = "", depth: int = 0) -> object:
    """Return a value as JSON can hold it, without credentials."""
    if type(value) is str:
        return MASK if names_credential(name) else masked(value)
    if value is None or type(value) is int:
        return value
    if isinstance(value, bool | int) and not isinstance(value, Enum):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if hasattr(value, "get_secret_value"):
        return MASK
    if names_credential(name):
        return MASK
    if isinstance(value, bytes | bytearray | memoryview):
        return f"{len(value)} bytes"
    return _text_or_table(value, depth)


def _text_or_table(value: object, depth: int) -> object:
    if isinstance(value, Enum):
        return safe(value.value, depth=depth)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Mapping) and depth < _DEEPEST:
        pairs = sorted((str(key), inner) for key, inner in value.items())
        return {key: safe(inner, key, depth + 1) for key, inner in pairs}
    if isinstance(value, Iterable) and not isinstance(value, str) and depth < _DEEPEST:
        return [safe(item, depth=depth + 1) for item in value]
    return masked(str(value))


def masked(text: str) -> str:
    """Cut what is too long for a line, and mask what looks like a credential in free text."""
    if len(text) > _LONGEST_TEXT:
        # Cut before searching: a long text must not cost long searches.
        text = f"{text[:_LONGEST_TEXT]}…"
    if "=" not in text and ":" not in text:
        return text  # Every credential is told by one of them.
    text = _CREDENTIAL_IN_TEXT.sub(rf"\g<name>{MASK}", text)
    return _PASSWORD_IN_URL.sub(rf"\g<start>{MASK}@", text)
