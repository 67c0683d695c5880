"""The accounts of the benchmark of isolation, and their parcels: each process makes the same ones by itself."""

from dataclasses import replace
from typing import Final

from tests.e2e.parcels import Parcel, parcels

__all__ = ["ACCOUNTS", "BROKEN", "GOOD", "SLOW", "parcels_of"]

GOOD: Final = "good"
BROKEN: Final = "broken"
SLOW: Final = "slow"
ACCOUNTS: Final = (GOOD, BROKEN, SLOW)
_APART: Final = 100_000_000


def parcels_of(account: str, count: int, *, skip: int = 0) -> list[Parcel]:
    """Make an account's parcels after the first ``skip``; no two accounts share a number."""
    first = 1 + ACCOUNTS.index(account) * _APART + skip
    return [replace(parcel, account=account) for parcel in parcels(count, first=first)]
