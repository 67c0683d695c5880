"""Text from outside made safe to read: what cannot be seen, or turns other text around, is shown by its name."""

import re
import sys
import unicodedata
from typing import Final

from markupsafe import Markup

__all__ = ["Excerpt", "excerpt", "visible"]

from dataclasses import dataclass

_KEPT: Final = "\n\t"
_HIDING: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})


def _ranges() -> str:
    """Write the characters that nobody sees as ranges of a regular expression."""
    hidden = [
        code
        for code in range(sys.maxunicode + 1)
        if unicodedata.category(chr(code)) in _HIDING and chr(code) not in _KEPT
    ]
    parts: list[str] = []
    first = last = hidden[0]
    for code in [*hidden[1:], -1]:
        if code == last + 1:
            last = code
            continue
        parts.append(f"\\U{first:08x}-\\U{last:08x}")
        first = last = code
    return "".join(parts)


_HIDDEN: Final = re.compile(f"[{_ranges()}]")
_LINE_END: Final = re.compile("\r\n")


def visible(value: object) -> object:
    """Name the characters of a text that cannot be seen; whatever is no text, or is markup of ours, stays.

    Control bytes, zero-width and bidirectional characters, halves of surrogates and private ones become ``⟦U+202E⟧``.
    The result is plain text, which templates escape like any other.
    """
    if not isinstance(value, str) or isinstance(value, Markup):
        return value
    return _HIDDEN.sub(_named, _LINE_END.sub("\n", value))


def _named(match: re.Match[str]) -> str:
    return f"⟦U+{ord(match[0]):04X}⟧"


@dataclass(frozen=True, slots=True, kw_only=True)
class Excerpt:
    """The beginning of a long text, and how much there is of it in all."""

    text: str
    shown: int
    total: int

    @property
    def is_cut(self) -> bool:
        """Tell whether something is left out."""
        return self.shown < self.total


def excerpt(text: str, limit: int) -> Excerpt:
    """Cut a text to at most so many characters."""
    return Excerpt(text=text[:limit], shown=min(limit, len(text)), total=len(text))
