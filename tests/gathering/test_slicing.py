"""Every order is told, however they lie in time, and no page is asked for that VTEX would not give."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.gathering.slicing import MOST, halves, last_page, query_of, tail_of
from app.store import ChangeBackfill, Slice
from app.vtex import MAX_PAGE
from tests.gathering.stage import Stage, staged
from tests.store.making import NOW

pytestmark = pytest.mark.anyio

SINCE = NOW - timedelta(days=300)
MINUTES = 300 * 24 * 60 - 120
CLUSTERS = st.lists(
    st.tuples(
        st.integers(0, MINUTES),  # When it began,
        st.integers(1, 4000),  # how many orders were invoiced then,
        st.sampled_from([0, 1, 999, 60_000_000]),  # and how many microseconds apart.
    ),
    min_size=1,
    max_size=3,
)


def invoice(stage: Stage, clusters: list[tuple[int, int, int]]) -> set[str]:
    """Add clusters of orders to the list."""
    expected = set()
    for number, (minute, count, apart) in enumerate(clusters):
        for index in range(count):
            at = SINCE + timedelta(minutes=minute, microseconds=apart * index % 3_600_000_000)
            created = at - timedelta(hours=1, milliseconds=index)
            order = f"{number:03}-{index:05}-01"
            stage.vtex.list.add(order, at.isoformat(), created.isoformat())
            expected.add(order)
    return expected


@settings(max_examples=8)
@given(clusters=CLUSTERS)
def test_every_order_of_any_distribution_is_told_and_no_page_beyond_30_is_asked_for(
    clusters: list[tuple[int, int, int]],
) -> None:
    async def live() -> None:
        with TemporaryDirectory() as folder:
            async with staged(Path(folder)) as stage:
                expected = invoice(stage, clusters)
                done = await stage.until_done(await stage.asked_for(SINCE, NOW))

                assert expected == await stage.told_ids()
                assert ("done", 0, len(expected)) == (done.state, done.unlisted, done.expected)
                assert [] == stage.vtex.wrong
                assert max(stage.vtex.pages) <= MAX_PAGE

    asyncio.run(live())


@settings(max_examples=6)
@given(clusters=CLUSTERS, crashes=st.lists(st.tuples(st.integers(0, 25), st.booleans()), min_size=1, max_size=8))
def test_a_backfill_that_is_killed_at_any_step_misses_nothing(
    clusters: list[tuple[int, int, int]], crashes: list[tuple[int, bool]]
) -> None:
    async def live() -> None:
        with TemporaryDirectory() as folder:
            async with staged(Path(folder)) as stage:
                expected = invoice(stage, clusters)
                id_ = await stage.asked_for(SINCE, NOW)
                for steps, during_call in crashes:
                    for _ in range(steps):
                        await stage.backfiller.step()
                    if during_call:
                        await killed_during_a_call(stage)
                    stage.start()

                done = await stage.until_done(id_)
                assert expected == await stage.told_ids()
                assert "done" == done.state

    asyncio.run(live())


async def killed_during_a_call(stage: Stage) -> None:
    class Killed(BaseException):
        pass

    def kill(_: httpx.Request) -> httpx.Response:
        raise Killed

    stage.vtex.after = kill
    with suppress(Killed):
        for _ in range(3):
            await stage.backfiller.step()
    stage.vtex.after = lambda _: None


async def test_orders_that_move_between_pages_while_they_are_read_are_told_all_the_same(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        expected = invoice(stage, [(0, 500, 1000)])
        id_ = await stage.asked_for(SINCE, NOW)
        await stage.backfiller.step()
        # An order that was listed first goes, so that all others move one place towards the front.
        gone = stage.vtex.list._orders.pop(0)  # noqa: SLF001 - nobody but VTEX takes an order away
        await stage.until_done(id_)

        assert expected - {gone.order} <= await stage.told_ids()


async def test_an_end_that_is_now_is_listed_again_once_the_list_has_caught_up(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        tail_since = tail_of(SINCE, NOW, NOW)
        assert NOW - timedelta(minutes=15) == tail_since
        id_ = await stage.asked_for(SINCE, NOW, tail_since=tail_since)
        waiting = await stage.until_done(id_)
        assert ("running", NOW + timedelta(minutes=15)) == (waiting.state, waiting.resume_at)
        late = (NOW - timedelta(minutes=1)).isoformat()
        stage.vtex.list.add("late-01", late, late)

        asked = len(stage.vtex.pages)
        await stage.backfiller.step()
        assert asked == len(stage.vtex.pages)
        stage.clock.advance(minutes=16)
        await stage.backfiller.step()

        assert {"late-01"} == await stage.told_ids()
        assert "done" == (await stage.backfill(id_)).state


async def test_a_pause_stops_it_where_it_is_and_a_cancelled_one_never_goes_on(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        invoice(stage, [(0, 1000, 1000)])
        id_ = await stage.asked_for(SINCE, NOW)

        async def change(change: str) -> bool:
            wish = ChangeBackfill(
                id=id_, change=change, actor="tests", reason=None, ids=stage.store.ids, now=stage.clock()
            )
            changed, _ = await stage.store.write(wish)
            return changed

        await stage.backfiller.step()
        assert await change("pause")
        assert not await change("pause")
        asked = len(stage.vtex.pages)
        for _ in range(3):
            await stage.backfiller.step()
        assert asked == len(stage.vtex.pages)
        assert await change("resume")
        await stage.backfiller.step()
        assert asked + 1 == len(stage.vtex.pages)
        assert await change("cancel")
        assert not await change("resume")
        assert "cancelled" == (await stage.until_done(id_)).state


@given(
    seconds=st.integers(1, 10**8),
    microseconds=st.integers(0, 999_999),
    at=st.integers(0, 10**8),
    depth=st.integers(1, 90),
)
def test_the_two_halves_of_a_slice_hold_every_moment_of_it(
    seconds: int, microseconds: int, at: int, depth: int
) -> None:
    moment = SINCE + timedelta(seconds=at % (seconds + 1))
    slice_ = Slice(since=SINCE, until=SINCE + timedelta(seconds=seconds, microseconds=microseconds))
    for _ in range(depth):
        parts = halves(slice_)
        if not parts:
            break
        older, newer = parts
        if slice_.created_since is None and older.created_since is None:
            assert (slice_.since, slice_.until, older.until) == (older.since, newer.until, newer.since)
            slice_ = older if moment <= older.until else newer
            assert slice_.since <= moment <= slice_.until
        else:
            slice_ = newer
    else:
        return
    assert str(query_of(slice_).created)


def test_pages_are_asked_for_as_long_as_there_are_orders_on_them() -> None:
    assert [1, 1, 2, 30, 30] == [last_page(total) for total in (0, 100, 101, MOST, 10 * MOST)]
