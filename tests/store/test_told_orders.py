"""Whatever is told of orders, however often and in whatever order: every change is read, and little else."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import Connection, insert, select

from app.resolution import resolver
from app.store import (
    AddOrder,
    ClaimedOrder,
    ClaimOrders,
    OrderShown,
    SettleOrder,
    Store,
    Telling,
    TellOrders,
    ToldOrder,
)
from app.store.order_schema import orders
from app.store.orders import ECHO_READ
from app.store.schema import attempts, shipments
from tests.store.making import LEASE, NOW, Clock, shipment
from tests.store.test_machine import Empty

T = TypeVar("T")
ORDERS = [f"v{number}-01" for number in range(4)]
RETRY = timedelta(seconds=10)
SLACK = timedelta(seconds=2)


def tell(
    *told: str | ToldOrder, source: str = "hook", now: datetime = NOW, account: str = "demo", **more: Any
) -> TellOrders:
    named = tuple(ToldOrder(order_id=each, changed_at=now) if isinstance(each, str) else each for each in told)
    return TellOrders(account=account, told=named, source=source, now=now, **more)


def claiming(
    now: datetime = NOW, *, free: dict[str, int] | None = None, slots: int = 10, later: int = 1
) -> ClaimOrders:
    free = free or {"demo": 10}
    return ClaimOrders(
        free=free,
        slots=slots,
        later_slots=later,
        lease=dict.fromkeys(free, LEASE),
        probe_every=dict.fromkeys(free, timedelta(seconds=30)),
        now=now,
    )


def showing(
    store: Store, order_id: str, *numbers: str, now: datetime = NOW, account: str = "demo", incomplete: bool = False
) -> OrderShown:
    package = replace(shipment(order_id, "1", *numbers, account=account, origin="order"), tracking_numbers=numbers)
    return OrderShown(
        add=AddOrder(
            shipments=(package,), resolve=resolver(lambda: now), members=lambda owner: (owner,), ids=store.ids, now=now
        ),
        read_at=now,
        invoiced_at=None,
        incomplete=incomplete,
        first_read=lambda _work: None,
    )


def settling(store: Store, claimed: ClaimedOrder, *, now: datetime = NOW, **more: Any) -> SettleOrder:
    values: dict[str, Any] = {
        "shown": showing(store, claimed.order_id, f"N-{claimed.order_id}", now=now, account=claimed.account),
        "again_at": None,
    }
    return SettleOrder(account=claimed.account, order_id=claimed.order_id, claimed=claimed, now=now, **(values | more))


class Wrote:
    """Enter a PUT of ours, as the queue of shipments does."""

    def __init__(self, store: Store, order_id: str, at: datetime, **values: Any) -> None:
        self.id = store.ids.next()
        self.order_id = order_id
        self.values = {"call": "put", "lease": "x", "outcome": "applied", "started_at": at, "ended_at": at} | values

    def run(self, connection: Connection) -> None:
        found = select(shipments.c.id).where(shipments.c.order_id == self.order_id)
        id_ = connection.execute(found).scalar_one()
        connection.execute(insert(attempts).values(id=self.id, shipment_id=id_, account="demo", **self.values))


class Mirror(RuleBasedStateMachine):
    """A VTEX whose orders change, tellings of it that are doubled, late, lost or about ourselves, and readers."""

    def __init__(self, database_url: str, runner: asyncio.Runner) -> None:
        super().__init__()
        self.runner = runner
        self.clock = Clock()
        self.opened = Store.open(database_url, lock_wait_seconds=0)
        self.changes: dict[str, list[datetime]] = {}
        self.told: list[tuple[str, datetime]] = []
        self.seen: dict[str, datetime] = {}
        self.held: list[tuple[ClaimedOrder, datetime]] = []
        self.puts: list[tuple[str, datetime]] = []
        self.write(Empty())

    def do(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.runner.get_loop().run_until_complete(coroutine)

    def write(self, operation: Any) -> Any:
        return self.do(self.opened.write(operation))

    def teardown(self) -> None:
        self.do(self.opened.close())

    @rule(order=st.sampled_from(ORDERS), milliseconds=st.integers(1, 2500))
    def change(self, order: str, milliseconds: int) -> None:
        self.clock.advance(milliseconds=milliseconds)
        self.changes.setdefault(order, []).append(self.clock())

    @precondition(lambda self: self.changes)
    @rule(data=st.data(), source=st.sampled_from(["hook", "feed"]))
    def tell(self, data: st.DataObject, source: str) -> None:
        """Tell several changes at once, some of them again, in any order."""
        known = [(order, at) for order, times in self.changes.items() for at in times]
        told = data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=6))
        self._tell(told, source)

    def _tell(self, told: list[tuple[str, datetime]], source: str) -> None:
        entries = [ToldOrder(order_id=order, changed_at=at, state="invoiced") for order, at in told]
        outcome = self.write(tell(*entries, source=source, now=self.clock()))
        assert isinstance(outcome, Telling)
        assert len({order for order, _ in told}) == outcome.due + outcome.echoes + outcome.known
        self.told += told

    @rule(order=st.sampled_from(ORDERS))
    def look_back(self, order: str) -> None:
        """A backfill names an order and knows nothing else of it."""
        self.write(tell(ToldOrder(order_id=order), source="backfill", now=self.clock()))

    @rule(data=st.data())
    def put(self, data: st.DataObject) -> None:
        """Write to an order that is known, which VTEX tells as a change of it."""
        if not self.seen:
            return
        order = data.draw(st.sampled_from(sorted(self.seen)))
        self.clock.advance(milliseconds=300)
        at = self.clock()
        self.write(Wrote(self.opened, order, at, receipted_at=at))
        self.puts.append((order, at))
        self._tell([(order, at)], "hook")

    @rule(slots=st.integers(1, 4))
    def claim(self, slots: int) -> None:
        self._lose_the_vanished()
        claims = self.write(claiming(self.clock(), slots=slots))
        in_hand = {claimed.order_id for claimed, _ in self.held}
        assert not in_hand & {claimed.order_id for claimed in claims}
        self.held += [(claimed, self.clock()) for claimed in claims]

    @precondition(lambda self: self.held)
    @rule(data=st.data(), outcome=st.sampled_from(["shown", "missing", "failed"]))
    def settle(self, data: st.DataObject, outcome: str) -> None:
        claimed, began = self.held.pop(data.draw(st.integers(0, len(self.held) - 1)))
        again_at = self.clock() + RETRY
        if outcome == "shown":
            self.write(settling(self.opened, claimed, now=began))
            self.seen[claimed.order_id] = max(began, self.seen.get(claimed.order_id, began))
        else:
            self.write(
                settling(
                    self.opened, claimed, now=self.clock(), shown=None, again_at=again_at, reason=outcome,
                    spends=outcome == "missing",
                )
            )  # fmt: skip

    @rule(seconds=st.integers(1, 40))
    def wait(self, seconds: int) -> None:
        """Let time pass; readers whose lease ends have vanished."""
        self.clock.advance(seconds=seconds)
        self._lose_the_vanished()

    def _lose_the_vanished(self) -> None:
        self.held = [(claimed, began) for claimed, began in self.held if claimed.deadline > self.clock()]

    @invariant()
    def every_told_change_was_read_or_will_be(self) -> None:
        rows = {row.order_id: row for row in self.do(self.opened.read(lambda c: c.execute(select(orders)).all()))}
        for order, at in self.told:
            covered = order in self.seen and self.seen[order] >= at
            assert covered or rows[order].due_at is not None
            if not covered:
                # What somebody else did at the very moment of a write of ours is read later, but it is read.
                beside = any(order == written and abs(at - when) <= SLACK for written, when in self.puts)
                assert rows[order].due_at <= self.clock() + (ECHO_READ if beside else max(LEASE, RETRY))

    @invariant()
    def what_is_held_is_leased(self) -> None:
        rows = {row.order_id: row for row in self.do(self.opened.read(lambda c: c.execute(select(orders)).all()))}
        assert all(rows[claimed.order_id].lease == claimed.lease for claimed, _ in self.held)


@pytest.mark.timeout(600)  # A failure is shrunk first.
def test_no_change_that_was_told_stays_unread(database_url: str) -> None:
    with asyncio.Runner() as runner:
        run_state_machine_as_test(
            lambda: Mirror(database_url, runner),  # type: ignore[arg-type]  # a maker of machines will do
            settings=settings(
                max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )


@pytest.mark.anyio
async def test_an_order_is_due_once_however_often_a_change_is_told(store: Store) -> None:
    first = await store.write(tell("v1-01", "v1-01", "v2-01"))
    again = await store.write(tell("v1-01"))

    assert (Telling(due=2, echoes=0, known=0), Telling(due=0, echoes=0, known=1)) == (first, again)
    assert ["v1-01", "v2-01"] == sorted(each.order_id for each in await store.write(claiming()))


@pytest.mark.anyio
async def test_more_than_one_statement_takes_are_told_at_once_and_told_again_without_a_read(store: Store) -> None:
    named = [f"v{number}-01" for number in range(1200)]

    assert 1200 == (await store.write(tell(*named, source="backfill"))).due
    claimed = await store.write(claiming(slots=1200, free={"demo": 1200}))
    shown = [settling(store, each, shown=showing(store, each.order_id, now=NOW)) for each in claimed]
    await asyncio.gather(*(store.write(each) for each in shown))
    untimed = [ToldOrder(order_id=name) for name in named]

    assert 0 == (await store.write(tell(*untimed, source="backfill"))).due
    assert 0 == (await store.write(tell(*untimed, source="backfill", read_before=NOW + SLACK))).due


@pytest.mark.anyio
async def test_an_order_told_while_it_is_read_is_read_once_more(store: Store) -> None:
    await store.write(tell("v1-01"))
    [claimed] = await store.write(claiming())

    await store.write(tell("v1-01", now=NOW + SLACK))
    assert [] == await store.write(claiming(NOW + SLACK))
    await store.write(settling(store, claimed, now=NOW + SLACK))

    assert ["v1-01"] == [each.order_id for each in await store.write(claiming(NOW + SLACK))]


@pytest.mark.anyio
async def test_a_reader_that_lost_its_lease_settles_nothing_but_what_it_saw(store: Store) -> None:
    await store.write(tell("v1-01"))
    [lost] = await store.write(claiming())
    [mine] = await store.write(claiming(NOW + LEASE))

    await store.write(settling(store, lost, now=NOW + LEASE))
    row = (await rows_of(store))["v1-01"]

    assert (mine.lease, None) == (row.lease, row.read_at)
    assert 1 == len(await store.read(lambda connection: connection.execute(select(shipments)).all()))


@pytest.mark.anyio
async def test_a_change_told_again_is_read_again_while_a_number_is_to_come(store: Store) -> None:
    await store.write(tell("v1-01"))
    [claimed] = await store.write(claiming())
    shown = showing(store, "v1-01", incomplete=True)
    await store.write(settling(store, claimed, shown=shown, again_at=NOW + timedelta(hours=1)))
    assert [] == await store.write(claiming(NOW + SLACK))

    await store.write(tell(ToldOrder(order_id="v1-01", changed_at=NOW), now=NOW + SLACK))

    assert ["v1-01"] == [each.order_id for each in await store.write(claiming(NOW + SLACK))]


@pytest.mark.anyio
async def test_what_a_look_up_read_is_known_and_still_owed_to_whoever_told_meanwhile(store: Store) -> None:
    shown = showing(store, "v1-01", "A1")
    unasked = SettleOrder(account="demo", order_id="v1-01", claimed=None, shown=shown, again_at=None, now=NOW)
    await store.write(unasked)
    assert 0 == (await store.write(tell(ToldOrder(order_id="v1-01"), source="backfill"))).due

    await store.write(tell("v1-01"))
    await store.write(unasked)

    assert ["v1-01"] == [each.order_id for each in await store.write(claiming())]


async def rows_of(store: Store) -> dict[str, Any]:
    return {row.order_id: row for row in await store.read(lambda connection: connection.execute(select(orders)).all())}
