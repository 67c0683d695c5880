"""What the feed tells is stored before it is committed, whatever goes wrong between the two."""

import asyncio
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.gathering.feed import EMPTY_SECONDS
from app.vtex.feed import feed_request
from tests.gathering.stage import Stage, staged

pytestmark = pytest.mark.anyio

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("notify"), st.integers(0, 30)),
        st.tuples(st.just("poll"), st.integers(1, 6)),
        st.tuples(st.just("pass"), st.integers(1, 400)),
        st.tuples(st.just("lose"), st.sampled_from(["before", "after"])),
        st.tuples(st.just("fail"), st.sampled_from([429, 500, 503])),
        st.tuples(st.just("restart"), st.none()),
    ),
    min_size=5,
    max_size=30,
)


def lost(_: httpx.Request) -> httpx.Response:
    raise httpx.ReadError("the connection was lost")


async def poll(stage: Stage, times: int) -> None:
    for _ in range(times):
        await stage.poller.step()
        told = await stage.told_ids()
        # Nothing is committed that is not stored: what was notified is told or still waits.
        waiting = {item.document["orderId"] for item in stage.vtex.feed.waiting}
        assert stage.notified <= told | waiting


@settings(max_examples=40)
@given(steps=STEPS, copies=st.sampled_from([0.0, 0.5]), short=st.booleans())
def test_every_notification_is_told_through_copies_lost_answers_failures_and_restarts(
    steps: list[tuple[str, Any]], copies: float, short: bool
) -> None:
    async def live() -> None:
        with TemporaryDirectory() as folder:
            async with staged(Path(folder)) as stage:
                await _live(stage, steps, copies=copies, short=short)

    asyncio.run(live())


async def _live(stage: Stage, steps: list[tuple[str, Any]], *, copies: float, short: bool) -> None:
    feed = stage.vtex.feed
    feed.config, feed.copies, feed.short_lots = dict(feed_request()), copies, short
    stage.notified = set()
    for step, value in steps:
        stage.vtex.before = stage.vtex.after = lambda _: None
        match step:
            case "notify":
                for _ in range(value):
                    order = f"v{len(stage.notified):05}-01"
                    feed.notify(order, "invoiced", workflow=True)
                    stage.notified.add(order)
            case "poll":
                await poll(stage, value)
            case "pass":
                stage.clock.advance(seconds=value)
            case "lose":
                setattr(stage.vtex, value, lost)
                await poll(stage, 2)
            case "fail":
                stage.vtex.before = lambda _, status=value: httpx.Response(status)  # type: ignore[misc]
                await poll(stage, 2)
            case _:
                stage.start()
    stage.vtex.before = stage.vtex.after = lambda _: None
    for _ in range(400):
        if not feed.waiting:
            break
        stage.clock.advance(seconds=60)
        await poll(stage, 3)
    assert [] == feed.waiting
    assert stage.notified == await stage.told_ids()


async def test_an_empty_feed_is_polled_ever_more_seldom_and_one_that_has_something_at_once(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.vtex.feed.config = dict(feed_request())
        assert 0 == await stage.poller.step()  # The configuration says for how long a lot is ours.
        rests = []
        for _ in range(8):
            rests.append(await stage.poller.step())
            stage.clock.advance(seconds=rests[-1])

        assert [1, 2, 4, 8, 16, 30, 30, 30] == rests
        assert (min(rests), max(rests)) == EMPTY_SECONDS
        for number in range(25):
            stage.vtex.feed.notify(f"v{number}-01", "invoiced", workflow=True)
        assert [0, 0, 0, 1] == [await stage.poller.step() for _ in range(4)]
        assert 25 == len(await stage.told_ids()) == stage.vtex.feed.committed


async def test_orders_that_have_no_package_yet_are_committed_and_not_told(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        states = ["payment-pending", "ready-for-handling", "invoiced", "a-state-of-tomorrow"]
        stage.vtex.feed.config = dict(feed_request()) | {"filter": {"type": "FromWorkflow", "status": states}}
        for number, state in enumerate(states):
            stage.vtex.feed.notify(f"v{number}-01", state, workflow=True)
        await stage.poller.step()
        await stage.poller.step()

        assert {"v1-01", "v2-01", "v3-01"} == await stage.told_ids()
        assert ([], 4) == (stage.vtex.feed.waiting, stage.vtex.feed.committed)


async def test_a_lot_that_took_too_long_to_store_is_not_committed_any_more(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.vtex.feed.config = dict(feed_request())
        await stage.poller.step()
        stage.vtex.feed.notify("v1-01", "invoiced", workflow=True)

        def slowly(_: httpx.Request) -> None:
            stage.clock.advance(seconds=239)

        stage.vtex.after = slowly
        await stage.poller.step()
        stage.vtex.after = lambda _: None

        assert ({"v1-01"}, 0) == (await stage.told_ids(), stage.vtex.feed.late_commits)
        assert 1 == len(stage.vtex.feed.waiting)
        stage.clock.advance(seconds=2)
        await stage.poller.step()
        assert [] == stage.vtex.feed.waiting


async def test_without_a_feed_at_vtex_it_is_asked_for_once_a_minute_and_used_as_soon_as_there_is_one(
    tmp_path: Path,
) -> None:
    async with staged(tmp_path) as stage:
        assert 60 == await stage.poller.step()
        stage.clock.advance(seconds=59)
        assert 1 == await stage.poller.step()
        assert 1 == len(stage.vtex.asked)
        stage.vtex.feed.config = dict(feed_request())
        stage.vtex.feed.notify("v1-01", "invoiced", workflow=True)
        stage.clock.advance(seconds=1)
        await stage.poller.step()
        await stage.poller.step()

        assert {"v1-01"} == await stage.told_ids()


async def test_a_429_closes_the_account_for_every_call_as_long_as_vtex_asks(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.vtex.before = lambda _: httpx.Response(429, headers={"retry-after": "90"})
        assert 90 <= await stage.poller.step()
        await stage.asked_for(stage.clock() - timedelta(days=2))
        stage.vtex.before = lambda _: None
        stage.clock.advance(seconds=89)
        assert 0 < await stage.backfiller.step()
        assert 1 == len(stage.vtex.asked)
        stage.clock.advance(seconds=2)
        await stage.backfiller.step()
        assert 2 == len(stage.vtex.asked)


async def test_a_key_that_is_refused_is_tried_now_and_then_and_the_feed_goes_on_by_itself(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.vtex.feed.config = dict(feed_request())
        stage.vtex.before = lambda _: httpx.Response(401)
        for _ in range(30):
            await stage.poller.step()
            stage.clock.advance(seconds=10)
        tries = len(stage.vtex.asked)
        stage.vtex.before = lambda _: None
        stage.vtex.feed.notify("v1-01", "invoiced", workflow=True)
        for _ in range(60):
            stage.clock.advance(seconds=10)
            await stage.poller.step()

        assert 2 < tries < 31
        assert {"v1-01"} == await stage.told_ids()
