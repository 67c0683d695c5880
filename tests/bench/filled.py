"""A database as a busy relay leaves it: webhooks with their events, shipments, rows and calls, written in bulk."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Table

from app.store import Store
from app.store.schema import (
    attempts,
    audit,
    bodies,
    events,
    numbers,
    refusals,
    rows,
    shipments,
    subject_keys,
    subjects,
    webhooks,
)
from tests.bench.writing import Written

__all__ = ["RARE_CODE", "Filling", "fill"]

RARE_CODE: Final = "seldom"
_EPOCH: Final = datetime(2020, 1, 1, tzinfo=UTC)
_BATCH: Final = 5_000
_PER_PARCEL: Final = 5
_DAYS: Final = 35
_MILESTONES: Final = ("PRE_TRANSIT", "IN_TRANSIT", "IN_TRANSIT", "OUT_FOR_DELIVERY", "DELIVERED")
_ROW_STATES: Final = ("applied", "applied", "observed", "pending", "dead")
_HEADERS: Final = [["content-type", "application/json"], ["user-agent", "carrier/1.0"], ["x-signature", "***"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """How much there is: so many webhooks until a time, each with one event."""

    webhooks: int
    until: datetime
    seed: int = 1

    def at(self, place: int) -> datetime:
        """Return when a webhook came."""
        return self.until - timedelta(days=_DAYS) * (1 - place / self.webhooks)

    def id_at(self, place: int, kind: int = 0) -> int:
        """Make an id of that time."""
        since = (self.at(place) - _EPOCH) // timedelta(milliseconds=1)
        return (since << 22) | (place % 1000) * 8 + kind

    def number(self, parcel: int) -> str:
        """Name a parcel."""
        return f"QX{parcel:09d}BR"


async def fill(store: Store, filling: Filling, told: Callable[[int], None] = lambda _count: None) -> None:
    """Write everything; ``told`` is told how many webhooks are written."""
    for start, batch in _batches(filling):
        await store.write(Written(batch))
        told(min(start + _BATCH, filling.webhooks))


def _batches(filling: Filling) -> Iterator[tuple[int, dict[Table, list[dict[str, Any]]]]]:
    draw = random.Random(filling.seed)  # noqa: S311 - invented traffic
    order = (webhooks, bodies, subjects, subject_keys, events, shipments, numbers, rows, attempts, audit, refusals)
    for start in range(0, filling.webhooks, _BATCH):
        batch: dict[Table, list[dict[str, Any]]] = {table: [] for table in order}
        for place in range(start, min(start + _BATCH, filling.webhooks)):
            _webhook(filling, place, draw, batch)
        yield start, batch


def _webhook(filling: Filling, place: int, draw: random.Random, batch: dict[Table, list[dict[str, Any]]]) -> None:
    """Add a webhook: every fifth one is the first of a parcel, and what is rare came long ago."""
    parcel, scan = divmod(place, _PER_PARCEL)
    luck = random.Random(f"{filling.seed} {parcel}").random()  # noqa: S311 - the same for all scans of a parcel
    owner = "mystore" if luck < 0.6 else "other" if luck < 0.999 else "brands"
    carrier = "signed" if luck < 0.7 else "keyed" if luck < 0.9999 else "xml"
    is_old = place < filling.webhooks // 3
    state = draw.choices(("mapped", "ignored", "unmappable"), (960, 30, 10 if is_old else 0))[0]
    code = RARE_CODE if is_old and place % 997 == 0 else f"code-{scan}"
    at, id_ = filling.at(place), filling.id_at(place)
    number = filling.number(parcel)
    body = json.dumps({"id": f"d-{place}", "number": number, "events": [{"code": code, "text": "Objeto em trânsito"}]})
    batch[webhooks].append(
        {
            "id": id_,
            "owner": owner,
            "carrier": carrier,
            "received_at": at,
            "method": "POST",
            "path": f"/webhooks/{carrier}/{owner}",
            "query": "",
            "headers": _HEADERS,
            "peer": "203.0.113.7",
            "body_sha256": f"{place:064x}",
            "size": len(body),
            "scheme": "Hmac",
            "secret": 0,
            "state": state,
            "adapter_version": 1 if is_old else 2,
            "mapped_at": at,
            "notes": {"ignored": [], "warnings": []},
            "map_attempts": 1,
            "duplicates": 0,
        }
    )
    batch[bodies].append({"webhook_id": id_, "body": body.encode()})
    if scan == 0:
        _parcel(filling, place, owner, carrier, batch)
    _event(filling, place, code, batch)
    if place % 5 == 0:
        batch[audit].append(
            {
                "id": filling.id_at(place, 5),
                "at": at,
                "actor": "operator",
                "action": "webhook.replayed",
                "target": f"webhook:{id_}",
                "reason": "invented",
                "detail": {},
            }
        )


def _parcel(filling: Filling, place: int, owner: str, carrier: str, batch: dict[Table, list[dict[str, Any]]]) -> None:
    """Add what a parcel is about, and its shipment unless it waits or is given up."""
    parcel, at = place // _PER_PARCEL, filling.at(place)
    number, account = filling.number(parcel), "mystore" if owner == "brands" else owner
    state = "parked" if parcel % 20 == 3 else "unmatched" if parcel % 20 == 4 else "placed"
    subject_id = filling.id_at(place, 1)
    batch[subjects].append(
        {
            "id": subject_id,
            "owner": owner,
            "carrier": carrier,
            "subject": f"number:{number}",
            "numbers": [number],
            "references": {},
            "derived": {},
            "state": state,
            "strategy": "tracking-number" if state == "placed" else None,
            "cause": "unknown-number" if state == "parked" else None,
            "since": at,
            "created_at": at,
            "lookups": 0,
        }
    )
    if state != "placed":
        batch[subject_keys].append({"account": account, "kind": "number", "value": number, "subject_id": subject_id})
    shipment_id = filling.id_at(place, 2)
    is_over = parcel % 3 != 0
    batch[shipments].append(
        {
            "id": shipment_id,
            "account": account,
            "order_id": f"v{parcel}abc-01",
            "invoice_number": f"{parcel:09d}",
            "invoice_bare": str(parcel),
            "invoice_key": f"{parcel:044d}",
            "sequence": str(500_000 + parcel),
            "courier": carrier,
            "invoiced_at": at,
            "origin": "order",
            "created_at": at,
            "due_at": filling.until if parcel % 50 == 7 else None,
            "dead_reason": "VTEX refused it: 400" if parcel % 100 == 9 else None,
            "news_at": at,
            "quiet_since": None if is_over else at,
            "delivered_at": at if is_over else None,
        }
    )
    batch[numbers].append(
        {"account": account, "number": number, "shipment_id": shipment_id, "shown": number, "added_at": at}
    )


def _event(filling: Filling, place: int, code: str, batch: dict[Table, list[dict[str, Any]]]) -> None:
    """Add a scan, its row, and the call that brought it to VTEX."""
    scan, at = place % _PER_PARCEL, filling.at(place)
    first = place - scan
    shipment_id, event_id = filling.id_at(first, 2), filling.id_at(place, 3)
    account = "mystore"
    batch[events].append(
        {
            "id": event_id,
            "subject_id": filling.id_at(first, 1),
            "fingerprint": f"{place:032x}",
            "webhook_id": filling.id_at(place),
            "received_at": at,
            "code": code,
            "milestone": "EXCEPTION" if code == RARE_CODE else _MILESTONES[scan],
            "occurred_at": at,
            "description": "Objeto em trânsito",
            "tracking_number": filling.number(place // _PER_PARCEL),
            "reverses": [],
            "trace": {"code": "$.events[0].code"},
            "warnings": [],
        }
    )
    batch[rows].append(
        {
            "shipment_id": shipment_id,
            "event_id": event_id,
            "state": ("applied", "applied", "observed", "pending", "dead")[(place // 7) % 5]
            if place % 7 == 0
            else "applied",
            "description": "Objeto em trânsito",
            "date": at.isoformat(),
        }
    )
    batch[attempts].append(
        {
            "id": filling.id_at(place, 4),
            "shipment_id": shipment_id,
            "account": account,
            "call": "put",
            "lease": "0" * 16,
            "started_at": at,
            "ended_at": at,
            "outcome": "unknown" if place % 501 == 0 else "applied",
            "status": 503 if place % 501 == 0 else 200,
            "body": {"isDelivered": False, "events": []},
        }
    )
    if place % 97 == 0 and len(batch[refusals]) < 50:
        batch[refusals].append(_refusal(filling, place))


def _refusal(filling: Filling, place: int) -> dict[str, Any]:
    return {
        "id": filling.id_at(place, 6),
        "at": filling.at(place),
        "status": 401,
        "cause": "wrong-credential",
        "detail": "invented",
        "owner": "mystore",
        "carrier": "signed",
        "method": "POST",
        "path": "/webhooks/signed/mystore",
        "headers": _HEADERS,
        "peer": "203.0.113.7",
        "size": 2,
        "body": b"{}",
    }
