"""Lengths of time for people."""

from typing import Final

__all__ = ["spoken"]

_UNITS: Final = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


def spoken(seconds: float) -> str:
    """Write a length of time with its two greatest units: ``2 h 5 min``."""
    left = round(abs(seconds))
    parts: list[str] = []
    for unit, size in _UNITS:
        count, left = divmod(left, size)
        if count or parts:
            parts.append(f"{count} {unit}" if count else "")
        if len(parts) == 2:  # noqa: PLR2004 - the two greatest
            break
    return " ".join(part for part in parts if part) or "0 s"
