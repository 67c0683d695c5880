"""One contract of a carrier for two accounts: both are tried, neither waits for the other, and nothing is guessed."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import select

from app.account import Account
from app.calling import Destination
from app.egress import Egress
from app.forwarder import Forwarder
from app.indexing import Asking, Indexer
from app.resolution import resolver
from app.store import Store
from app.store.accounts import AccountChange, change_account
from app.store.schema import rows, subjects
from app.telemetry import Metrics
from app.vtex import Client, Gate
from tests.emulator import VtexEmulator
from tests.forwarder.stage import account, utc_now
from tests.store.making import event, recording, references

pytestmark = pytest.mark.anyio


class Members:
    """Two accounts at one VTEX, served by one contract of a carrier, in one process."""

    def __init__(self, store: Store, vtex: VtexEmulator, egress: Egress) -> None:
        self.store = store
        names = ("demo", "other")
        accounts: list[Account] = [replace(account(name), base_url=f"{vtex.url}/{name}") for name in names]
        self.destinations = {
            each.name: Destination(account=each, client=Client(each, egress), gate=Gate(each)) for each in accounts
        }
        resolve, at = resolver(utc_now), (lambda _: names)
        asking = Asking(store, self.destinations, resolve=resolve, members=at, now=utc_now)
        self.indexer = Indexer(asking, resolve=resolve, members=at, indexed=lambda: None)
        self.forwarder = Forwarder(
            store, self.destinations, Metrics(CollectorRegistry()), now=utc_now, jitter=lambda: 0.0
        )

    async def say(self, order: str, invoice: str | None = None) -> None:
        named = references(order_id=order, invoice_number=invoice)
        said = replace(event(f"N-{order}"), references=named)
        wanted = recording(self.store, said, owner="brands", accounts=("demo", "other"), lookup=True, now=utc_now())
        await self.store.write(wanted)

    async def run(self, count: int) -> None:
        """Work until so many rows are with VTEX."""
        workers = [asyncio.ensure_future(worker.run()) for worker in (self.indexer, self.forwarder)]
        applied = select(rows.c.event_id).where(rows.c.state == "applied")
        async with asyncio.timeout(20):
            while len(await self.store.read(lambda c: c.execute(applied).all())) < count:
                self.forwarder.wake()
                await asyncio.sleep(0.02)
        self.indexer.stop()
        await self.forwarder.stop()
        await asyncio.gather(*workers)


@pytest.fixture
async def members(store: Store) -> AsyncIterator[tuple[Members, VtexEmulator]]:
    with VtexEmulator() as vtex:
        async with Egress() as egress:
            yield Members(store, vtex, egress), vtex


async def test_a_group_s_members_are_tried_together_and_each_gets_its_own(
    members: tuple[Members, VtexEmulator],
) -> None:
    group, vtex = members
    vtex.add_order("v1-01", account="demo")
    vtex.add_order("v2-01", account="other")
    await group.say("v1-01")
    await group.say("v2-01")

    await group.run(2)

    assert {("demo", "v1-01"), ("other", "v2-01")} == {(call.account, call.order) for call in vtex.puts()}


async def test_an_order_that_two_members_have_parks_with_both_shown(members: tuple[Members, VtexEmulator]) -> None:
    group, vtex = members
    for name in ("demo", "other"):
        vtex.add_order("v1-01", account=name)
    vtex.add_order("v2-01", account="other")
    await group.say("v1-01")
    await group.say("v2-01")

    await group.run(1)

    assert {("other", "v2-01")} == {(call.account, call.order) for call in vtex.puts()}
    query = select(subjects.c.reason).where(subjects.c.state == "parked")
    reason = await group.store.read(lambda connection: connection.execute(query).scalar_one())
    assert reason == "it fits shipments of several accounts: demo v1-01/1, other v1-01/1"


class Held:
    """Hold an account."""

    def run(self, connection: Any) -> None:
        later = utc_now() + timedelta(hours=1)
        change_account(connection, "demo", AccountChange(state="held", until=later, reason="no key"), utc_now())


async def test_a_member_that_is_held_does_not_delay_the_others(members: tuple[Members, VtexEmulator]) -> None:
    group, vtex = members
    await group.store.write(Held())
    vtex.add_order("v2-01", account="other")
    await group.say("v2-01")

    await group.run(1)

    assert {"other"} == {call.account for call in vtex.calls}
