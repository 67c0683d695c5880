"""Webhooks, events, shipments and plans, as the tests of the store need them: one word each."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from app.model import CarrierEvent, Milestone, Moment, References, TimeQuality, Webhook
from app.resolution import resolver
from app.store import (
    AddOrder,
    AddShipment,
    Claim,
    Claimed,
    Fact,
    Frozen,
    IndexedShipment,
    Plan,
    Put,
    RecordMapping,
    Store,
    Work,
)
from app.verification import Credentials, StaticHeader, Verified, verify

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
LEASE = timedelta(seconds=30)
SECRET = StaticHeader(header="x-key")


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        self.now += timedelta(**by)


def verified(body: bytes = b"{}", at: datetime = NOW, query: str = "") -> Verified:
    """Make a webhook whose sender was proven: only verification can."""
    headers = (("content-type", "application/json"), ("x-key", "k"))
    webhook = Webhook(
        method="POST", path="/webhooks/test/demo", query=query, headers=headers, body=body, received_at=at
    )
    return verify(SECRET, webhook, Credentials(secrets=("k",)), at)


def put(store: Store, identity: str, at: datetime = NOW, remember: timedelta = timedelta(days=35)) -> Put:
    webhook = verified(f'{{"id": "{identity}"}}'.encode(), at)
    return Put(
        id=store.ids.next(),
        owner="demo",
        carrier="test",
        identity=identity,
        verified=webhook,
        path=webhook.webhook.path,
        query="",
        headers=(("content-type", "application/json"), ("x-key", "***")),
        remember=remember,
    )


def event(
    number: str | None = "QX004512345BR",
    code: str = "01",
    at: datetime | str | None = NOW,
    *,
    milestone: Milestone = Milestone.IN_TRANSIT,
    description: str = "Em trânsito",
    **more: Any,
) -> CarrierEvent:
    moment = datetime.fromisoformat(at) if isinstance(at, str) else at
    return CarrierEvent(
        code=code,
        milestone=milestone,
        raw=(code, moment.isoformat() if moment else None, description),
        tracking_numbers=(number,) if number else (),
        occurred_at=Moment(at=moment, quality=TimeQuality.OFFSET, text=moment.isoformat()) if moment else None,
        description=description,
        **more,
    )


def recording(
    store: Store,
    *events: CarrierEvent,
    webhook: int = 1,
    now: datetime = NOW,
    accounts: Sequence[str] = ("demo",),
    **more: Any,
) -> RecordMapping:
    facts = tuple(Fact(fingerprint="/".join(map(str, event.raw)), event=event, trace={}) for event in events)
    settings: dict[str, Any] = {
        "owner": "demo",
        "carrier": "test",
        "adapter_version": 1,
        "ignored": (),
        "warnings": (),
        "lookup": False,
        "resolve": resolver(lambda: now),
    }
    return RecordMapping(
        webhook_id=webhook,
        accounts=tuple(accounts),
        facts=facts,
        ids=store.ids,
        now=now,
        **(settings | more),
    )


def shipment(
    order: str = "v527103anml-01",
    invoice: str = "45781",
    *numbers: str,
    account: str = "demo",
    **more: Any,
) -> IndexedShipment:
    return IndexedShipment(
        account=account, order_id=order, invoice_number=invoice, tracking_numbers=numbers or ("QX004512345BR",), **more
    )


def adding(store: Store, wanted: IndexedShipment, *, now: datetime = NOW, members: Sequence[str] = ()) -> AddShipment:
    return AddShipment(
        shipment=wanted,
        resolve=resolver(lambda: now),
        members=lambda owner: members or (owner,),
        ids=store.ids,
        now=now,
    )


def adding_order(store: Store, *packages: IndexedShipment, now: datetime = NOW) -> AddOrder:
    return AddOrder(
        shipments=tuple(
            package if package.origin == "return" else replace(package, origin="order") for package in packages
        ),
        resolve=resolver(lambda: now),
        members=lambda owner: (owner,),
        ids=store.ids,
        now=now,
    )


def sends_all(work: Work) -> Plan:
    """Plan as a forwarder does, in the shortest way: read if that is due, else send every open row."""
    if work.read_after is not None:
        return Plan(read=True)
    rows = [row for row in work.rows if row.row_state in {"pending", "sent"}]
    if not rows:
        return Plan()
    frozen = {row.event_id: row.frozen or Frozen(city="", state="", description=row.code, date="-") for row in rows}
    return Plan(
        body={"isDelivered": False, "deliveredDate": None, "events": [row.description for row in frozen.values()]},
        body_hash=str(sorted(frozen)),
        frozen=tuple((row.event_id, frozen[row.event_id]) for row in rows if row.row_state == "pending"),
        carries=tuple(frozen),
    )


def claim(
    store: Store,
    now: datetime = NOW,
    *,
    free: dict[str, int] | None = None,
    slots: int = 10,
    retry_slots: int = 1,
    plan: Callable[[Work], Plan] = sends_all,
) -> Claim:
    free = free or {"demo": 10}
    return Claim(
        free=free,
        slots=slots,
        retry_slots=retry_slots,
        lease=dict.fromkeys(free, LEASE),
        probe_every=dict.fromkeys(free, timedelta(seconds=30)),
        plan=plan,
        ids=store.ids,
        now=now,
    )


def invoices(claims: Sequence[Claimed]) -> list[str]:
    return [claimed.work.invoice_number for claimed in claims]


def references(**given: Any) -> References:
    return References(**given)
