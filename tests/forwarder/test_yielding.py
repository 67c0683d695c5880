"""What replays made due gives way to webhooks that come in, and is forwarded all the same."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.account import History
from app.crowd import Crowd
from app.forwarder.yielding import Yielding
from app.store import Store
from tests.forwarder.stage import Stage, accept, account, utc_now
from tests.store.keeping import kept_in
from tests.store.making import adding, event, recording, shipment
from tests.store.test_claims import set_shipments

pytestmark = pytest.mark.anyio

NUMBER = "QX004512345BR"


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with kept_in(tmp_path) as opened:
        yield opened


def test_few_are_claimed_while_webhooks_come_and_none_while_one_is_on_its_way() -> None:
    clock, in_flight = [10.0], [0]
    yielding = Yielding(64, lambda: in_flight[0], lambda: clock[0])
    yielding.crowd = Crowd(lambda: clock[0])
    assert yielding.most() == 64

    yielding.crowd.join()
    assert (0, False) == (yielding.most(), yielding.is_over)
    yielding.crowd.leave()
    clock[0] += 0.019
    assert yielding.most() == 0
    clock[0] += 0.002
    assert (2, True) == (yielding.most(), yielding.is_over)
    in_flight[0] = 1
    assert yielding.most() == 1
    in_flight[0] = 3
    assert (0, False) == (yielding.most(), yielding.is_over)
    clock[0] += 1.0
    assert yielding.most() == 64


def test_a_few_are_claimed_ten_times_a_second_however_many_webhooks_come() -> None:
    clock = [10.0]
    yielding = Yielding(64, lambda: 0, lambda: clock[0])
    yielding.crowd = Crowd(lambda: clock[0])
    yielding.crowd.join()

    claimed = []
    for _ in range(64):
        claimed.append(yielding.most())
        clock[0] += 1 / 64

    assert (2 * 9, {0, 2}) == (sum(claimed), set(claimed))


async def test_a_claim_behind_a_reading_leaves_what_a_replay_made_due_for_when_nobody_waits(store: Store) -> None:
    stage = Stage(store, [], account(history=History.DELTA), answer=accept, slots=8)
    await store.write(adding(store, shipment("live-1", "1", NUMBER)))
    crowd = Crowd()
    stage.forwarder.give_way(crowd)
    async with stage.running():
        await stage.until(stage.forwarder.follow)
        crowd.join()
        await stage.fill(count=6)
        await set_shipments(store, later=True)
        stage.forwarder.wake()
        placed = store.submit(recording(store, event(NUMBER), now=utc_now()), lasting=False)
        await stage.until(stage.forwarder.follow)
        assert (await placed.outcome).placed == 1
        await stage.until(lambda: stage.calls)
        crowd.leave()
        async with asyncio.timeout(20):
            await stage.until(lambda: len(stage.calls) == 7)

    assert "live-1" == stage.calls[0][2]
    assert await stage.states() == {"applied": 7}
