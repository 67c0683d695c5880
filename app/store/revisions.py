"""The schema's history: the ids of the files in ``migrations/versions``, oldest first."""

from typing import Final

__all__ = ["HEAD", "REVISIONS"]

REVISIONS: Final = ("0001", "0002", "0003", "0004", "0005", "0007")
HEAD: Final = REVISIONS[-1]
