"""What is read and given out is written down: lists as files, and what holds persons' data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection, select

from app.store.auditing import Audited
from app.store.schema import audit

__all__ = ["AuditListExport", "AuditReading"]

_ONCE_IN: Final = timedelta(minutes=15)
"""Whoever looks at the same thing again and again within this time has looked once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditListExport(Audited):
    """Write down that a list was given out as a file, and by which filters."""

    name: str
    format: str
    filters: Mapping[str, str]

    def run(self, connection: Connection) -> None:
        """Write it down."""
        detail = {"format": self.format, "filters": dict(self.filters)}
        self.audit(connection, "list.exported", f"list:{self.name}", detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReading(Audited):
    """Write down that somebody saw what is hidden from others: a request as it came, a carrier's own words.

    Args:
        kind: ``webhook``, ``refusal``, ``shipment`` or ``subject``.
        number: Its id.

    """

    kind: str
    number: int

    def run(self, connection: Connection) -> None:
        """Write it down, unless it was a moment ago."""
        target, action = f"{self.kind}:{self.number}", f"{self.kind}.read-unmasked"
        known = select(audit.c.id).where(
            audit.c.target == target,
            audit.c.actor == self.actor,
            audit.c.action == action,
            audit.c.at > self.now - _ONCE_IN,
        )
        if connection.execute(known.limit(1)).first() is not None:
            return
        self.audit(connection, action, target)
