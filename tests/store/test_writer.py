"""Writes share transactions, fail alone, can be withdrawn, and are settled when a COMMIT ends without an answer."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, func, select, text
from sqlalchemy.exc import OperationalError

from app.errors import StoreUnavailable
from app.store import Store
from app.store.exclusion import INGEST
from app.store.migrate import is_usable
from app.store.revisions import REVISIONS
from app.store.schema import ledger, webhooks
from tests.store.making import put

pytestmark = pytest.mark.anyio


class Held:
    """An operation that holds the writer until it is let go: that of webhooks, where there are several."""

    excludes = INGEST

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.go = threading.Event()

    def run(self, _connection: Connection) -> None:
        self.begun.set()
        assert self.go.wait(30)


class Failing:
    def run(self, _connection: Connection) -> None:
        raise LookupError("mine alone")


class Refused:
    """An operation that the database itself refuses."""

    def run(self, connection: Connection) -> None:
        connection.execute(text("SELECT * FROM no_such_table"))


@contextmanager
def held(store: Store) -> Iterator[Held]:
    """Hold the writer, so that what is written meanwhile queues up."""
    operation = Held()
    store.submit(operation)
    assert operation.begun.wait(30)
    try:
        yield operation
    finally:
        operation.go.set()


@contextmanager
def failing_commits(*, applied: bool, times: int = 1, after: int = 0) -> Iterator[list[None]]:
    """Let some commits, ``after`` good ones, end without an answer, after or before the database applied them."""
    failed: list[None] = []
    good: list[None] = []

    def fail(connection: Connection) -> None:
        if len(good) < after:
            good.append(None)
        elif len(failed) < times:
            failed.append(None)
            raw: Any = connection.connection.dbapi_connection
            if applied:
                raw.commit()
            raise OperationalError("COMMIT", {}, ConnectionError("the server went away"))

    event.listen(Engine, "commit", fail)
    try:
        yield failed
    finally:
        event.remove(Engine, "commit", fail)


async def count(store: Store) -> int:
    return await store.read(lambda c: c.execute(select(func.count()).select_from(webhooks)).scalar_one())


async def test_what_queues_while_a_commit_is_in_flight_shares_the_next_one(store: Store, commits: list[int]) -> None:
    with held(store):
        writes = [asyncio.ensure_future(store.write(put(store, str(n)))) for n in range(300)]
        await asyncio.sleep(0)
    await asyncio.gather(*writes)

    assert [1, 256, 44] == commits
    assert 300 == await count(store)


async def test_a_batch_is_bounded_by_size_too(store: Store, commits: list[int]) -> None:
    with held(store):
        tickets = [store.submit(put(store, str(n)), size=12 * 1024 * 1024) for n in range(7)]
    await asyncio.gather(*(ticket.outcome for ticket in tickets))

    assert [1, 3, 3, 1] == commits


async def test_one_caller_alone_waits_for_nobody(store: Store, commits: list[int]) -> None:
    for number in range(5):
        await store.write(put(store, str(number)))

    assert [1] * 5 == commits


async def test_those_of_a_crowd_share_a_commit_although_nothing_is_in_flight(store: Store, commits: list[int]) -> None:
    async def come(number: int, rounds: int) -> None:
        for _ in range(rounds):
            await asyncio.sleep(0)
        await store.submit(put(store, str(number)), gather=True).outcome

    await asyncio.gather(*(come(number, number // 10) for number in range(50)))

    assert [50] == commits


async def test_what_is_gathered_can_be_withdrawn_and_is_committed_when_the_store_is_closed(
    store: Store, commits: list[int]
) -> None:
    kept, withdrawn = (store.submit(put(store, name), gather=True) for name in ("1", "2"))
    assert store.withdraw(withdrawn)
    await store.close()

    assert [1] == commits
    assert not (await kept.outcome).duplicate


@pytest.mark.parametrize(("bad", "error"), [(Failing, LookupError), (Refused, StoreUnavailable)])
async def test_an_operation_that_fails_fails_alone(
    store: Store, bad: Callable[[], Any], error: type[Exception]
) -> None:
    with held(store):
        before = store.submit(put(store, "1"))
        failing = store.submit(bad())
        after = store.submit(put(store, "2"))

    with pytest.raises(error):
        await failing.outcome
    assert [False, False] == [(await ticket.outcome).duplicate for ticket in (before, after)]
    assert 2 == await count(store)


async def test_a_withdrawn_operation_never_runs_and_one_that_began_cannot_be_withdrawn(store: Store) -> None:
    with held(store) as first:
        begun = store.submit(first)
        waiting = store.submit(put(store, "1"))
        assert store.withdraw(waiting)
        assert store.withdraw(begun)
        kept = store.submit(put(store, "2"))
    await kept.outcome

    assert not store.withdraw(kept)
    assert 1 == await count(store)
    assert not waiting.outcome.done()


@pytest.mark.parametrize("size", [1, 8])
@pytest.mark.parametrize("applied", [True, False])
async def test_an_unknown_commit_is_settled_by_reading_the_ledger(store: Store, size: int, applied: bool) -> None:
    puts = [put(store, str(number)) for number in range(size)]
    # The first commit is that of what holds the writer.
    with failing_commits(applied=applied, after=1) as failed:
        with held(store):
            tickets = [store.submit(each) for each in puts]
        outcomes = [await ticket.outcome for ticket in tickets]

    assert 1 == len(failed)
    assert [(each.id, False) for each in puts] == [(outcome.webhook_id, outcome.duplicate) for outcome in outcomes]
    assert size == await count(store)
    entries = select(func.count()).select_from(ledger)
    assert size == await store.read(lambda connection: connection.execute(entries).scalar_one())


async def test_a_commit_that_fails_and_fails_again_is_our_fault_and_does_not_end_the_writer(store: Store) -> None:
    with failing_commits(applied=False, times=2), pytest.raises(StoreUnavailable, match="whether a transaction"):
        await store.write(put(store, "1"))

    assert not (await store.write(put(store, "1"))).duplicate


async def test_closing_commits_what_is_queued_and_then_nothing_can_be_written_or_read(
    store: Store, database_url: str
) -> None:
    with held(store):
        tickets = [store.submit(put(store, str(number))) for number in range(3)]
        closing = asyncio.ensure_future(store.close())
        await asyncio.sleep(0)
    await closing

    assert [False] * 3 == [(await ticket.outcome).duplicate for ticket in tickets]
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.write(put(store, "4"))
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.read(is_usable)
    reopened = Store.open(database_url, lock_wait_seconds=0)
    try:
        assert 3 == await count(reopened)
    finally:
        await reopened.close()


async def test_a_waiter_that_went_away_does_not_disturb_the_others(store: Store) -> None:
    with held(store):
        gone = asyncio.ensure_future(store.write(put(store, "1")))
        stays = asyncio.ensure_future(store.write(put(store, "2")))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.sleep(0)

    assert not (await stays).duplicate
    assert 2 == await count(store)


async def test_a_reader_sees_one_moment_and_cannot_write(store: Store) -> None:
    await store.write(put(store, "1"))

    def change(connection: Connection) -> None:
        connection.execute(webhooks.delete())

    def broken(connection: Connection) -> Sequence[Any]:
        return connection.execute(text("SELECT * FROM no_such_table")).all()

    for query in (change, broken):
        with pytest.raises(StoreUnavailable, match="cannot be read"):
            await store.read(query)
    assert 1 == await count(store)


async def test_checking_proves_that_it_can_be_written_and_has_the_right_schema(store: Store) -> None:
    class Downgrade:
        def run(self, connection: Connection) -> None:
            connection.execute(text("UPDATE alembic_version SET version_num = :older"), {"older": REVISIONS[-2]})

    await store.check()
    await store.write(Downgrade())

    with pytest.raises(StoreUnavailable, match="carrier-relay migrate"):
        await store.check()


class Level:
    """An operation that looks whether its commit will wait for the disk."""

    def run(self, connection: Connection) -> bool:
        if connection.dialect.name == "sqlite":
            return bool(connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2)
        return bool(connection.exec_driver_sql("SHOW synchronous_commit").scalar_one() == "on")


async def test_only_a_commit_of_what_can_be_done_again_does_not_wait_for_the_disk(store: Store) -> None:
    assert [True, False, False, True] == [
        await store.write(Level(), lasting=lasting) for lasting in (True, False, False, True)
    ]


async def test_what_shares_its_commit_with_something_that_must_last_lasts_as_well(store: Store) -> None:
    with held(store):
        tickets = [store.submit(Level(), lasting=lasting) for lasting in (False, True, False)]
    await asyncio.gather(*(ticket.outcome for ticket in tickets))

    assert [True, True, True] == [ticket.outcome.result() for ticket in tickets]


@pytest.mark.parametrize("lasting", [True, False])
async def test_after_trouble_with_a_connection_what_must_last_lasts(store: Store, lasting: bool) -> None:
    await store.write(Level(), lasting=False)
    with failing_commits(applied=False) as failed:
        await store.write(Level(), lasting=lasting)

    assert failed
    assert await store.write(Level())
