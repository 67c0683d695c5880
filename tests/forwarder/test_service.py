"""The forwarder at work: whose turn it is, what stops a call, and how it stops."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, select

from app.account import Account
from app.store import Store
from app.store.accounts import AccountChange, change_account
from app.store.schema import attempts, shipments
from tests.forwarder.stage import Answer, Stage, accept, account, utc_now
from tests.postgresql.databases import ENGINES, Databases
from tests.store.test_writer import failing_commits

pytestmark = pytest.mark.anyio

StageMaker = Callable[..., Stage]


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path, databases: Databases) -> Iterator[str]:
    with databases.one(str(request.param), tmp_path) as url:
        yield url


@pytest.fixture
async def staged(database_url: str) -> AsyncIterator[StageMaker]:
    commits: list[int] = []
    store = Store.open(database_url, observe=lambda count, _: commits.append(count))

    def make(*accounts: Account, answer: Answer = accept, slots: int = 8) -> Stage:
        return Stage(store, commits, *(accounts or (account(),)), answer=answer, slots=slots)

    try:
        yield make
    finally:
        await store.close()


async def test_all_that_waits_for_a_shipment_goes_out_in_one_call(staged: StageMaker) -> None:
    bodies: list[Any] = []

    async def keep(request: httpx.Request) -> httpx.Response:
        bodies.append(json.loads(request.content))
        return await accept(request)

    stage = staged(answer=keep)
    await stage.fill(codes=5)
    async with stage.running():
        await stage.until(lambda: bodies)

    assert [5] == [len(body["events"]) for body in bodies]
    assert {"applied": 5} == await stage.states()
    assert 5 == stage.registry.get_sample_value("relay_forward_lag_seconds_count", {"account": "demo"})


async def test_accounts_take_turns_however_much_one_of_them_has_to_say(staged: StageMaker) -> None:
    stage = staged(account("big"), account("small"), account("smaller"), slots=1)
    await stage.fill("big", count=20)
    await stage.fill("small", count=3)
    await stage.fill("smaller", count=3)

    async with stage.running():
        await stage.until(lambda: len(stage.calls) == 26)

    order = [host for _, host, _ in stage.calls]
    # Where a database is shared, an account whose last call is just being settled is passed over for a turn.
    first = Counter(order[:12])
    assert {"small": 3, "smaller": 3} == {name: first[name] for name in ("small", "smaller")}, order


async def test_a_slow_account_keeps_no_other_from_being_called(staged: StageMaker) -> None:
    go = asyncio.Event()

    async def slow(request: httpx.Request) -> httpx.Response:
        if request.url.host == "slow":
            await go.wait()
        return await accept(request)

    stage = staged(account("slow", concurrency=3), account("quick"), answer=slow, slots=4)
    await stage.fill("slow", count=9)
    await stage.fill("quick", count=9)

    async with stage.running():
        await stage.until(lambda: 9 == sum(host == "quick" for _, host, _ in stage.calls))
        assert 3 == sum(host == "slow" for _, host, _ in stage.calls)
        go.set()


@pytest.mark.parametrize("slots", [1, 2, 8])
async def test_slow_accounts_that_could_fill_every_slot_keep_no_other_from_being_called(
    staged: StageMaker, slots: int
) -> None:
    go = asyncio.Event()

    async def slow(request: httpx.Request) -> httpx.Response:
        if request.url.host != "quick":
            await go.wait()
        return await accept(request)

    slow_ones = [account(f"slow{n}", concurrency=slots) for n in range(3)]
    stage = staged(*slow_ones, account("quick"), answer=slow, slots=slots)
    for each in slow_ones:
        await stage.fill(each.name, count=9)
    async with stage.running():
        await stage.until(lambda: len(stage.calls) >= max(slots, 3))
        await stage.fill("quick", count=9)
        stage.forwarder.wake()
        await stage.until(lambda: 9 == sum(host == "quick" for _, host, _ in stage.calls))

        in_flight = Counter(host for _, host, _ in stage.calls if host != "quick")
        assert {"slow0", "slow1", "slow2"} == set(in_flight)
        assert sum(in_flight.values()) <= slots - 1 + len(stage.gates)
        go.set()


async def test_retries_get_a_tenth_of_the_calls_even_one_at_a_time_and_no_more(staged: StageMaker) -> None:
    stage = staged(slots=1)
    await stage.fill(count=8, retrying=True)
    await stage.fill(count=40)

    async with stage.running():
        await stage.until(lambda: len(stage.calls) == 48)

    retries = [n for n, (_, _, order) in enumerate(stage.calls[:40]) if "retry" in order]
    assert 3 <= len(retries) <= 5
    assert all(later - earlier <= 11 for earlier, later in pairwise(retries))


async def test_no_call_starts_once_vtex_asked_the_account_to_wait(staged: StageMaker) -> None:
    asked, go = asyncio.Event(), asyncio.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            await go.wait()
            return httpx.Response(404)
        asked.set()
        return httpx.Response(429, headers={"Retry-After": "3600"})

    reads, writes = account(first_read=True), account("other")
    stage = staged(reads, writes, answer=answer)
    await stage.fill("demo", count=2)
    async with stage.running():
        await stage.until(lambda: 2 == len(stage.calls))
        # Both are reading; in the meantime the account is told to wait.
        stage.gates["demo"].close(utc_now() + timedelta(hours=1))
        go.set()
        await stage.until(lambda: not stage.gates["demo"].in_flight)

    assert ["GET", "GET"] == [method for method, _, _ in stage.calls]
    query = select(shipments.c.attempts, shipments.c.lease, shipments.c.dead_reason)
    assert [(0, None, None)] * 2 == [tuple(row) for row in await stage.store.read(lambda c: c.execute(query).all())]


async def test_an_account_that_an_operator_stopped_is_left_alone_without_a_flurry_of_looks(staged: StageMaker) -> None:
    stage = staged()
    await stage.fill(count=3)

    class Stop:
        def run(self, connection: Connection) -> None:
            change_account(connection, "demo", AccountChange(state="stopped"), utc_now())

    await stage.store.write(Stop())
    before = len(stage.commits)
    async with stage.running():
        await asyncio.sleep(0.3)

    assert [] == stage.calls
    assert len(stage.commits) - before < 5


async def test_stopping_finishes_the_calls_in_flight_and_starts_none(staged: StageMaker) -> None:
    go = asyncio.Event()

    async def slow(request: httpx.Request) -> httpx.Response:
        await go.wait()
        return await accept(request)

    stage = staged(answer=slow, slots=2)
    await stage.fill(count=5)
    task = asyncio.ensure_future(stage.forwarder.run())
    await stage.until(lambda: len(stage.calls) == 2)

    await stage.forwarder.stop()
    stage.forwarder.wake()
    await asyncio.sleep(0.05)
    assert not task.done()
    go.set()
    await task

    assert 2 == len(stage.calls)
    assert {"applied": 2, "pending": 3} == await stage.states()


async def test_giving_up_leaves_the_calls_in_flight_to_their_leases(staged: StageMaker) -> None:
    async def never(_: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    stage = staged(answer=never)
    await stage.fill()
    task = asyncio.ensure_future(stage.forwarder.run())
    await stage.until(lambda: stage.calls)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await stage.until(lambda: not stage.gates["demo"].in_flight)

    query = select(attempts.c.outcome, shipments.c.lease).join(shipments, shipments.c.id == attempts.c.shipment_id)
    (outcome, lease) = await stage.store.read(lambda c: tuple(c.execute(query).one()))
    assert (None, True) == (outcome, lease is not None)


async def test_calls_that_fail_are_repeated_until_they_succeed(staged: StageMaker) -> None:
    answers = iter([500, 502, 429, 500])

    async def grudging(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(404)
        status = next(answers, None)
        return await accept(request) if status is None else httpx.Response(status, headers={"Retry-After": "0"})

    stage = staged(answer=grudging)
    await stage.fill()
    async with stage.running():
        await stage.until(lambda: 5 == sum(method == "PUT" for method, _, _ in stage.calls))

    assert {"applied": 1} == await stage.states()
    # After each call that may have been applied, and only then, the order was read.
    assert ["PUT", "GET", "PUT", "GET", "PUT", "PUT", "GET", "PUT"] == [method for method, _, _ in stage.calls]


async def test_a_store_that_is_out_for_a_moment_ends_nothing(staged: StageMaker) -> None:
    stage = staged()
    await stage.fill()
    with failing_commits(applied=False, times=4) as failed:
        async with stage.running():
            await stage.until(lambda: stage.calls)

    assert 4 == len(failed)
    assert {"applied": 1} == await stage.states()
