"""The audit log: who changed what, when and why."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, or_, select

from app.store.queries.paging import Page, Through, between, page
from app.store.schema import audit

__all__ = ["AuditEntry", "AuditFilter", "list_audit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which entries to list; None means any.

    Args:
        actor: Who.
        action: What, such as ``account.stopped``; one that ends in a full stop names all that begin so.
        target: On what, such as ``account:mystore``.
        since: Not before this time.
        until: Before this time.
        limited_to: Entries of this actor or on these accounts only; None for no limit.

    """

    actor: str | None = None
    action: str | None = None
    target: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    limited_to: tuple[str, tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One change."""

    id: int
    at: datetime
    actor: str
    action: str
    target: str
    reason: str | None
    detail: Mapping[str, Any]


_NAMES: Final = tuple(field.name for field in fields(AuditEntry))


def list_audit(connection: Connection, wanted: AuditFilter, *, before: int | None, limit: int) -> Page[AuditEntry]:
    """List entries, newest first."""
    query = select(*(audit.c[name] for name in _NAMES))
    for name in ("actor", "target"):
        if (value := getattr(wanted, name)) is not None:
            query = query.where(audit.c[name] == value)
    if wanted.action is not None:
        is_group = wanted.action.endswith(".")
        query = query.where(
            audit.c.action.startswith(wanted.action, autoescape=True) if is_group else audit.c.action == wanted.action
        )
    if wanted.limited_to is not None:
        actor, accounts = wanted.limited_to
        targets = [f"account:{name}" for name in accounts]
        query = query.where(or_(audit.c.actor == actor, audit.c.target.in_(targets)))
    times = between(connection, audit, audit.c.at, wanted.since, wanted.until)
    if wanted.target is not None:
        # An entry on a single thing is found by its index; of all else only so many are looked through.
        mine = [audit.c.target == wanted.target, *times]
        through = Through(table=audit, index="ix_audit_target", conditions=mine)
    else:
        through = Through(table=audit, conditions=times)
    query = query.where(*times)
    return page(
        connection,
        query,
        audit.c.id,
        lambda row: AuditEntry(**{name: getattr(row, name) for name in _NAMES}),
        before=before,
        limit=limit,
        through=through,
    )
