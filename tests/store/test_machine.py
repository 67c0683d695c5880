"""Whatever comes in whatever order, and whoever vanishes meanwhile: no row is lost, none is left lying."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection, select

from app.store import AcceptRead, Claimed, Plan, Seen, Settle, Settlement, Store, Work
from app.store.schema import attempts, events, metadata, numbers, rows, shipments, subjects
from tests.store.making import LEASE, Clock, adding, claim, event, put, recording, sends_all, shipment

T = TypeVar("T")
PARCELS = [f"P{number}" for number in range(4)]
ORDERS = [f"v{number}-01" for number in range(3)]
RETRY = timedelta(seconds=10)


@dataclass
class Model:
    """What the store should hold, in plain Python."""

    webhooks: set[str] = field(default_factory=set)
    events: dict[str, set[str]] = field(default_factory=dict)
    numbers: dict[str, set[str]] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)
    applied: set[int] = field(default_factory=set)


class Empty:
    """Forget everything, which is quicker than a new database."""

    def run(self, connection: Connection) -> None:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())


class Queue(RuleBasedStateMachine):
    """Drive a store as carriers, operators, forwarders and accidents do."""

    def __init__(self, database_url: str, runner: asyncio.Runner) -> None:
        super().__init__()
        self.database_url = database_url
        self.runner = runner
        self.clock = Clock()
        self.model = Model()
        self.held: list[Claimed] = []
        self.lost: list[Claimed] = []
        self.opened = Store.open(database_url, lock_wait_seconds=0)
        self.write(Empty())

    def do(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(coroutine)

    def write(self, operation: Any) -> Any:
        return self.do(self.opened.write(operation))

    def teardown(self) -> None:
        self.do(self.opened.close())

    @initialize()
    def begin(self) -> None:
        """Start with one shipment, so that short runs are about something."""
        self.index(ORDERS[0], [PARCELS[0]])

    @rule(identity=st.sampled_from("abcd"))
    def receive(self, identity: str) -> None:
        received = self.write(put(self.opened, identity, self.clock()))
        assert received.duplicate == (identity in self.model.webhooks)
        self.model.webhooks.add(identity)

    @rule(parcel=st.sampled_from(PARCELS), codes=st.lists(st.sampled_from("123456"), min_size=1, max_size=3))
    def map(self, parcel: str, codes: list[str]) -> None:
        said = {code: event(parcel, code) for code in codes}
        known = self.model.events.setdefault(parcel, set())
        recorded = self.write(recording(self.opened, *said.values(), now=self.clock()))
        assert len(said.keys() - known) == recorded.new_events
        known.update(said)

    @rule(order=st.sampled_from(ORDERS), parcels=st.lists(st.sampled_from(PARCELS), min_size=1, max_size=2))
    def index(self, order: str, parcels: list[str]) -> None:
        self.write(adding(self.opened, shipment(order, order[1], *parcels), now=self.clock()))
        self.model.numbers.setdefault(order, set()).update(parcels)

    @rule(slots=st.integers(1, 3), kills=st.booleans())
    def claim(self, slots: int, kills: bool) -> None:
        def plans(work: Work) -> Plan:
            if kills and work.order_id == ORDERS[2]:
                self.model.dead.add(work.order_id)
                return Plan(dead="it cannot be addressed")
            return sends_all(work)

        claims = self.write(claim(self.opened, self.clock(), slots=slots, plan=plans))
        in_hand = {claimed.work.shipment_id for claimed in self.held}
        assert not in_hand & {claimed.work.shipment_id for claimed in claims}
        assert not self.model.dead & {claimed.work.order_id for claimed in claims}
        self.held += claims

    @rule(seconds=st.integers(1, 20))
    def wait(self, seconds: int) -> None:
        """Let time pass; forwarders whose lease ends lose it."""
        self.clock.advance(seconds=seconds)
        self.lost += [claimed for claimed in self.held if claimed.deadline <= self.clock()]
        self.held = [claimed for claimed in self.held if claimed.deadline > self.clock()]

    @precondition(lambda self: self.held)
    @rule(outcome=st.sampled_from(["applied", "unknown", "not-applied", "refused", "dead"]), data=st.data())
    def settle(self, outcome: str, data: st.DataObject) -> None:
        claimed = self.held.pop(data.draw(st.integers(0, len(self.held) - 1)))
        if claimed.plan.read:
            self._read(claimed, data)
            return
        now = self.clock()
        settlement = {
            "applied": Settlement(outcome="applied"),
            "unknown": Settlement(outcome="unknown", retry_at=now + RETRY, read_after=now + RETRY),
            "not-applied": Settlement(outcome="not-applied", retry_at=now + RETRY, spends=False),
            "refused": Settlement(outcome="refused", retry_at=now, dead_rows=((claimed.plan.carries[0], "no"),)),
            "dead": Settlement(outcome="missing", dead="no such order"),
        }[outcome]
        assert self.write(Settle(claimed=claimed, settlement=settlement, now=now))
        if outcome == "applied":
            self.model.applied |= set(claimed.plan.carries)
        if outcome == "dead":
            self.model.dead.add(claimed.work.order_id)

    def _read(self, claimed: Claimed, data: st.DataObject) -> None:
        open_rows = [row for row in claimed.work.rows if row.frozen and row.row_state == "sent"]
        found = [row for row in open_rows if data.draw(st.booleans())]
        seen = Seen(matched=tuple((row.event_id, row.frozen) for row in found if row.frozen))
        accept = AcceptRead(
            claimed=claimed,
            seen=seen,
            plan=sends_all,
            conclude=lambda before, _: before,
            ids=self.opened.ids,
            now=self.clock(),
        )
        following = self.write(accept)
        self.model.applied |= {row.event_id for row in found}
        self.held += [following] if following else []

    @precondition(lambda self: self.lost)
    @rule()
    def settle_late(self) -> None:
        """Let a forwarder that lost its lease report its end: it changes nothing but the journal."""
        claimed = self.lost.pop()
        newer = any(other.work.shipment_id == claimed.work.shipment_id for other in self.held)
        before = self.do(
            self.opened.read(lambda c: (c.execute(select(shipments)).all(), c.execute(select(rows)).all()))
        )
        mine = self.write(Settle(claimed=claimed, settlement=Settlement(outcome="applied"), now=self.clock()))
        after = self.do(self.opened.read(lambda c: (c.execute(select(shipments)).all(), c.execute(select(rows)).all())))
        if mine:
            # Nobody claimed it since: its end is known after all.
            assert not newer
            self.model.applied |= set(claimed.plan.carries)
        else:
            assert before == after

    @rule()
    def crash(self) -> None:
        """Lose the process: its claims are abandoned, and the file is opened again."""
        self.lost, self.held = [], []
        self.do(self.opened.close())
        self.opened = Store.open(self.database_url, lock_wait_seconds=0)
        self.clock.advance(seconds=LEASE.total_seconds())

    @invariant()
    def every_event_has_one_row_on_each_of_its_shipments(self) -> None:
        def look(connection: Connection) -> list[Any]:
            on = select(shipments.c.order_id, subjects.c.subject, events.c.code).select_from(
                rows.join(shipments, shipments.c.id == rows.c.shipment_id)
                .join(events, events.c.id == rows.c.event_id)
                .join(subjects, subjects.c.id == events.c.subject_id)
            )
            return [tuple(row) for row in connection.execute(on)]

        expected = sorted(
            (order, f"number:{parcel}", code)
            for order, parcels in self.model.numbers.items()
            for parcel in parcels
            for code in self.model.events.get(parcel, ())
        )
        assert expected == sorted(self.do(self.opened.read(look)))

    @invariant()
    def what_was_applied_stays_applied(self) -> None:
        query = select(rows.c.event_id).where(rows.c.state == "applied")
        found = self.do(self.opened.read(lambda connection: set(connection.execute(query).scalars())))
        assert self.model.applied == found

    @invariant()
    def what_is_open_is_due_or_leased_or_dead_and_a_lease_is_one_forwarder_s(self) -> None:
        def look(connection: Connection) -> tuple[list[Any], set[int], list[Any]]:
            open_rows = select(rows.c.shipment_id).where(rows.c.state.in_(("pending", "sent")))
            in_flight = select(attempts.c.shipment_id, attempts.c.lease).where(attempts.c.outcome.is_(None))
            return (
                list(connection.execute(select(shipments))),
                set(connection.execute(open_rows).scalars()),
                list(connection.execute(in_flight)),
            )

        found, with_work, in_flight = self.do(self.opened.read(look))
        for shipped in found:
            assert (shipped.order_id in self.model.dead) == (shipped.dead_reason is not None)
            assert shipped.id not in with_work or shipped.dead_reason or shipped.due_at is not None
            assert shipped.lease is None or shipped.due_at is not None
        leases = {shipped.id: shipped.lease for shipped in found}
        assert len({row.shipment_id for row in in_flight}) == len(in_flight)
        assert all(leases[row.shipment_id] == row.lease for row in in_flight)
        assert {claimed.lease for claimed in self.held} <= set(leases.values())

    @invariant()
    def a_placed_parcel_is_indexed_and_the_others_wait(self) -> None:
        def look(connection: Connection) -> tuple[dict[str, str], set[str]]:
            states = connection.execute(select(subjects.c.subject, subjects.c.state))
            return {row.subject: row.state for row in states}, set(
                connection.execute(select(numbers.c.number)).scalars()
            )

        states, indexed = self.do(self.opened.read(look))
        assert {
            f"number:{parcel}": "placed" if parcel in indexed else "parked" for parcel in self.model.events
        } == states


def test_no_row_is_lost_and_none_is_left_lying(database_url: str) -> None:
    with asyncio.Runner() as runner:
        run_state_machine_as_test(
            lambda: Queue(database_url, runner),
            settings=settings(
                max_examples=30,
                stateful_step_count=30,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
            ),
        )
