"""Several processes share a PostgreSQL: none makes another's ids, claims what another has, or waits for it for ever."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, text

from app.errors import ConfigurationError, StoreUnavailable
from app.store import EVERYTHING, Exclusion, Store, TakeDuty
from app.store.columns import node_of
from app.store.exclusion import FREE, exclude, of_accounts
from app.store.nodes import LEASE, KeepNode, TakeNode, live_nodes
from app.store.schema import bodies, rows, subjects
from tests.postgresql.databases import Databases
from tests.store.making import NOW, adding, claim, event, put, recording, shipment

pytestmark = pytest.mark.anyio

Join = Callable[..., Store]


@pytest.fixture
def url(tmp_path: Path, databases: Databases) -> Iterator[str]:
    with databases.one("postgresql", tmp_path) as made:
        yield made


@pytest.fixture
async def join(url: str) -> AsyncIterator[Join]:
    """Open further stores on one database, as further processes would."""
    async with AsyncExitStack() as stack:

        def opened(**options: object) -> Store:
            store = Store.open(url, **options)  # type: ignore[arg-type]
            stack.push_async_callback(store.close)
            return store

        yield opened


class Waiting:
    """An operation that stays in its transaction until it is let go."""

    def __init__(self, excludes: Exclusion) -> None:
        self.excludes = excludes
        self.begun = threading.Event()
        self.go = threading.Event()

    def run(self, _connection: Connection) -> None:
        self.begun.set()
        assert self.go.wait(30)


async def test_each_process_makes_ids_under_a_number_of_its_own_and_gives_it_back(join: Join) -> None:
    stores = [join(role="ingest"), join(), join()]

    assert [0, 1, 2] == [node_of(store.ids.next()) for store in stores]
    nodes = await stores[0].read(lambda connection: live_nodes(connection, stores[0].now()))
    assert [(0, "ingest"), (1, "all"), (2, "all")] == [(node.node, node.role) for node in nodes]

    await stores[1].close()
    assert 1 == node_of(join().ids.next())


async def test_a_number_whose_lease_ended_goes_to_the_next_one_and_its_former_holder_is_told(join: Join) -> None:
    store = join()
    later = store.now() + 2 * LEASE

    assert 0 == await store.write(TakeNode(holder="next", role="all", now=later))
    assert not await store.write(KeepNode(node=0, holder="former", now=later))
    assert await store.write(KeepNode(node=0, holder="next", now=later))
    assert 1 == await store.write(TakeNode(holder="third", role="all", now=later))


async def test_processes_agree_on_the_time_whatever_their_clocks_say(join: Join) -> None:
    fast = join(now=lambda: datetime.now(UTC) + timedelta(hours=3))
    right = join()

    assert abs(fast.now() - right.now()) < timedelta(seconds=5)
    assert abs(fast.ids.next() - right.ids.next()) >> 22 < 5_000


async def test_a_webhook_that_two_processes_get_at_once_is_kept_once(join: Join) -> None:
    stores = [join(), join()]
    puts = [(store, put(store, str(number))) for number in range(40) for store in stores]

    received = await asyncio.gather(*(store.write(each) for store, each in puts))

    assert 40 == sum(not each.duplicate for each in received)
    assert 40 == len({each.webhook_id for each in received})
    kept = await stores[0].read(lambda connection: connection.execute(select(bodies.c.webhook_id)).scalars().all())
    assert {each.webhook_id for each in received} == set(kept)


async def test_what_one_process_claims_no_other_one_claims(join: Join) -> None:
    stores = [join(), join(), join()]
    for number in range(30):
        await stores[0].write(adding(stores[0], shipment(f"v{number}-01", "1", f"N{number}")))
        await stores[0].write(recording(stores[0], event(f"N{number}")))

    claimed = await asyncio.gather(*(store.write(claim(store, slots=4)) for store in stores for _ in range(4)))

    leases = [each.work.shipment_id for some in claimed for each in some]
    assert 30 == len(leases) == len(set(leases))


async def test_no_event_is_parked_beside_its_shipment_whoever_is_first(join: Join) -> None:
    """One process maps while another one indexes: each looks for what the other left, and neither looks too early."""
    mapping, indexing = join(), join()

    for number in range(30):
        await asyncio.gather(
            mapping.write(recording(mapping, event(f"N{number}"), webhook=number + 1)),
            indexing.write(adding(indexing, shipment(f"v{number}-01", "1", f"N{number}"))),
        )

    states = await mapping.read(lambda connection: connection.execute(select(subjects.c.state)).scalars().all())
    assert ["placed"] * 30 == states
    assert 30 == len(await mapping.read(lambda connection: connection.execute(select(rows.c.event_id)).all()))


async def test_what_two_processes_say_of_one_parcel_at_once_is_all_kept(join: Join) -> None:
    left, right = join(), join()
    for number in range(20):
        await asyncio.gather(
            left.write(recording(left, event(f"N{number}", "01"), webhook=1)),
            right.write(recording(right, event(f"N{number}", "02"), webhook=2)),
        )
        await left.write(adding(left, shipment(f"v{number}-01", "1", f"N{number}")))

    assert 40 == len(await left.read(lambda connection: connection.execute(select(rows.c.event_id)).all()))


@pytest.mark.parametrize(
    ("holds", "wants", "waits"),
    [
        (of_accounts("a"), of_accounts("a"), True),
        (of_accounts("a"), of_accounts("b"), False),
        (of_accounts("a", "b"), of_accounts("b", "c"), True),
        (EVERYTHING, of_accounts("a"), True),
        (of_accounts("a"), EVERYTHING, True),
        (EVERYTHING, FREE, False),
        (FREE, FREE, False),
    ],
)
async def test_a_write_waits_for_those_of_other_processes_that_touch_its_accounts(
    join: Join, holds: Exclusion, wants: Exclusion, waits: bool
) -> None:
    first, second = Waiting(holds), Waiting(wants)
    held = join().submit(first)
    assert await asyncio.to_thread(first.begun.wait, 30)
    wanting = join().submit(second)

    if not waits:
        assert await asyncio.to_thread(second.begun.wait, 30)
    else:
        # It is its turn once the first is let go, and not before.
        assert not await asyncio.to_thread(second.begun.wait, 0.2)
    first.go.set()
    assert await asyncio.to_thread(second.begun.wait, 30)
    second.go.set()
    await asyncio.gather(held.outcome, wanting.outcome)


async def test_accounts_of_one_group_are_decided_upon_together(join: Join) -> None:
    whole = {"a": ("a", "b"), "b": ("a", "b")}
    first, second = Waiting(of_accounts("a")), Waiting(of_accounts("b"))
    held = join(together=lambda name: whole.get(name, (name,))).submit(first)
    assert await asyncio.to_thread(first.begun.wait, 30)
    waiting = join(together=lambda name: whole.get(name, (name,))).submit(second)

    assert not await asyncio.to_thread(second.begun.wait, 0.2)
    first.go.set()
    second.go.set()
    await asyncio.gather(held.outcome, waiting.outcome)


async def test_webhooks_that_come_in_wait_for_nothing_else(join: Join) -> None:
    store = join()
    held = Waiting(EVERYTHING)
    ticket = store.submit(held)
    assert await asyncio.to_thread(held.begun.wait, 30)

    assert not (await store.write(put(store, "1"))).duplicate
    held.go.set()
    await ticket.outcome


async def test_one_process_has_a_duty_and_the_next_one_when_it_gives_it_up(join: Join) -> None:
    first, second = join(), join()
    held = await first.write(TakeDuty(name="sweep", holder="first", stale=None, now=NOW))

    assert held == await second.write(TakeDuty(name="sweep", holder="second", stale=None, now=NOW))
    assert "second" == (await second.write(TakeDuty(name="sweep", holder="second", stale=held, now=NOW))).holder


async def test_other_processes_hear_what_one_tells_and_it_does_not_hear_itself(join: Join) -> None:
    telling, hearing = join(), join()
    heard: asyncio.Queue[str] = asyncio.Queue()
    telling.hear("due", lambda: heard.put_nowait("telling"))
    hearing.hear("due", lambda: heard.put_nowait("hearing"))
    hearing.hear("other", lambda: heard.put_nowait("other"))
    # Whoever begins to listen takes it that something was told before.
    while not heard.empty():
        heard.get_nowait()

    async with asyncio.timeout(30):
        while True:
            telling.tell("due")
            try:
                async with asyncio.timeout(0.5):
                    found = await heard.get()
            except TimeoutError:
                continue
            if found == "hearing":
                break

    assert "telling" not in [heard.get_nowait() for _ in range(heard.qsize())]


async def test_behind_a_pooler_nothing_is_told_and_everything_else_is_the_same(join: Join) -> None:
    store = join(pooled=True)
    store.tell("due")

    assert not (await store.write(put(store, "1"))).duplicate
    assert ["10s"] == await store.write(Asked("SHOW lock_timeout"))
    assert ["30s"] == await store.read(lambda c: list(c.execute(text("SHOW statement_timeout")).scalars()))


class Asked:
    def __init__(self, question: str) -> None:
        self._question = question

    def run(self, connection: Connection) -> list[str]:
        return list(connection.execute(text(self._question)).scalars())


async def test_a_transaction_cannot_hold_up_others_for_ever(join: Join) -> None:
    store = join()

    assert ["10s"] == await store.write(Asked("SHOW lock_timeout"))
    assert ["30s"] == await store.write(Asked("SHOW statement_timeout"))
    assert ["30s"] == await store.write(Asked("SHOW idle_in_transaction_session_timeout"))


@pytest.mark.parametrize("level", ["off", "local", "remote_write"])
async def test_a_server_that_forgets_what_it_answered_is_refused(url: str, databases: Databases, level: str) -> None:
    name = url.rpartition("/")[2]
    databases.server.execute(f"ALTER DATABASE {name} SET synchronous_commit = {level}")

    with pytest.raises(ConfigurationError, match=f"synchronous_commit={level}"):
        Store.open(url)


async def test_a_server_that_is_not_there_is_our_fault_and_is_named_without_its_password(url: str) -> None:
    nowhere = "postgresql://relay:secret-word@127.0.0.1:1,127.0.0.1:2/relay"
    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1:1,127\.0\.0\.1:2") as refused:
        Store.open(nowhere)
    assert "secret-word" not in str(refused.value)

    with pytest.raises(StoreUnavailable, match="does not exist"):
        Store.open(url.rpartition("/")[0] + "/no_such_database")


async def test_a_store_goes_on_when_the_server_ended_all_its_sessions(join: Join, databases: Databases) -> None:
    store = join()
    await store.write(put(store, "1"))
    databases.server.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'carrier-relay'"
    )

    assert not (await store.write(put(store, "2"))).duplicate
    assert (await store.write(put(store, "1"))).duplicate


async def test_text_that_the_server_cannot_keep_is_kept_readable(join: Join) -> None:
    store = join()
    await store.write(adding(store, shipment()))

    await store.write(recording(store, event(description="Em\x00trânsito")))

    (found,) = await store.write(claim(store))
    assert "Em�trânsito" == found.work.rows[0].description


async def test_locks_are_taken_by_whoever_finds_out_what_it_needs(join: Join) -> None:
    class Late:
        excludes = FREE

        def run(self, connection: Connection) -> int:
            exclude(connection, ["a", "b"])
            held = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
            return int(connection.execute(held).scalar_one())

    assert 3 == await join().write(Late())
