"""What gives way is written behind webhooks and what they lead to, a moment later at most, and none of it is lost."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import Connection

from app.crowd import Crowd
from app.store import Store
from app.store.exclusion import ALONE, INGEST, Exclusion, exclusion_of, of_accounts
from app.store.waiting import Ticket, Waiting
from tests.store.test_writer import held

MOMENT = 0.02
LITTLE = 0.001
LONG = 5.0
DEMO, OTHER = of_accounts("demo"), of_accounts("other")


class Writing:
    def __init__(self, excludes: Exclusion) -> None:
        self.excludes = excludes

    def run(self, connection: Connection) -> None:
        raise NotImplementedError


class Queue:
    """Operations that wait, under a clock of their own."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.now = 100.0
        self.waiting = Waiting(exclusion_of, lambda: self.now)

    def add(self, *, gives_way: bool, excludes: Exclusion = DEMO, size: int = 0) -> Ticket[None]:
        ticket = Ticket(Writing(excludes), self._loop.create_future(), size, gives_way=gives_way)
        self.waiting.add(ticket)
        return ticket

    def take(self) -> list[Ticket[None]]:
        taken = self.waiting.take(lambda _: True)
        assert taken is None or taken[1], "a queue that is named is worked on, and nothing would end that work"
        return [] if taken is None else taken[1]


@pytest.fixture
def queue() -> Iterator[Queue]:
    with asyncio.Runner() as runner:
        yield Queue(runner.get_loop())


def test_while_nobody_came_what_gives_way_is_written_with_everything_else(queue: Queue) -> None:
    behind = [queue.add(gives_way=True) for _ in range(9)]
    soon = queue.add(gives_way=False)

    assert [soon, *behind] == queue.take()
    assert [] == queue.take()


def test_while_somebody_is_there_it_waits_for_a_moment_and_is_then_the_first(queue: Queue) -> None:
    queue.waiting.crowd.join()
    behind = queue.add(gives_way=True)
    queue.now += MOMENT - LITTLE
    soon, other = queue.add(gives_way=False), queue.add(gives_way=False, excludes=OTHER)

    assert [soon] == queue.take()
    assert pytest.approx(LITTLE) == queue.waiting.seconds(lambda _: True)
    queue.now += 2 * LITTLE
    assert 0 == queue.waiting.seconds(lambda _: True)
    assert [behind] == queue.take()
    assert [other] == queue.take()


def test_when_everybody_has_gone_it_waits_no_longer(queue: Queue) -> None:
    queue.waiting.crowd.join()
    queue.waiting.crowd.leave()
    queue.now += MOMENT - LITTLE
    behind = queue.add(gives_way=True)
    assert [] == queue.take()

    queue.now += 2 * LITTLE
    assert [behind] == queue.take()


@pytest.mark.parametrize("looks", range(6))
def test_whoever_comes_while_it_is_looked_for_leaves_no_queue_named_without_its_operations(
    queue: Queue, looks: int
) -> None:
    far, near = LONG, 0.0
    clock: list[float] = []
    crowd = queue.waiting.crowd = Crowd(lambda: clock.pop() if clock else near)
    crowd.join()
    crowd.leave()
    # Nobody is there at the first looks; at all after them somebody has just been answered.
    clock[:] = [far] * looks
    behind = queue.add(gives_way=True)

    taken = queue.take()
    queue.now += MOMENT + LITTLE
    assert [behind] == taken + queue.take()


def test_few_share_a_transaction_while_more_webhooks_are_to_be_expected(queue: Queue) -> None:
    queue.waiting.crowd.join()
    queue.waiting.crowd.leave()
    queue.now += MOMENT + LITTLE
    behind = [queue.add(gives_way=True) for _ in range(7)]
    soon = queue.add(gives_way=False)

    assert [soon, *behind[:2]] == queue.take()
    assert behind[2:4] == queue.take()
    queue.now += LONG
    assert behind[4:] == queue.take()


def test_when_it_closes_nothing_gives_way(queue: Queue) -> None:
    queue.waiting.crowd.join()
    behind = queue.add(gives_way=True)
    queue.waiting.is_closing = True

    assert [behind] == queue.take()


def test_nothing_is_held_back_where_nothing_gives_way(queue: Queue) -> None:
    queue.add(gives_way=False)

    assert queue.waiting.seconds(lambda _: True) is None


@pytest.mark.anyio
async def test_what_takes_the_place_of_something_queued_comes_behind_all_that_was_queued_since(store: Store) -> None:
    wrote: list[str] = []

    class Naming:
        excludes = INGEST

        def __init__(self, name: str) -> None:
            self._name = name

        def run(self, _connection: Connection) -> None:
            wrote.append(self._name)

    with held(store):
        first, second = store.submit(Naming("first")), store.submit(Naming("second"))
        behind = store.submit(Naming("behind"), gives_way=True)
        assert store.resubmit(first, Naming("anew"))
        assert store.resubmit(behind, Naming("no longer behind"))
    await asyncio.gather(*(ticket.outcome for ticket in (first, second, behind)))

    assert ["second", "anew", "no longer behind"] == wrote
    assert not store.resubmit(first, Naming("too late"))


class Taking(RuleBasedStateMachine):
    """Operations that come, are taken and are withdrawn in any order, while webhooks come and go."""

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._queue = Queue(self._runner.get_loop())
        self._left: list[Ticket[None]] = []
        self._taken: list[Ticket[None]] = []
        self._there = 0

    def teardown(self) -> None:
        self._queue.waiting.is_closing = True
        while self._left:
            self.take()
        assert not self._queue.waiting.has_any(lambda _: True)
        self._runner.close()

    @rule(gives_way=st.booleans(), excludes=st.sampled_from([DEMO, OTHER, ALONE]), mebibytes=st.sampled_from([0, 20]))
    def add(self, gives_way: bool, excludes: Exclusion, mebibytes: int) -> None:
        self._left.append(self._queue.add(gives_way=gives_way, excludes=excludes, size=mebibytes * 1024 * 1024))

    @rule(seconds=st.sampled_from([0.005, MOMENT, LONG]))
    def wait(self, seconds: float) -> None:
        self._queue.now += seconds

    @rule()
    def come(self) -> None:
        self._queue.waiting.crowd.join()
        self._there += 1

    @precondition(lambda self: self._there)
    @rule()
    def go(self) -> None:
        self._queue.waiting.crowd.leave()
        self._there -= 1

    @precondition(lambda self: self._left)
    @rule(which=st.integers(0, 99))
    def withdraw(self, which: int) -> None:
        self._queue.waiting.remove(self._left.pop(which % len(self._left)))

    @rule()
    def take(self) -> None:
        late = [each for each in self._left if each.gives_way and self._queue.now - each.since >= MOMENT]
        batch = self._queue.take()
        assert any(each in late for each in batch) or not late, "what gave way for a moment is written"
        assert batch or all(each.gives_way for each in self._left), "nothing else gives way"
        for each in batch:
            self._left.remove(each)
        self._taken += batch

    @invariant()
    def each_kind_is_taken_in_its_order(self) -> None:
        since: dict[tuple[bool, Exclusion], float] = {}
        for each in self._taken:
            kind = each.gives_way, exclusion_of(each.operation)
            assert since.get(kind, 0.0) <= each.since
            since[kind] = each.since


TestTaking = Taking.TestCase
