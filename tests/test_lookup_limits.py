"""Look-ups keep to the limits of accounts, and none waits for another owner's."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app.store.accounts import account_states
from tests.store.making import event, recording, references
from tests.test_indexing import NUMBER, Desk, desk, package

__all__ = ["desk"]

pytestmark = pytest.mark.anyio


async def test_no_owner_waits_for_the_slow_look_ups_of_others(desk: Desk) -> None:
    """Have the look-ups of one owner hang, however many, until another one's are done."""
    quick = asyncio.Event()
    real = desk.asking.ask

    async def ask(account: str, order_id: str, **more: Any) -> Any:
        if order_id.startswith("slow"):
            await quick.wait()
        return await real(account, order_id, **more)

    desk.asking.ask = ask  # type: ignore[method-assign]
    for gate in desk.gates.values():
        gate._account = replace(gate._account, concurrency=100)  # noqa: SLF001 - the limits are not what is looked at
    for owner, count in (("slow", 30), ("sluggish", 30), ("quick", 3)):
        name = "quick" if owner == "quick" else "slow"
        for number in range(count):
            parked = event(f"{owner}{number}", references=references(order_id=f"{name}{owner}{number}"))
            await desk.store.write(recording(desk.store, parked, lookup=True, owner=owner, now=desk.clock()))

    running = asyncio.ensure_future(desk.indexer.run())
    async with asyncio.timeout(20):
        while 3 > len([asked for asked in desk.asked if "quick" in asked]):
            desk.indexer.wake()
            await asyncio.sleep(0)
    assert not [asked for asked in desk.asked if "slow" in asked]
    quick.set()
    desk.indexer.stop()
    await running
    assert 0 == desk.gates["demo"].in_flight


async def test_what_carriers_name_cannot_hold_an_account_whose_key_may_not_see_it(desk: Desk) -> None:
    desk.status = 403
    for order in ("v1-01", "v2-01", "v3-01"):
        parked = event(f"{NUMBER}{order}", references=references(order_id=order))
        await desk.store.write(recording(desk.store, parked, lookup=True, now=desk.clock()))

    await desk.look()

    states = await desk.store.read(lambda connection: account_states(connection, ["demo"]))
    assert ("open", 3) == (states["demo"].state, len(desk.asked))


async def test_look_ups_call_a_held_account_once_per_interval_and_keep_to_the_limits_of_an_open_one(desk: Desk) -> None:
    desk.status = 401
    for number in range(12):
        parked = event(f"{NUMBER}{number}", references=references(order_id=f"v{number}-01"))
        await desk.store.write(recording(desk.store, parked, lookup=True, now=desk.clock()))
    await desk.look()
    assert len(desk.asked) <= desk.most_at_once <= 7

    for rounds in (1, 2):
        desk.asked.clear()
        desk.clock.advance(seconds=61 * rounds)
        await desk.look()
        assert 1 == len(desk.asked)


async def test_an_order_that_fails_to_be_shown_is_asked_for_ever_more_seldom_and_never_given_up(desk: Desk) -> None:
    desk.status = 403
    await desk.park()
    began = desk.clock()
    while desk.clock() - began < timedelta(days=14):
        await desk.look()
        at = (await desk.subject()).lookup_at
        assert timedelta(0) < at - desk.clock() <= timedelta(hours=1)
        desk.clock.now = at

    assert 24 * 13 < len(desk.asked) < 24 * 15
    desk.know(package())
    await desk.look()
    assert ["45781"] == await desk.shown_on()
