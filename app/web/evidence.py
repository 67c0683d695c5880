"""Evidence on one shipment, as a file: what carriers said, what proved them, what VTEX was told and answered."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

from app.store import AuditExport, public_id
from app.store.evidence import received
from app.store.queries import ShipmentDetail
from app.web import schemas
from app.web.ops.access import Caller

__all__ = ["Evidence", "export_evidence"]

_FORMAT: Final = "carrier-relay evidence 1"
_NAMED_BY: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A file, and the digest under which the audit log knows it."""

    content: bytes
    sha256: str
    name: str


async def export_evidence(caller: Caller, found: ShipmentDetail, shown: schemas.ShipmentDetail) -> Evidence:
    """Write down everything that is known of a shipment; the audit log remembers the file's digest.

    Whoever is handed the file later can have it compared with the log: one changed byte is another digest.
    """
    given, now = caller.given, caller.given.now()
    webhook_ids = {event.webhook_id for event in found.events}
    brought = await given.store.read(lambda connection: received(connection, webhook_ids))
    document: dict[str, Any] = {
        "format": _FORMAT,
        "made_at": now,
        "made_by": caller.name,
        "relay_version": given.version,
        "shipment": shown.model_dump(mode="json"),
        "webhooks": [asdict(each) | {"id": public_id("wh", each.id)} for each in brought],
    }
    content = (json.dumps(document, ensure_ascii=False, indent=2, default=_text) + "\n").encode("utf-8", "replace")
    sha256 = hashlib.sha256(content).hexdigest()
    await given.store.write(
        AuditExport(shipment_id=found.summary.id, sha256=sha256, actor=caller.name, ids=given.store.ids, now=now)
    )
    name = f"evidence-{public_id('sh', found.summary.id)}-{sha256[:_NAMED_BY]}.json"
    return Evidence(content=content, sha256=sha256, name=name)


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
