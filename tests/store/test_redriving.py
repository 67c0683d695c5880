"""What was given up is taken up again as though it had never failed, and nothing else is touched."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from app.store import Plan, Settle, Settlement, Store
from app.store.redriving import revive
from app.store.replays import AuditReplay
from app.store.schema import audit, rows, shipments
from tests.store.making import NOW, adding, claim, event, recording, sends_all, shipment

pytestmark = pytest.mark.anyio

LATER = NOW + timedelta(days=4)
GIVEN_UP = Settlement(outcome="unknown", dead="no success within 3 days: 500", spends=True, split=True)


class Doing:
    """Run something on a connection."""

    def __init__(self, work: Any) -> None:
        self._work = work

    def run(self, connection: Connection) -> Any:
        return self._work(connection)


async def given_up(store: Store, settlement: Settlement = GIVEN_UP) -> int:
    """Give up a shipment with one event; return its id."""
    indexed = await store.write(adding(store, shipment()))
    await store.write(recording(store, event()))
    (one,) = await store.write(claim(store, plan=sends_all))
    await store.write(Settle(claimed=one, settlement=settlement, now=NOW))
    return indexed.shipment_id


async def looked_at(store: Store) -> tuple[dict[str, Any], list[tuple[str, str | None]]]:
    def look(connection: Connection) -> tuple[dict[str, Any], list[tuple[str, str | None]]]:
        found = dict(connection.execute(select(shipments)).mappings().one())
        shown = connection.execute(select(rows.c.state, rows.c.date).order_by(rows.c.event_id))
        return found, [(row.state, row.date) for row in shown]

    return await store.read(look)


async def test_what_was_given_up_begins_anew_with_a_read_of_the_order(store: Store) -> None:
    id_ = await given_up(store)

    revived = await store.write(Doing(lambda c: revive(c, [id_], LATER)))
    found, shown = await looked_at(store)

    assert [id_] == revived
    anew = {"attempts": 0, "failing_since": None, "dead_reason": None, "retrying": False, "split": False}
    assert {**anew, "due_at": LATER, "read_after": LATER, "lease": None}.items() <= found.items()
    # Whether VTEX has it is not known: it stays as it was sent until the read tells.
    assert [("sent", "-")] == shown
    (again,) = await store.write(claim(store, LATER))
    assert again.plan.read


async def test_a_row_that_vtex_refused_is_rendered_anew(store: Store) -> None:
    id_ = await given_up(store)
    refused = {"state": "dead", "reason": "VTEX refused it (400)"}
    await store.write(Doing(lambda c: c.execute(update(rows).values(**refused)).rowcount))
    await store.write(Doing(lambda c: c.execute(update(shipments).values(dead_reason=None)).rowcount))

    assert [id_] == await store.write(Doing(lambda c: revive(c, [id_], LATER)))

    found, shown = await looked_at(store)
    assert [("pending", None)] == shown
    assert LATER == found["due_at"]


async def test_what_is_at_work_or_was_never_given_up_stays_as_it_is(store: Store) -> None:
    id_ = (await store.write(adding(store, shipment()))).shipment_id
    await store.write(recording(store, event()))
    before = await looked_at(store)
    assert [] == await store.write(Doing(lambda c: revive(c, [id_, 7], LATER)))
    assert before == await looked_at(store)

    await store.write(claim(store))
    await store.write(Doing(lambda c: c.execute(update(rows).values(state="dead")).rowcount))
    leased = await looked_at(store)
    assert [] == await store.write(Doing(lambda c: revive(c, [id_], LATER)))
    assert leased == await looked_at(store)


async def test_a_replay_takes_up_what_was_given_up_of_its_shipments(store: Store) -> None:
    id_ = await given_up(store)
    await store.write(recording(store, event(code="02"), webhook=2))
    assert [] == await store.write(claim(store, LATER, plan=lambda _: Plan()))

    operation = recording(store, event(), revise=True, now=LATER)
    await store.write(AuditReplay(recording=operation, actor="ops", reason="VTEX is back"))

    (claimed,) = await store.write(claim(store, LATER))
    assert id_ == claimed.work.shipment_id
    detail = await store.read(lambda c: c.execute(select(audit.c.detail)).scalar_one())
    assert {"new_events": 0, "placed": 0, "revived": 1} == detail
