"""An account is forgotten whole, its neighbours not at all, and no carrier brings it back."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, select

from app.errors import OrdersHeld
from app.store import EraseBatch, Store
from app.store.holding import HoldOrder, ReleaseOrder
from app.store.inbox import Put
from app.store.schema import audit, events, ledger, shipments, subjects, webhooks
from app.store.tables import metadata
from tests.store.making import NOW, adding, claim, event, put, recording, shipment

pytestmark = pytest.mark.anyio
GROUP = ("demo", "other")


async def received(store: Store, identity: str, owner: str, *numbers: str) -> Put:
    """Take a webhook in, and map it to an event of each number."""
    wanted = replace(put(store, identity), owner=owner)
    await store.write(wanted)
    members = GROUP if owner == "brands" else (owner,)
    told = [event(number, identity) for number in numbers]
    await store.write(recording(store, *told, webhook=wanted.id, owner=owner, accounts=members))
    return wanted


async def filled(store: Store) -> dict[str, Put]:
    """Give the accounts demo and other, and their group, one of everything."""
    for account in GROUP:
        for number in range(3):
            wanted = shipment(f"{account}-{number}", str(number), f"{account}{number}", account=account)
            await store.write(adding(store, wanted, members=GROUP))
    puts = {
        "own": await received(store, "own", "demo", "demo0", "demo-parked"),
        "neighbour": await received(store, "neighbour", "other", "other0", "other-parked"),
        "of both": await received(store, "of both", "brands", "demo1", "other1"),
        "of one": await received(store, "of one", "brands", "demo2"),
        "of nobody": await received(store, "of nobody", "brands", "brands-parked"),
    }
    await store.write(claim(store, free={"demo": 10, "other": 10}))
    return puts


async def everything(store: Store) -> dict[str, list[Mapping[str, Any]]]:
    def look(connection: Connection) -> dict[str, list[Mapping[str, Any]]]:
        return {
            table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in metadata.sorted_tables
        }

    return await store.read(look)


async def erased(store: Store) -> dict[str, int]:
    counts: dict[str, int] = {}
    while batch := await store.write(EraseBatch(account="demo")):
        for name, count in batch.items():
            counts[name] = counts.get(name, 0) + count
    return counts


async def test_nothing_of_the_account_is_left_in_any_table(store: Store) -> None:
    await filled(store)

    counts = await erased(store)

    left = await everything(store)
    for name, found in left.items():
        for row in found:
            assert "demo" not in {row.get("account"), row.get("owner")}, name
            if name != "webhooks":
                assert not str(row.get("number", "")).startswith("DEMO"), name
    assert {"shipments": 3, "webhooks": 2, "subjects": 4, "bodies": 2}.items() <= counts.items()
    assert {"rows", "attempts", "numbers", "events", "match_counts"} <= counts.keys()


async def test_what_belongs_to_others_stays_as_it_is(store: Store) -> None:
    puts = await filled(store)
    before = await everything(store)

    await erased(store)

    after = await everything(store)
    assert {puts[name].id for name in ("neighbour", "of both", "of nobody")} == {row["id"] for row in after["webhooks"]}
    mine = {row["id"] for row in before["shipments"] if row["account"] == "other"}
    for name in ("shipments", "numbers", "rows", "attempts"):
        key = "id" if name == "shipments" else "shipment_id"
        assert [row for row in before[name] if row[key] in mine] == after[name]
    assert {"number:OTHER0", "number:OTHERPARKED", "number:OTHER1", "number:BRANDSPARKED"} == {
        row["subject"] for row in after["subjects"]
    }
    assert before["audit"] == after["audit"]


async def test_a_carrier_that_sends_again_brings_nothing_back(store: Store) -> None:
    puts = await filled(store)
    await erased(store)

    for name in ("own", "of one"):
        again = await store.write(replace(puts[name], id=store.ids.next()))
        assert (True, puts[name].id) == (again.duplicate, again.webhook_id)
    assert 3 == len(await store.read(lambda c: c.execute(select(webhooks.c.id)).all()))
    assert 5 == len(await store.read(lambda c: c.execute(select(ledger)).all()))


async def test_it_goes_on_after_an_interruption_and_ends(store: Store) -> None:
    for number in range(120):
        await store.write(adding(store, shipment(f"v{number}", "1", f"N{number}")))
    await received(store, "many", "demo", *(f"N{number}" for number in range(120)))

    first = await store.write(EraseBatch(account="demo"))
    rest = await erased(store)

    assert 50 == first["shipments"]
    assert 70 == rest["shipments"]
    assert {} == await store.write(EraseBatch(account="demo"))
    assert [] == await store.read(lambda c: c.execute(select(shipments.c.id).union(select(events.c.id))).all())
    assert [] == await store.read(lambda c: c.execute(select(subjects.c.id).union(select(audit.c.id))).all())


async def test_nothing_goes_while_an_order_is_held(store: Store) -> None:
    await filled(store)
    before = await everything(store)
    who: dict[str, Any] = {"account": "demo", "order_id": "demo-1", "actor": "ana", "reason": "x", "ids": store.ids}
    await store.write(HoldOrder(**who, now=NOW))

    with pytest.raises(OrdersHeld) as refused:
        await erased(store)

    assert ("demo-1",) == refused.value.orders
    assert before["shipments"] == (await everything(store))["shipments"]
    await store.write(ReleaseOrder(**who, now=NOW))
    assert (await erased(store))["shipments"]
