"""Values of labels: from closed sets, so that nobody outside can grow the number of series."""

from typing import Final

__all__ = ["OTHER", "closed"]

OTHER: Final = "other"


def closed(value: str, known: frozenset[str]) -> str:
    """Return a value that may stand in a label, ``other`` for one that may not."""
    return value if value in known else OTHER
