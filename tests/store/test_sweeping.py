"""What could be placed by now is found although nothing woke it."""

import pytest
from sqlalchemy import Connection, select, update

from app.resolution import resolver
from app.store import Store
from app.store.lookups import ExpireParked
from app.store.schema import subjects
from app.store.sweeping import PlaceParked, Swept, sweep
from tests.store.making import NOW, adding, event, recording, shipment

pytestmark = pytest.mark.anyio


def members(owner: str) -> tuple[str, ...]:
    """Say that the account has become a group's since."""
    return (owner, "other")


async def swept(store: Store, after: int = 0, limit: int = 10) -> Swept:
    resolve = resolver(lambda: NOW)
    return await store.read(lambda c: sweep(c, after=after, limit=limit, resolve=resolve, members=members))


async def states(store: Store) -> list[str]:
    query = select(subjects.c.state).order_by(subjects.c.id)
    return list(await store.read(lambda connection: connection.execute(query).scalars().all()))


async def test_a_subject_whose_source_got_another_account_finds_its_shipment_there(store: Store) -> None:
    await store.write(recording(store, event("A1"), event("B1")))
    await store.write(adding(store, shipment("v1-01", "1", "A1", account="other")))
    assert ["parked", "parked"] == await states(store)

    (id_,) = (await swept(store)).placeable
    placing = PlaceParked(subject_id=id_, resolve=resolver(lambda: NOW), members=members, now=NOW)

    assert await store.write(placing)
    assert ["placed", "parked"] == await states(store)
    assert not await store.write(placing)


async def test_a_round_goes_through_all_and_begins_anew(store: Store) -> None:
    for number in range(5):
        await store.write(recording(store, event(f"A{number}")))

    first = await swept(store, limit=3)
    last = await swept(store, after=first.after, limit=3)

    assert first.after > 0 == last.after


async def test_what_waited_long_enough_is_unmatched_quietly_and_still_woken(store: Store) -> None:
    await store.write(recording(store, event("A1")))
    await store.write(_Old())

    assert 1 == await store.write(ExpireParked(before=NOW, now=NOW))
    assert ["unmatched"] == await states(store)
    assert Swept(placeable=(), after=0) == await swept(store)

    await store.write(adding(store, shipment("v1-01", "1", "A1")))
    assert ["placed"] == await states(store)


class _Old:
    def run(self, connection: Connection) -> None:
        connection.execute(update(subjects).values(since=NOW.replace(year=2020)))
