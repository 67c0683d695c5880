"""Refused requests, as evidence."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select

from app.store.queries.paging import Page, page
from app.store.schema import refusals

__all__ = ["Refusal", "RefusalFilter", "RefusalSummary", "list_refusals", "refusal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalFilter:
    """Which refusals to list; None means any.

    ``owners`` are accounts or groups.
    """

    owners: tuple[str, ...] | None = None
    carrier: str | None = None
    status: int | None = None
    cause: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalSummary:
    """A refused request as a list shows it."""

    id: int
    at: datetime
    status: int
    cause: str
    detail: str
    owner: str
    carrier: str
    method: str
    path: str
    peer: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal(RefusalSummary):
    """A refused request with its headers, credentials masked, and the beginning of its body."""

    headers: tuple[tuple[str, str], ...]
    body: bytes


def list_refusals(
    connection: Connection, wanted: RefusalFilter, *, before: int | None, limit: int
) -> Page[RefusalSummary]:
    """List refusals, newest first."""
    listed = [column for column in refusals.columns if column.name not in {"headers", "body"}]
    query = select(*listed)
    if wanted.owners is not None:
        query = query.where(refusals.c.owner.in_(wanted.owners))
    for name in ("carrier", "status", "cause"):
        if (value := getattr(wanted, name)) is not None:
            query = query.where(refusals.c[name] == value)
    if wanted.since is not None:
        query = query.where(refusals.c.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(refusals.c.at < wanted.until)
    return page(connection, query, refusals.c.id, _summary, before=before, limit=limit)


def refusal(connection: Connection, refusal_id: int) -> Refusal | None:
    """Read one refusal, None when it is not kept (any more)."""
    row = connection.execute(select(refusals).where(refusals.c.id == refusal_id)).one_or_none()
    if row is None:
        return None
    headers = tuple((name, value) for name, value in row.headers)
    return Refusal(**_listed(row), headers=headers, body=row.body)


def _summary(row: Row[Any]) -> RefusalSummary:
    return RefusalSummary(**_listed(row))


def _listed(row: Row[Any]) -> dict[str, Any]:
    names = ("id", "at", "status", "cause", "detail", "owner", "carrier", "method", "path", "peer", "size")
    return {name: getattr(row, name) for name in names}
