"""What is erased is in no table and in no byte of the files, and nothing brings it back."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from app.errors import Erased
from app.model import References
from app.store import AddRefusal, EraseBatch, Settle, Settlement, Store, TellOrders, ToldOrder
from app.store.body_search import AdvanceErasure, search_bodies
from app.store.console_schema import overrides
from app.store.holding import HoldOrder, ReleaseOrder
from app.store.inbox import Put
from app.store.order_erasing import EraseOrder, Erasure, Held
from app.store.schema import attempts, audit, bodies, events, numbers, shipments, subjects, webhooks
from app.store.tables import metadata
from tests.store.making import NOW, adding, adding_order, claim, event, put, recording, shipment, verified

pytestmark = pytest.mark.anyio

ORDER, NUMBER = "1527103869572-01", "QX904512345BR"
PERSON = b"Teodora Exemplo"
LATER = NOW + timedelta(days=1)


def telling(store: Store, identity: str, body: bytes) -> Put:
    return replace(put(store, identity), verified=verified(body))


async def received(store: Store, identity: str, body: bytes, *told: Any, **more: Any) -> Put:
    wanted = telling(store, identity, body)
    await store.write(wanted)
    if told:
        await store.write(recording(store, *told, webhook=wanted.id, **more))
    return wanted


def erasing(store: Store, **more: Any) -> EraseOrder:
    given: dict[str, Any] = {"order_id": ORDER, "number": None, "owners": ("demo",)}
    given |= {"account": "demo", "actor": "ana", "reason": f"{ORDER} asked for it"}
    return EraseOrder(**(given | more), numbers_until=LATER + timedelta(days=365), ids=store.ids, now=LATER)


async def erased(store: Store, **more: Any) -> Counter[str]:
    """Erase to the end."""
    begun = await store.write(erasing(store, **more))
    assert isinstance(begun, Erasure)
    counts, position, is_last = Counter(begun.counts), begun.position, False
    while not is_last:
        after = position
        found = await store.read(lambda c: search_bodies(c, begun, 2, after=after))  # noqa: B023 - awaited at once
        counts.update(await store.write(AdvanceErasure(erasure=begun, searched=found, now=LATER)))
        position, is_last = found.position, found.is_last
    assert await store.truncate_log()
    return counts


async def a_life(store: Store) -> dict[str, Put]:
    """Let an order live: told once and again, in a batch with another one, forwarded, refused, and worked on."""
    await store.write(TellOrders(account="demo", told=(ToldOrder(order_id=ORDER),), source="hook", now=NOW))
    await store.write(replace(adding(store, shipment(ORDER, "45781", NUMBER)), actor="ana"))
    await store.write(adding(store, shipment("v2-01", "2", "OTHER000001")))
    body = b'{"number": "%s", "receiver": "%s"}' % (NUMBER.encode(), PERSON)
    one, other = event(NUMBER, "01", description=PERSON.decode()), event("OTHER000001", "01")
    puts = {
        "first": await received(store, "first", body, one),
        "again": await received(store, "again", body + b" ", one),
        "batch": await received(store, "batch", b"[" + body + b', "OTHER000001"]', event(NUMBER, "02"), other),
        "other": await received(store, "other", b'{"number": "OTHER000001"}', other),
        "unread": await received(store, "unread", b"n=QX%20904512345-BR&name=" + PERSON.replace(b" ", b"+")),
    }
    for claimed in await store.write(claim(store)):
        await store.write(Settle(claimed=claimed, settlement=Settlement(outcome="applied", detail="ok"), now=NOW))
    refusal: dict[str, Any] = {"status": 401, "cause": "c", "detail": "", "owner": "demo", "carrier": "test"}
    refusal |= {"method": "POST", "path": "/", "headers": (), "peer": "", "size": 1, "body": body}
    await store.write(AddRefusal(id=store.ids.next(), at=NOW, **refusal))
    return puts


async def everything(store: Store) -> dict[str, list[dict[str, Any]]]:
    def look(connection: Connection) -> dict[str, list[dict[str, Any]]]:
        return {
            table.name: [dict(row) for row in connection.execute(select(table)).mappings()]
            for table in metadata.sorted_tables
        }

    return await store.read(look)


def contents(database_url: str) -> bytes:
    file = database_url.removeprefix("sqlite:///")
    return b"".join(Path(file + end).read_bytes() for end in ("", "-wal", "-shm"))


async def test_it_is_in_no_table_and_in_no_byte_of_the_files(store: Store, database_url: str) -> None:
    await a_life(store)
    if database_url.startswith("sqlite"):
        assert PERSON in contents(database_url)

    counts = await erased(store)

    assert {
        "shipments": 1,
        "bodies": 4,
        "webhooks": 3,
        "events": 2,
        "refusals": 1,
        "orders": 1,
    }.items() <= counts.items()
    left = str(await everything(store))
    for text in (ORDER, NUMBER, PERSON.decode()):
        assert text not in left
    if database_url.startswith("sqlite"):
        found = contents(database_url)
        assert {ORDER: False, NUMBER: False, PERSON.decode(): False} == {
            text: text.encode() in found for text in (ORDER, NUMBER, PERSON.decode())
        }


async def test_no_byte_is_left_among_thousands_of_neighbours(store: Store, database_url: str) -> None:
    if not database_url.startswith("sqlite"):
        return
    for number in range(300):
        name = b"%s %04d" % (PERSON, number) if number % 3 == 0 else b"Outra Pessoa"
        mine = f"QX{number:06d}" if number % 3 == 0 else f"ZZ{number:06d}"
        order = ORDER if number % 3 == 0 else f"v{number}-01"
        await store.write(adding(store, shipment(order, str(number), mine)))
        body = b'{"n": "%s", "who": "%s"}' % (mine.encode(), name) * (1 + number % 90)
        await received(store, f"w{number}", body, event(mine, "01", description=name.decode()))

    await erased(store)

    found = contents(database_url)
    assert 0 == found.count(PERSON)
    assert b"Outra Pessoa" in found


async def test_what_is_of_others_stays_and_the_bytes_of_a_shared_batch_go_whole(store: Store) -> None:
    puts = await a_life(store)

    await erased(store)

    assert ["v2-01"] == await store.read(lambda c: list(c.execute(select(shipments.c.order_id)).scalars()))
    assert ["OTHER000001"] == await store.read(lambda c: list(c.execute(select(events.c.tracking_number)).scalars()))
    kept = await store.read(lambda c: set(c.execute(select(webhooks.c.id)).scalars()))
    assert {puts["batch"].id, puts["other"].id} == kept
    assert [puts["other"].id] == await store.read(lambda c: list(c.execute(select(bodies.c.webhook_id)).scalars()))


async def test_retries_histories_and_reads_bring_nothing_back(store: Store) -> None:
    puts = await a_life(store)
    await erased(store)

    for name in ("first", "again", "batch", "unread"):
        assert (await store.write(replace(puts[name], id=store.ids.next()))).duplicate
    fresh = await received(store, "history", b"a new history", event(NUMBER, "01"), event(NUMBER, "05"))
    by_order = event(None, "07", references=References(order_id=ORDER))
    await received(store, "by order", b"names the order", by_order)
    told = await store.write(
        TellOrders(account="demo", told=(ToldOrder(order_id=ORDER),), source="backfill", now=LATER)
    )
    await store.write(adding_order(store, shipment(ORDER, "45781", NUMBER), now=LATER))
    with pytest.raises(Erased):
        await store.write(adding(store, shipment(ORDER, "45781", NUMBER), now=LATER))

    assert 0 == told.due
    left = await everything(store)
    assert NUMBER not in str(left)
    assert ORDER not in str(left)
    assert {"ignored"} == {row["state"] for row in left["webhooks"] if row["id"] >= fresh.id}
    assert (await store.write(replace(telling(store, "history", b"a new history"), id=store.ids.next()))).duplicate


async def test_a_number_is_forgotten_for_its_days_and_its_order_comes_back_without_it(store: Store) -> None:
    await a_life(store)

    await erased(store, order_id=None, number="QX 904512345 br")
    await store.write(adding(store, shipment(ORDER, "45781", NUMBER, "NEW00000001"), now=LATER))

    assert {"NEW00000001", "OTHER000001"} == await store.read(
        lambda c: set(c.execute(select(numbers.c.number)).scalars())
    )
    much_later = LATER + timedelta(days=366)
    again = await store.write(recording(store, event(NUMBER, "01"), webhook=5, now=much_later))
    assert 1 == again.new_events


async def test_a_held_order_is_not_erased(store: Store) -> None:
    await a_life(store)
    who: dict[str, Any] = {"account": "demo", "order_id": ORDER, "actor": "ana", "reason": "x", "ids": store.ids}
    await store.write(HoldOrder(**who, now=NOW))

    for named in ({}, {"order_id": None, "number": NUMBER}):
        assert isinstance(await store.write(erasing(store, **named)), Held)
    assert 2 == len(await store.read(lambda c: c.execute(select(shipments.c.id)).all()))

    await store.write(ReleaseOrder(**who, now=NOW))
    assert isinstance(await store.write(erasing(store)), Erasure)


async def test_a_call_in_flight_ends_in_nothing(store: Store) -> None:
    await a_life(store)
    await store.write(recording(store, event(NUMBER, "09"), webhook=5))
    claims = await store.write(claim(store, LATER))
    await erased(store)

    for claimed in claims:
        await store.write(Settle(claimed=claimed, settlement=Settlement(outcome="applied"), now=LATER))

    assert ORDER not in str(await everything(store))
    assert [] == await store.read(
        lambda c: c.execute(select(attempts.c.id).where(attempts.c.shipment_id.not_in(select(shipments.c.id)))).all()
    )


async def test_the_audit_log_says_who_and_why_and_not_what(store: Store) -> None:
    await a_life(store)

    await erased(store)

    entries = await store.read(lambda c: c.execute(select(audit).order_by(audit.c.id)).all())
    assert ("ana", "order.erased", "[erased] asked for it") == (
        entries[-1].actor,
        entries[-1].action,
        entries[-1].reason,
    )
    assert {"tracking_numbers": ["[erased]"]} == entries[0].detail


async def test_an_interrupted_search_goes_on_where_it_was(store: Store) -> None:
    await a_life(store)
    begun = await store.write(erasing(store))
    assert isinstance(begun, Erasure)
    found = await store.read(lambda c: search_bodies(c, begun, 1, after=0))
    await store.write(AdvanceErasure(erasure=begun, searched=found, now=LATER))

    again = await store.write(erasing(store))

    assert isinstance(again, Erasure)
    assert (begun.id, found.position) == (again.id, again.position)
    assert NUMBER in again.texts


async def test_an_account_s_meanings_go_with_it(store: Store) -> None:
    await store.write(_Meaning(overrides))
    while await store.write(EraseBatch(account="demo")):
        pass

    assert [] == await store.read(lambda c: c.execute(select(overrides)).all())
    assert [] == await store.read(lambda c: c.execute(select(subjects.c.id)).all())


class _Meaning:
    def __init__(self, table: Any) -> None:
        self.table = table

    def run(self, connection: Connection) -> None:
        said = {"owner": "demo", "carrier": "test", "code": "38", "milestone": "DELIVERED", "actor": "a", "reason": "r"}
        connection.execute(self.table.insert().values(**said, at=NOW))
