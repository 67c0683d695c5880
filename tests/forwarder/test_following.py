"""A claim right behind what it will find, and turns that end without another claim."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Connection

from app.account import History
from app.store import Store
from tests.forwarder.stage import Stage, accept, account, utc_now
from tests.postgresql.databases import sqlite_file
from tests.store.making import adding, event, recording, shipment
from tests.store.test_writer import held

pytestmark = pytest.mark.anyio

NUMBER = "QX004512345BR"


@pytest.fixture
async def commits() -> list[int]:
    return []


@pytest.fixture
async def store(tmp_path: Path, commits: list[int]) -> AsyncIterator[Store]:
    """Open a file, which one process owns: where several share a database nothing is followed."""
    opened = Store.open(sqlite_file(tmp_path), observe=lambda count, _: commits.append(count))
    await opened.write(adding(opened, shipment("demo-1", "1", NUMBER)))
    try:
        yield opened
    finally:
        await opened.close()


class Nothing:
    def run(self, _connection: Connection) -> None:
        return None


async def idle(stage: Stage, commits: list[int]) -> None:
    """Wait until a forwarder that just started has found that there is nothing to do."""
    await stage.until(stage.forwarder.follow)
    for _ in range(5):
        # Whatever it asked meanwhile was queued before, and is answered before.
        await stage.store.write(Nothing())
    commits.clear()


async def test_a_reading_and_its_claim_are_one_transaction_and_the_settlement_is_the_last(
    store: Store, commits: list[int]
) -> None:
    stage = Stage(store, commits, account(history=History.DELTA), answer=accept, slots=8)
    async with stage.running():
        await idle(stage, commits)
        reading = store.submit(recording(store, event(NUMBER), now=utc_now()), lasting=False)
        assert stage.forwarder.follow()

        assert (await reading.outcome).placed == 1
        await stage.until(lambda: len(commits) == 2)
        assert await stage.states() == {"applied": 1}

    assert ([2, 1], 1) == (commits, len(stage.calls))


async def test_a_claim_that_is_queued_already_follows_what_was_queued_since(store: Store, commits: list[int]) -> None:
    stage = Stage(store, commits, account(history=History.DELTA), answer=accept, slots=8)
    async with stage.running():
        await idle(stage, commits)
        with held(store):
            stage.forwarder.wake()
            for _ in range(5):
                # Woken, it queues a claim.
                await asyncio.sleep(0)
            reading = store.submit(recording(store, event(NUMBER), now=utc_now()), lasting=False)
            assert stage.forwarder.follow()

        assert (await reading.outcome).placed == 1
        await stage.until(lambda: len(commits) == 3)
        assert await stage.states() == {"applied": 1}

    assert ([1, 2, 1], 1) == (commits, len(stage.calls))


async def test_what_is_said_during_a_call_goes_out_right_after_it(store: Store, commits: list[int]) -> None:
    called, go = asyncio.Event(), asyncio.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        called.set()
        await go.wait()
        return await accept(request)

    stage = Stage(store, commits, account(history=History.DELTA), answer=answer, slots=8)
    async with stage.running():
        await store.write(recording(store, event(NUMBER, "01"), now=utc_now()))
        stage.forwarder.wake()
        await called.wait()
        await store.write(
            recording(store, event(NUMBER, "02", description="Saiu para entrega"), webhook=2, now=utc_now())
        )
        go.set()
        await stage.until(lambda: len(stage.calls) == 2)

    assert await stage.states() == {"applied": 2}


async def test_nothing_follows_before_the_start_nor_after_the_end(store: Store, commits: list[int]) -> None:
    stage = Stage(store, commits, account(history=History.DELTA), answer=accept, slots=8)
    assert not stage.forwarder.follow()
    async with stage.running():
        await idle(stage, commits)

    assert not stage.forwarder.follow()


async def test_where_no_call_may_start_nothing_follows_and_a_place_that_is_given_back_is_used(
    store: Store, commits: list[int]
) -> None:
    called, go = asyncio.Event(), asyncio.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        called.set()
        await go.wait()
        return await accept(request)

    stage = Stage(store, commits, account(history=History.DELTA, concurrency=1), answer=answer, slots=8)
    await stage.fill(count=1)
    async with stage.running():
        await called.wait()
        await store.write(recording(store, event(NUMBER), now=utc_now()))
        assert not stage.forwarder.follow()
        go.set()
        await stage.until(lambda: len(stage.calls) == 2)
