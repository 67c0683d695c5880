"""A clock that is set by hours: no second call for what is in flight, and no hours of waiting for what was planned."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Connection, select, update

from app.clock import ClockWatch
from app.store import SetBack, Store
from app.store.schema import accounts, shipments
from tests.forwarder.stage import Marked, Stage, accept, account, utc_now
from tests.postgresql.databases import ENGINES, Databases, sqlite_file

pytestmark = pytest.mark.anyio

HOURS = timedelta(hours=3)
ROUNDS = 50


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path, databases: Databases) -> Iterator[str]:
    with databases.one(str(request.param), tmp_path) as url:
        yield url


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    opened = Store.open(database_url)
    try:
        yield opened
    finally:
        await opened.close()


class Clock:
    """A clock that can be set, beside seconds that can be made to pass."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)
        self.passed = 0.0

    def __call__(self) -> datetime:
        return utc_now() + self.ahead

    def steady(self) -> float:
        return time.monotonic() + self.passed

    def pass_time(self, duration: timedelta) -> None:
        self.ahead += duration
        self.passed += duration.total_seconds()


class Answers:
    """Keep every call waiting until it is let go, then answer as told."""

    def __init__(self) -> None:
        self.let_go = asyncio.Event()
        self.begun = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.begun += 1
        await self.let_go.wait()
        return await accept(request)


async def refuse(_: httpx.Request) -> httpx.Response:
    return httpx.Response(429, headers={"Retry-After": "30"})


def stage(store: Store, answer: object, clock: Clock, jitter: Callable[[], float] = lambda: 0.0) -> Stage:
    watch = ClockWatch(clock, clock.steady)
    return Stage(
        store,
        [],
        account(),
        answer=answer,  # type: ignore[arg-type]
        slots=8,
        now=watch.now,
        watch=watch,
        jitter=jitter,
    )


async def looks(made: Stage) -> None:
    """Let the forwarder look for work again and again."""
    for _ in range(ROUNDS):
        made.forwarder.wake()
        await made.store.read(lambda connection: connection.execute(select(1)).scalar())


async def due_in(store: Store, clock: Clock) -> timedelta:
    due = await store.read(lambda connection: connection.execute(select(shipments.c.due_at)).scalar())
    assert due is not None
    return due - clock()  # type: ignore[no-any-return]


@pytest.mark.parametrize("by", [HOURS, -HOURS])
async def test_a_call_in_flight_is_not_made_a_second_time_because_the_clock_was_set(
    store: Store, by: timedelta
) -> None:
    clock, answers = Clock(), Answers()
    made = stage(store, answers, clock)
    await made.fill()
    async with made.running():
        await made.until(lambda: answers.begun == 1)
        clock.ahead += by
        await looks(made)
        assert 1 == answers.begun

        answers.let_go.set()
        await made.until(lambda: not made.gates["demo"].in_flight)

    assert 1 == answers.begun


async def test_once_what_was_in_flight_has_ended_for_certain_all_goes_on(store: Store) -> None:
    clock = Clock()
    made = stage(store, accept, clock)
    async with made.running():
        clock.ahead += HOURS
        await looks(made)
        await made.fill(count=3)
        await looks(made)
        assert [] == made.calls

        clock.pass_time(timedelta(minutes=2))
        made.forwarder.wake()
        await made.until(lambda: len(made.calls) == 3)


async def test_what_was_planned_by_a_clock_that_went_wrong_does_not_wait_for_it_to_be_wrong_again(
    tmp_path: Path,
) -> None:
    """Where one process owns the database; where several share it, all go by the server's clock."""
    store = Store.open(sqlite_file(tmp_path))
    try:
        clock = Clock()
        clock.ahead = HOURS
        made = stage(store, refuse, clock)
        await made.fill()
        async with made.running():
            await made.until(lambda: made.gates["demo"].closed_until and not made.gates["demo"].in_flight)
            before = await due_in(store, clock)
            clock.ahead -= HOURS
            closed_until = made.gates["demo"].closed_until
            for _ in range(ROUNDS):
                await looks(made)
                closed_until = made.gates["demo"].closed_until
                # The gate is set back once it is known that the plans are.
                if await due_in(store, clock) < HOURS and closed_until and closed_until - clock() < HOURS:
                    break

        assert timedelta(0) < await due_in(store, clock) <= before <= timedelta(seconds=40)
        assert closed_until is not None
        assert closed_until - clock() <= timedelta(seconds=40)
    finally:
        await store.close()


async def test_what_was_planned_while_a_clock_was_wrong_for_a_moment_does_not_wait_for_it_to_be_so_again(
    tmp_path: Path,
) -> None:
    store = Store.open(sqlite_file(tmp_path))
    try:
        clock = Clock()

        async def fails_as_the_clock_is_set(_: httpx.Request) -> httpx.Response:
            clock.ahead = HOURS
            return httpx.Response(500)

        def right_again() -> float:
            # What was planned when the call ended is not stored yet.
            clock.ahead = timedelta(0)
            return 0.0

        made = stage(store, fails_as_the_clock_is_set, clock, jitter=right_again)
        await made.fill()
        async with made.running():
            await made.until(lambda: made.calls and not made.gates["demo"].in_flight)
            for _ in range(ROUNDS):
                await looks(made)
                if await due_in(store, clock) < HOURS:
                    break

        assert await due_in(store, clock) <= timedelta(seconds=40)
    finally:
        await store.close()


async def test_only_what_is_planned_for_later_is_planned_earlier(store: Store) -> None:
    made = stage(store, accept, Clock())
    await made.fill(count=1)
    await made.fill(count=1, retrying=True)
    now = utc_now().replace(microsecond=0)
    later, before = now + HOURS + timedelta(minutes=5), now - timedelta(minutes=5)
    await store.write(Marked(due_at=later, read_after=later))

    def planned(connection: Connection) -> set[tuple[datetime, datetime | None]]:
        found = connection.execute(select(shipments.c.due_at, shipments.c.read_after))
        return {(row.due_at, row.read_after) for row in found}

    class Others:
        def run(self, connection: Connection) -> None:
            connection.execute(update(shipments).where(shipments.c.retrying.is_(False)).values(due_at=before))

    await store.write(Others())
    await store.write(SetBack(by=HOURS, after=now))
    on = now + timedelta(minutes=5)

    assert {(before, None), (on, on)} == await store.read(planned)
    assert [] == await store.read(lambda connection: list(connection.execute(select(accounts))))
