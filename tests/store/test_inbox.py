"""Webhooks are stored once each, and what was refused is kept within bounds."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import Connection, delete, func, select

from app.store import AddRefusal, Store
from app.store.inbox import webhook_with_body
from app.store.schema import bodies, refusals, webhooks
from app.store.tallies import tallies_since
from app.store.unread import unmapped
from tests.store.making import NOW, put

pytestmark = pytest.mark.anyio


async def stored(store: Store) -> int:
    def count(connection: Connection) -> int:
        assert (
            connection.execute(select(func.count()).select_from(webhooks)).scalar_one()
            >= connection.execute(select(func.count()).select_from(bodies)).scalar_one()
        )
        return connection.execute(select(func.count()).select_from(webhooks)).scalar_one()

    return await store.read(count)


async def test_a_webhook_is_given_back_byte_for_byte(store: Store) -> None:
    wanted = put(store, "1")

    received = await store.write(wanted)
    found = await store.read(lambda connection: webhook_with_body(connection, received.webhook_id))

    assert (wanted.id, False) == (received.webhook_id, received.duplicate)
    assert found is not None
    webhook = wanted.verified.webhook
    assert (webhook.body, webhook.method, webhook.path, webhook.received_at, wanted.headers, "stored") == (
        found.body,
        found.method,
        found.path,
        found.received_at,
        found.headers,
        found.state,
    )
    assert [wanted.id] == await store.read(lambda connection: unmapped(connection, 10, NOW))


async def test_a_repetition_is_answered_with_the_first_id_and_counted(store: Store) -> None:
    first = await store.write(put(store, "1"))
    again = [await store.write(put(store, "1", NOW + timedelta(days=days))) for days in (0, 1, 8, 34)]

    assert [(first.webhook_id, True)] * 4 == [(each.webhook_id, each.duplicate) for each in again]
    assert 1 == await stored(store)
    counted = select(webhooks.c.duplicates)
    assert 4 == await store.read(lambda connection: connection.execute(counted).scalar_one())


async def test_the_same_delivery_to_another_source_is_another_webhook(store: Store) -> None:
    first = put(store, "1")
    await store.write(first)
    values = {name: getattr(first, name) for name in ("identity", "verified", "path", "query", "headers", "remember")}

    others = [
        await store.write(type(first)(id=store.ids.next(), owner=owner, carrier=carrier, **values))
        for owner, carrier in (("other", "test"), ("demo", "else"))
    ]

    assert [False, False] == [other.duplicate for other in others]
    assert 3 == await stored(store)


async def test_the_ledger_forgets_by_time(store: Store) -> None:
    first = await store.write(put(store, "1", remember=timedelta(hours=24)))
    early = await store.write(put(store, "1", NOW + timedelta(hours=23, minutes=59)))
    late = await store.write(put(store, "1", NOW + timedelta(hours=24, seconds=1), remember=timedelta(hours=24)))
    again = await store.write(put(store, "1", NOW + timedelta(hours=30)))

    assert (first.webhook_id, True) == (early.webhook_id, early.duplicate)
    assert not late.duplicate
    assert (late.webhook_id, True) == (again.webhook_id, again.duplicate)
    assert 2 == await stored(store)


@pytest.mark.parametrize("days", [0, 10], ids=["in the same week", "weeks later"])
async def test_a_delivery_whose_bytes_are_gone_is_stored_again(store: Store, days: int) -> None:
    class Forget:
        def run(self, connection: Connection) -> None:
            connection.execute(delete(bodies))

    first = await store.write(put(store, "1"))
    await store.write(Forget())
    later = NOW + timedelta(days=days)

    again = await store.write(put(store, "1", later))
    third = await store.write(put(store, "1", later))

    assert not again.duplicate
    assert first.webhook_id != again.webhook_id
    assert (again.webhook_id, True) == (third.webhook_id, third.duplicate)
    assert [again.webhook_id] == await store.read(lambda c: list(c.execute(select(bodies.c.webhook_id)).scalars()))


async def test_of_identical_deliveries_in_one_batch_one_is_stored(store: Store, commits: list[int]) -> None:
    outcomes = await asyncio.gather(*(store.write(put(store, str(n % 3))) for n in range(30)))

    assert 3 == await stored(store)
    assert [False] * 3 + [True] * 27 == [outcome.duplicate for outcome in outcomes]
    assert 3 == len({outcome.webhook_id for outcome in outcomes})
    for start in range(3):
        assert 1 == len({outcome.webhook_id for outcome in outcomes[start::3]})
    assert max(commits) > 3


def refusal(id_: int, *, kept: int = 10, carrier: str = "test") -> AddRefusal:
    return AddRefusal(
        id=id_,
        at=NOW,
        status=401,
        cause="wrong-credential",
        detail="…",
        owner="demo",
        carrier=carrier,
        method="POST",
        path=f"/webhooks/{carrier}/demo",
        headers=(("x-signature", "***"),),
        peer="192.0.2.1",
        size=3,
        body=b"a\x00c",
        kept=kept,
    )


async def test_refusals_are_kept_within_bounds_the_latest_ones(store: Store) -> None:
    ids = [store.ids.next() for _ in range(25)]
    for id_ in ids:
        assert id_ == await store.write(refusal(id_))
        # An operation may run again when it is not known whether it was committed.
        assert id_ == await store.write(refusal(id_))

    kept = select(refusals.c.id).order_by(refusals.c.id)
    assert ids[-10:] == await store.read(lambda connection: list(connection.execute(kept).scalars()))


async def test_refusals_that_share_a_transaction_are_kept_and_counted_like_single_ones(store: Store) -> None:
    ids = [store.ids.next() for _ in range(25)]
    many = [refusal(id_, carrier=("one", "two")[number % 2]) for number, id_ in enumerate(ids)]
    assert ids == list(await asyncio.gather(*map(store.write, many)))

    rows = select(refusals.c.id, refusals.c.headers, refusals.c.body).order_by(refusals.c.id)
    kept = await store.read(lambda connection: connection.execute(rows).all())
    assert ids[-10:] == [row.id for row in kept]
    assert {(b"a\x00c", "x-signature", "***")} == {(row.body, *row.headers[0]) for row in kept}
    counted = await store.read(lambda connection: tallies_since(connection, ["demo"], NOW))
    assert {("one", "refused", 13), ("two", "refused", 12)} == {(t.carrier, t.kind, t.count) for t in counted}
