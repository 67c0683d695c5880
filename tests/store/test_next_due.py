"""A claim says when the next one is worth while, so that nobody has to look for it."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from app.store import Store, next_due
from app.store.accounts import AccountChange, change_account
from app.store.schema import shipments
from tests.store.making import LEASE, NOW, claim, invoices
from tests.store.test_claims import fill, set_shipments

pytestmark = pytest.mark.anyio

LATER = NOW + timedelta(minutes=1)


async def test_a_claim_says_when_the_next_shipment_of_any_of_its_accounts_is_due(store: Store) -> None:
    class Close:
        def run(self, connection: Connection) -> None:
            change_account(connection, "stopped", AccountChange(state="stopped", reason="…"), NOW)
            change_account(connection, "paused", AccountChange(state="paused", until=NOW + timedelta(hours=1)), NOW)

    accounts = ("demo", "other", "stopped", "paused", "empty")
    due = {"demo": 0, "other": 20, "stopped": 0, "paused": 0}
    for first, (account, minutes) in enumerate(due.items(), 1):
        await fill(store, account=account, first=first, count=1)
        await set_shipments(store, shipments.c.account == account, due_at=NOW + timedelta(minutes=minutes))
    await store.write(Close())

    claims = await store.write(claim(store, LATER, free=dict.fromkeys(accounts, 10)))
    of_others = await store.write(claim(store, LATER, free=dict.fromkeys(accounts[1:], 10)))

    assert (["1"], LATER + LEASE) == (invoices(claims), claims.due_at)
    assert ([], NOW + timedelta(minutes=20)) == (invoices(of_others), of_others.due_at)
    assert NOW + timedelta(hours=1) == await store.read(lambda connection: next_due(connection, ["paused"]))
    assert await store.read(lambda connection: next_due(connection, ["stopped", "empty"])) is None
    assert await store.read(lambda connection: next_due(connection, [])) is None


async def test_a_claim_that_left_something_says_that_it_is_due_already(store: Store) -> None:
    await fill(store, count=2)

    claims = await store.write(claim(store, LATER, slots=1))

    assert (["1"], NOW + timedelta(seconds=2)) == (invoices(claims), claims.due_at)


async def test_what_is_due_by_a_replay_is_waited_for_as_well(store: Store) -> None:
    await fill(store, count=1)
    await set_shipments(store, later=True)

    assert NOW + timedelta(seconds=1) == await store.read(lambda c: next_due(c, ["demo"]))
