"""Whatever became of parcels: retention takes nothing that waits, and nothing is new when it is told again."""

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from app.store import Settle, Settlement, Store
from app.store.holding import HoldOrder
from app.store.privacy_schema import holds
from app.store.schema import attempts, bodies, events, rows, shipments, subjects, webhooks
from tests.store.making import NOW, adding, claim, event, recording, shipment
from tests.store.test_retention import DAY, RETENTION, received, retire

PARCELS = ("QX0A", "QX0B", "QX0C")
FATES = st.sampled_from(["applied", "open", "dead", "parked", "held", "unmatched"])


@given(
    fates=st.tuples(FATES, FATES, FATES),
    codes=st.lists(st.tuples(st.integers(0, 2), st.sampled_from("1234"), st.booleans()), min_size=1, max_size=9),
    days=st.integers(1, 900),
)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_retention_never_takes_what_waits_nor_makes_anything_new(
    tmp_path_factory: pytest.TempPathFactory, fates: tuple[str, ...], codes: list[tuple[int, str, bool]], days: int
) -> None:
    asyncio.run(_lives(f"sqlite:///{tmp_path_factory.mktemp('life')}/relay.db", fates, codes, days))


async def _lives(url: str, fates: tuple[str, ...], codes: list[tuple[int, str, bool]], days: int) -> None:
    store = Store.open(url, lock_wait_seconds=0)
    try:
        told = [event(PARCELS[parcel], code, NOW if timed else None) for parcel, code, timed in codes]
        await _live(store, fates, told)
        before = await store.read(_waiting)
        later = NOW + days * DAY
        await retire(store, later)
        assert before == await store.read(_waiting)

        if days < RETENTION.fingerprints.days:
            # A whole history is told again, in its order: nothing of it is new, and nothing goes out twice.
            due = await store.read(lambda c: set(c.execute(select(rows.c.event_id)).scalars()))
            again = [each for each in told if each.occurred_at is not None]
            recorded = await store.write(recording(store, *again, webhook=99, now=later))
            assert 0 == recorded.new_events
            assert due == await store.read(lambda c: set(c.execute(select(rows.c.event_id)).scalars()))
    finally:
        await store.close()


async def _live(store: Store, fates: tuple[str, ...], told: list[Any]) -> None:
    """Give each parcel its fate."""
    placed = {parcel: fate for parcel, fate in zip(PARCELS, fates, strict=True) if fate not in {"parked", "unmatched"}}
    for parcel in placed:
        await store.write(adding(store, shipment(f"v{parcel}", parcel[-1], parcel)))
    for number, each in enumerate(told):
        await received(store, f"w{number}", each)
    for claimed in await store.write(claim(store)):
        fate = placed[f"QX0{claimed.work.invoice_number}"]
        end = Settlement(outcome="missing", dead="no such order") if fate == "dead" else Settlement(outcome="applied")
        if fate != "open":
            await store.write(Settle(claimed=claimed, settlement=end, now=NOW))
    await forwarded_rest(store, placed)
    for parcel, fate in zip(PARCELS, fates, strict=True):
        if fate == "held":
            who: Any = {"account": "demo", "order_id": f"v{parcel}", "actor": "ana", "reason": "x", "ids": store.ids}
            await store.write(HoldOrder(**who, now=NOW))
        if fate == "unmatched":
            await store.write(_Unmatch(parcel))


async def forwarded_rest(store: Store, placed: dict[str, str]) -> None:
    """Let what was applied come to rest."""
    for claimed in await store.write(claim(store)):
        assert placed[f"QX0{claimed.work.invoice_number}"] in {"applied", "held"}
        await store.write(Settle(claimed=claimed, settlement=Settlement(outcome="applied"), now=NOW))


class _Unmatch:
    def __init__(self, parcel: str) -> None:
        self.parcel = parcel

    def run(self, connection: Connection) -> None:
        mine = subjects.c.subject == f"number:{self.parcel}"
        connection.execute(subjects.update().where(mine).values(state="unmatched", since=NOW))


def _waiting(connection: Connection) -> dict[str, list[Any]]:
    """Read everything about what is open, parked, given up or held."""
    held = select(holds.c.order_id)
    waiting = select(shipments.c.id).where(
        shipments.c.due_at.is_not(None) | shipments.c.dead_reason.is_not(None) | shipments.c.order_id.in_(held)
    )
    parked = select(subjects.c.id).where(subjects.c.state == "parked")
    shown = select(rows.c.event_id).where(rows.c.shipment_id.in_(waiting))
    kept = select(events.c.id).where(events.c.id.in_(shown) | events.c.subject_id.in_(parked))
    brought = select(events.c.webhook_id).where(events.c.id.in_(kept))
    queries = {
        "shipments": select(shipments.c.id).where(shipments.c.id.in_(waiting)),
        "rows": select(rows.c.event_id, rows.c.state).where(rows.c.shipment_id.in_(waiting)),
        "events": kept,
        "attempts": select(attempts.c.id).where(attempts.c.shipment_id.in_(waiting)),
        "subjects": parked,
        "webhooks": select(webhooks.c.id).where(webhooks.c.id.in_(brought)),
        "bodies": select(bodies.c.webhook_id).where(bodies.c.webhook_id.in_(brought)),
    }
    return {name: sorted(map(tuple, connection.execute(query))) for name, query in queries.items()}
