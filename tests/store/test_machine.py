"""Whatever comes in whatever order, and whoever vanishes meanwhile: no row is lost, none is left lying."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

import pytest
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
from app.store.schema import attempts, events, rows, shipments, subjects
from app.store.tables import metadata
from tests.store.making import LEASE, Clock, adding, claim, event, put, recording, sends_all, shipment

T = TypeVar("T")
PARCELS = [f"P{number}" for number in range(3)]
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
        return self.runner.get_loop().run_until_complete(coroutine)

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
        ends = data.draw(st.sampled_from([None, sends_all]))
        assert self.write(Settle(claimed=claimed, settlement=settlement, now=now, plan=ends)).is_ours
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
        settled = self.write(Settle(claimed=claimed, settlement=Settlement(outcome="applied"), now=self.clock()))
        after = self.do(self.opened.read(lambda c: (c.execute(select(shipments)).all(), c.execute(select(rows)).all())))
        if settled.is_ours:
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
    def all_is_well(self) -> None:
        """Look once, and judge what is there."""
        found = self.do(self.opened.read(Found.look))
        self._every_event_has_one_row_on_each_of_its_shipments(found)
        self._what_is_open_is_due_or_leased_or_dead(found)
        self._a_call_in_flight_is_its_lease_s_only_one(found)
        assert self.model.applied == {row.event_id for row in found.rows if row.state == "applied"}
        indexed = set().union(*self.model.numbers.values())
        assert {parcel: "placed" if parcel in indexed else "parked" for parcel in self.model.events} == found.subjects

    def _every_event_has_one_row_on_each_of_its_shipments(self, found: "Found") -> None:
        expected = sorted(
            (order, parcel, code)
            for order, parcels in self.model.numbers.items()
            for parcel in parcels
            for code in self.model.events.get(parcel, ())
        )
        orders = {shipped.id: shipped.order_id for shipped in found.shipments}
        assert expected == sorted((orders[row.shipment_id], row.tracking_number, row.code) for row in found.rows)

    def _what_is_open_is_due_or_leased_or_dead(self, found: "Found") -> None:
        with_work = {row.shipment_id for row in found.rows if row.state in {"pending", "sent"}}
        for shipped in found.shipments:
            assert (shipped.order_id in self.model.dead) == (shipped.dead_reason is not None)
            assert shipped.id not in with_work or shipped.dead_reason or shipped.due_at is not None
            assert shipped.lease is None or shipped.due_at is not None

    def _a_call_in_flight_is_its_lease_s_only_one(self, found: "Found") -> None:
        leases = {shipped.id: shipped.lease for shipped in found.shipments}
        assert len({row.shipment_id for row in found.in_flight}) == len(found.in_flight)
        assert all(leases[row.shipment_id] == row.lease for row in found.in_flight)
        assert {claimed.lease for claimed in self.held} <= set(leases.values())


@dataclass(frozen=True)
class Found:
    """What the store holds."""

    shipments: list[Any]
    rows: list[Any]
    in_flight: list[Any]
    subjects: dict[str, str]

    @classmethod
    def look(cls, connection: Connection) -> "Found":
        on = select(rows, events.c.code, events.c.tracking_number).join(events, events.c.id == rows.c.event_id)
        in_flight = select(attempts.c.shipment_id, attempts.c.lease).where(attempts.c.outcome.is_(None))
        states = connection.execute(select(subjects.c.subject, subjects.c.state))
        return cls(
            shipments=list(connection.execute(select(shipments))),
            rows=list(connection.execute(on)),
            in_flight=list(connection.execute(in_flight)),
            subjects={row.subject.removeprefix("number:"): row.state for row in states},
        )


@pytest.mark.timeout(600)  # A failure is shrunk first.
def test_no_row_is_lost_and_none_is_left_lying(database_url: str) -> None:
    with asyncio.Runner() as runner:
        run_state_machine_as_test(
            lambda: Queue(database_url, runner),  # type: ignore[arg-type]  # a maker of machines will do
            settings=settings(
                max_examples=25,
                stateful_step_count=40,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
            ),
        )
