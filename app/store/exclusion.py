"""What a write excludes: how several processes that share a database keep out of each other's way.

Where one process owns the database, one transaction runs at a time, and every write is written for that. Where several
share it, a transaction excludes the others that touch the same accounts, and no more: it takes a lock for each of its
accounts, in an order that is the same in all processes, before it does anything else. So none waits for another that
waits for it, and what is proven of one writer holds for many.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final, Literal

from sqlalchemy import Connection

from app.store.columns import number_of
from app.store.driver import asked_of_driver

__all__ = ["ALONE", "EVERYTHING", "FREE", "INGEST", "Exclusion", "exclude", "exclusion_of", "locks_of", "of_accounts"]


@dataclass(frozen=True, slots=True)
class Exclusion:
    """What a write excludes.

    Args:
        kind: Writes of different kinds never share a transaction.
        accounts: Whose other writes wait until it is done.

    """

    kind: str
    accounts: tuple[str, ...] = ()


EVERYTHING: Final = Exclusion("everything")
"""All other writes, those of `INGEST` and `FREE` left aside: what a write is taken for that does not say."""
INGEST: Final = Exclusion("ingest")
"""Nothing: webhooks that come in wait for nobody. Their keys make sure of it that each is kept once."""
FREE: Final = Exclusion("free")
"""Nothing: each changes rows that stand for themselves."""
ALONE: Final = Exclusion("alone")
"""What it finds to do, which it excludes itself: it shares its transaction with no other write."""


def of_accounts(*accounts: str) -> Exclusion:
    """Exclude the other writes that touch these accounts."""
    return Exclusion("accounts", tuple(sorted(set(accounts))))


def exclusion_of(operation: object) -> Exclusion:
    """Return what an operation says that it excludes, everything when it says nothing."""
    excludes = getattr(operation, "excludes", EVERYTHING)
    return excludes if isinstance(excludes, Exclusion) else EVERYTHING


def locks_of(excludes: Exclusion) -> tuple[str, ...]:
    """Return what a transaction on PostgreSQL begins with: it waits for whom it excludes, and keeps them out."""
    if excludes == EVERYTHING:
        return (f"SELECT pg_advisory_xact_lock({_ALL})",)
    each = "".join(f", pg_advisory_xact_lock({key})" for key in _keys(excludes.accounts))
    return (f"SELECT pg_advisory_xact_lock_shared({_ALL}){each}",) if each else ()


def exclude(connection: Connection, accounts: Collection[str]) -> None:
    """Do the same for accounts that a transaction found: it calls this once, before it touches anything."""
    if connection.dialect.name != "postgresql" or not accounts:
        return  # In a file one transaction runs at a time.
    keys = _keys(accounts)
    each = ", pg_advisory_xact_lock(%s)" * len(keys)
    asked_of_driver(connection, f"SELECT pg_advisory_xact_lock_shared(%s){each}", (_ALL, *keys))


def where_due(
    connection: Connection, free: Mapping[str, int], of: Literal["shipments", "orders"], now: datetime
) -> dict[str, int]:
    """Leave out the accounts for which nothing is due, so that a claim excludes no more than it must."""
    if connection.dialect.name != "postgresql" or not free:
        return dict(free)
    found = {name for (name,) in asked_of_driver(connection, _WHERE_DUE[of], (list(free), number_of(now)))}
    return {name: count for name, count in free.items() if name in found}


def _keys(accounts: Iterable[str]) -> list[int]:
    return sorted({_key(f"account/{account}") for account in accounts})


@lru_cache(maxsize=1024)
def _key(name: str) -> int:
    """Return the number of a lock; two names that share one only wait for each other more often."""
    digest = hashlib.sha256(f"carrier-relay/{name}".encode()).digest()
    return int.from_bytes(digest[:8], signed=True)


_WHERE_DUE: Final = {
    table: f"SELECT name FROM unnest(%s::text[]) AS name, LATERAL (SELECT FROM {table}"  # noqa: S608 - ours
    " WHERE account = name AND due_at <= %s LIMIT 1) AS due"
    for table in ("shipments", "orders")
}
"""One look into an index for each account, however much is due."""
_ALL: Final = _key("everything")
