"""Columns for people."""

from collections.abc import Sequence
from typing import Final

__all__ = ["aligned", "printable"]

_LONGEST_CELL: Final = 60


def aligned(rows: Sequence[Sequence[str]], *, indent: str = "") -> list[str]:
    """Write rows as lines whose columns stand below each other; the last column keeps its own width."""
    if not rows:
        return []
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]


def printable(value: object) -> str:
    """Write a value for a terminal, which must not obey what it is shown; what is long is cut."""
    if value is None or value == []:
        return "–"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    text = "".join(character if character.isprintable() else "·" for character in text)
    return text if len(text) <= _LONGEST_CELL else f"{text[:_LONGEST_CELL]}…"
