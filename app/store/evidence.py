"""What an export of evidence needs of the store: the webhooks behind events, and a note that it was given out."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from sqlalchemy import Connection, select

from app.store.auditing import Audited
from app.store.exclusion import FREE, Exclusion
from app.store.schema import webhooks

__all__ = ["AuditExport", "Received", "received"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A webhook as evidence: when it came from where, what proved its sender, and the digest of its bytes."""

    id: int
    owner: str
    carrier: str
    received_at: datetime
    peer: str
    scheme: str
    secret: int
    size: int
    body_sha256: str


def received(connection: Connection, webhook_ids: Collection[int]) -> tuple[Received, ...]:
    """Read the webhooks with some ids, as far as they are still kept."""
    names = tuple(Received.__dataclass_fields__)
    columns = [webhooks.c[name] for name in names]
    found = connection.execute(select(*columns).where(webhooks.c.id.in_(webhook_ids)).order_by(webhooks.c.id))
    return tuple(Received(**{name: getattr(row, name) for name in names}) for row in found)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditExport(Audited):
    """Write down that evidence on a shipment was given out, and the digest by which the file is known again."""

    shipment_id: int
    sha256: str
    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> None:
        """Write it down."""
        target = f"shipment:{self.shipment_id}"
        self.audit(connection, "shipment.evidence-exported", target, {"sha256": self.sha256})
