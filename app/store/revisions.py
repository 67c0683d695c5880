"""The schema's history: the ids of the files in ``migrations/versions``, oldest first, and which releases share one.

A release works beside those before it, on one database, while migrations only add: tables, columns that may be null or
have a default of the server's, indexes. What is to go away goes in a later release than the one that stopped using it,
and that migration is named in `BREAKING`.
"""

from typing import Final

__all__ = ["BREAKING", "HEAD", "REVISIONS", "SERVED_FROM"]

REVISIONS: Final = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008")
HEAD: Final = REVISIONS[-1]
# Releases up to 0005 want a database to have exactly their own schema.
BREAKING: Final = frozenset({"0001", "0002", "0003", "0004", "0005", "0006"})
"""Migrations beside which the release before does not work."""
SERVED_FROM: Final = max(BREAKING, key=REVISIONS.index)
"""The schema of the oldest release that works on a database at `HEAD`."""
