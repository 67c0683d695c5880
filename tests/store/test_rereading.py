"""Reading webhooks again corrects what is known of their events, and repeats none."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select, update

from app.model import Milestone
from app.store import Plan, Store
from app.store.schema import events, rows, shipments
from tests.store.making import NOW, adding, claim, event, recording, shipment

pytestmark = pytest.mark.anyio


async def is_due(store: Store) -> bool:
    query = select(shipments.c.due_at)
    return None not in await store.read(lambda connection: connection.execute(query).scalars().all())


async def test_reading_the_same_bytes_again_repeats_nothing_even_without_times(store: Store) -> None:
    out, back = event(code="out", at=None), event(code="back", at=None)
    await store.write(recording(store, out, back, webhook=1))
    await store.write(recording(store, out, webhook=2))

    again = [
        await store.write(recording(store, out, back, webhook=1)),
        await store.write(recording(store, out, webhook=2, revise=True)),
        await store.write(recording(store, back, webhook=3, revise=True)),
    ]

    assert [0, 0, 0] == [recorded.new_events for recorded in again]


async def test_reading_again_corrects_what_is_known_and_has_the_timeline_looked_at(store: Store) -> None:
    await store.write(adding(store, shipment()))
    await store.write(recording(store, event()))
    await store.write(claim(store, plan=lambda _: Plan()))
    assert not await is_due(store)

    better = replace(event(), description="Em trânsito para Campinas", raw=event().raw)
    await store.write(recording(store, better, revise=True, now=NOW + timedelta(days=1)))

    assert await is_due(store)
    query = select(events.c.description, events.c.received_at)
    assert (better.description, NOW) == tuple(await store.read(lambda c: c.execute(query).one()))


async def test_reading_again_corrects_every_occurrence_of_an_event_and_what_was_left_out_for_it(store: Store) -> None:
    await store.write(adding(store, shipment()))
    out, back = event(code="out", at=None), event(code="back", at=None)
    for number, told in enumerate((out, back, out)):
        await store.write(recording(store, told, webhook=number))

    class LeftOut:
        def run(self, connection: Connection) -> None:
            connection.execute(update(rows).values(state="skipped", reason="of no interest"))

    await store.write(LeftOut())
    better = replace(out, milestone=Milestone.OUT_FOR_DELIVERY)
    await store.write(recording(store, better, webhook=2, revise=True))

    query = select(events.c.milestone, rows.c.state).join(rows, rows.c.event_id == events.c.id).order_by(events.c.id)
    assert [("OUT_FOR_DELIVERY", "pending"), ("IN_TRANSIT", "skipped"), ("OUT_FOR_DELIVERY", "pending")] == [
        tuple(row) for row in await store.read(lambda c: c.execute(query).all())
    ]
