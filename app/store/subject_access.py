"""Everything that is stored of one order, table by table, for whoever has a right to know it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, select

from app.store.auditing import Audited
from app.store.order_schema import orders
from app.store.privacy_schema import holds
from app.store.schema import attempts, audit, bodies, events, numbers, rows, shipments, subjects, webhooks
from app.store.stories import story_of

__all__ = ["AuditAccess", "order_document"]

Rows = tuple[Mapping[str, Any], ...]


def order_document(connection: Connection, account: str, owners: Sequence[str], order_id: str) -> Mapping[str, Rows]:
    """Read every row about an order, by table; webhooks have their bytes with them."""
    story = story_of(connection, account, owners, order_id=order_id)
    shipment_ids, subject_ids = story.shipment_ids, story.subject_ids
    targets = [f"shipment:{id_}" for id_ in shipment_ids] + [f"subject:{id_}" for id_ in subject_ids]
    targets.append(f"order:{account}/{order_id}")
    wanted: dict[Table, ColumnElement[bool]] = {
        orders: (orders.c.account == account) & (orders.c.order_id == order_id),
        shipments: shipments.c.id.in_(shipment_ids),
        numbers: numbers.c.shipment_id.in_(shipment_ids),
        rows: rows.c.shipment_id.in_(shipment_ids),
        attempts: attempts.c.shipment_id.in_(shipment_ids),
        subjects: subjects.c.id.in_(subject_ids),
        events: events.c.subject_id.in_(subject_ids),
        holds: (holds.c.account == account) & (holds.c.order_id == order_id),
        audit: audit.c.target.in_(targets),
    }
    found: dict[str, Rows] = {
        table.name: tuple(
            dict(row)
            for row in connection.execute(
                select(table).where(condition).order_by(*table.primary_key.columns)
            ).mappings()
        )
        for table, condition in wanted.items()
    }
    with_bytes = select(webhooks, bodies.c.body, bodies.c.fetched).join(
        bodies, bodies.c.webhook_id == webhooks.c.id, isouter=True
    )
    brought = with_bytes.where(webhooks.c.id.in_(story.webhook_ids)).order_by(webhooks.c.id)
    found["webhooks"] = tuple(dict(row) for row in connection.execute(brought).mappings())
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditAccess(Audited):
    """Write down that an order was exported, for whom, and the digest of the file."""

    account: str
    order_id: str
    sha256: str
    reason: str

    def run(self, connection: Connection) -> None:
        """Write it down."""
        target = f"order:{self.account}/{self.order_id}"
        self.audit(connection, "order.exported", target, {"sha256": self.sha256})
