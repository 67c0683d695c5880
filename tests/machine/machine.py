"""Carriers, operators, forwarders, VTEX and accidents, in any order; and at every rest the timelines are right."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import Connection, select

from app.account import Account
from app.store.schema import rows, shipments
from tests.machine.forwarders import STEPS, Database, Held, RunningForwarder, Timeless
from tests.machine.vtex import NOT_APPLIED, UNKNOWN, Call, Mode, Vtex
from tests.machine.world import BEGAN, CODES, FOREIGN, OWN_WORDS, REVISED, SHIPMENTS, World, happened, indexed
from tests.store.making import adding, recording

LAG = timedelta(seconds=5)
ACCOUNT = Account(
    name="demo",
    base_url="http://demo.example",
    app_key="k",
    app_token="t",
    retry_base=timedelta(seconds=1),
    read_lag=LAG,
    request_timeout=timedelta(seconds=10),
    rate_per_second=1000.0,
)
OF_ONE_WRITER = st.sampled_from(["P0", "P0", "P1", "P2", "P3"])
MOST_PROCESSES = 2
_RESTS = 200


@dataclass(frozen=True)
class Found:
    """What the database holds."""

    shipments: list[Any]
    open_rows: set[int]

    @classmethod
    def look(cls, connection: Connection) -> "Found":
        open_ = select(rows.c.shipment_id).where(rows.c.state.in_(("pending", "sent")))
        return cls(
            shipments=list(connection.execute(select(shipments))), open_rows=set(connection.execute(open_).scalars())
        )


class Timelines(RuleBasedStateMachine):
    """Drive up to two real forwarders on one real database, against a VTEX whose every answer is chosen."""

    def __init__(self, database: Database, loop: Timeless) -> None:
        """Start from nothing in a store that is open."""
        super().__init__()
        self.database, self.loop, self.clock = database, loop, loop.clock
        self.world = World()
        self.processes: list[RunningForwarder] = []
        self.account = ACCOUNT
        self.is_over = False
        database.begin()
        self.vtex = Vtex(mode="append", lag=LAG, now=self.clock)

    def write(self, operation: Any) -> Any:
        result = self.database.write(operation)
        self.loop.settle()
        return result

    def found(self) -> Found:
        return self.database.read(Found.look)

    @initialize(
        mode=st.sampled_from(["append", "replace", "merge"]),
        first_read=st.sampled_from([True, True, True, False]),
        foreign=st.booleans(),
        told=st.booleans(),
        together=st.sampled_from([1, ACCOUNT.concurrency, ACCOUNT.concurrency]),
    )
    def begin(self, mode: Mode, first_read: bool, foreign: bool, told: bool, together: int) -> None:
        """Have an account and its packages, on which others may have written: their own rows, and ones like ours."""
        self.vtex.mode = mode
        # How many calls all processes together may make; each that has a database alone has its own.
        concurrency = together if self.database.is_shared else ACCOUNT.concurrency
        self.account = replace(ACCOUNT, first_read=first_read, concurrency=concurrency)
        for key, parcels in SHIPMENTS.items():
            theirs = [FOREIGN] if foreign and first_read else []
            if told and first_read and key == ("v2-01", "1"):
                at = happened(parcels[0], "A")
                theirs.append(replace(FOREIGN, city="", state="", description="A", at=at))
            self.vtex.add_package(key, *theirs)
        for key in list(SHIPMENTS)[:2]:
            self.index(key)
        self.start()

    # What carriers and operators do.

    @rule(parcel=OF_ONE_WRITER, codes=st.text(CODES, min_size=1, max_size=3), is_noticed=st.booleans())
    def hear(self, parcel: str, codes: str, is_noticed: bool) -> None:
        """Store a webhook's events, new or told before, in any order; the forwarders may hear of it or find it."""
        self.write(recording(self.database.store, *self.world.say(parcel, codes), now=self.clock()))
        for process in self.processes if is_noticed else ():
            process.forwarder.wake()
        self.loop.settle()

    @rule(code=st.sampled_from("AB"), repeats=st.booleans())
    def revise(self, code: str, repeats: bool) -> None:
        """Have a carrier tell one event of its history in other words from now on."""
        self.world.versions[code] += 1
        if repeats:
            self.hear(REVISED, code, is_noticed=True)

    @rule(key=st.sampled_from(list(SHIPMENTS)))
    def index(self, key: tuple[str, str]) -> None:
        self.write(adding(self.database.store, indexed(key), now=self.clock()))

    @precondition(lambda self: self.vtex.mode != "replace" and self.account.first_read)
    @rule(key=st.sampled_from(list(SHIPMENTS)), number=st.integers(0, 9))
    def write_as_another(self, key: tuple[str, str], number: int) -> None:
        """Add another writer's row; where a PUT replaces, what it adds between our read and our PUT cannot be kept."""
        row = replace(FOREIGN, description=f"Pedido separado {number}", at=BEGAN - timedelta(hours=number + 1))
        if row not in self.vtex.foreign[key]:
            self.vtex.add_foreign(key, row)

    @rule()
    def lose_an_order(self) -> None:
        """Have VTEX know an order no more: its shipment dies after a while, and stays dead."""
        self.vtex.missing.add("v2-01")

    # What VTEX does.

    @precondition(lambda self: self.vtex.running)
    @rule(data=st.data(), stale=st.integers(0, 2))
    def answer(self, data: st.DataObject, stale: int) -> None:
        self.vtex.answer(self._one_of_the_running(data), stale=stale)
        self.loop.settle()

    @precondition(lambda self: self.vtex.running)
    @rule(data=st.data(), how=st.sampled_from(UNKNOWN), applied=st.booleans(), reads=st.booleans())
    def fail(self, data: st.DataObject, how: str, applied: bool, reads: bool) -> None:
        """Let a call end without an answer that tells, applied or not."""
        self.vtex.answer(self._one_of_the_running(data), how, applied=applied)
        self.loop.settle()
        if reads:
            self.wait(LAG.total_seconds() + 3)

    @precondition(lambda self: self.vtex.running)
    @rule(data=st.data(), how=st.sampled_from(NOT_APPLIED))
    def refuse(self, data: st.DataObject, how: str) -> None:
        self.vtex.answer(self._one_of_the_running(data), how)
        self.loop.settle()

    @precondition(lambda self: self.vtex.late)
    @rule(data=st.data())
    def apply_late(self, data: st.DataObject) -> None:
        """Apply a call after its caller gave it up, or was gone."""
        self.vtex.apply_late(data.draw(st.sampled_from(self.vtex.late), label="call"))

    def _one_of_the_running(self, data: st.DataObject) -> Call:
        call = data.draw(st.sampled_from(self.vtex.running), label="call")
        assert isinstance(call, Call)
        return call

    # What happens to processes.

    @rule(seconds=st.sampled_from([1, 4, 6, 12, 31]))
    def wait(self, seconds: float) -> None:
        """Let time pass: calls time out, leases end, polls come round."""
        self.loop.advance(seconds, exactly=bool(self.vtex.running or self.held()))

    @precondition(lambda self: len(self.processes) < MOST_PROCESSES)
    @rule()
    def start(self) -> None:
        """Start a process, perhaps while the leases of one before it still run."""
        self.processes.append(RunningForwarder(self.database, self.loop, self.account, self.vtex.transport()))

    @precondition(lambda self: self.processes)
    @rule(restarts=st.booleans(), rewords=st.booleans())
    def crash(self, restarts: bool, rewords: bool) -> None:
        """Lose the oldest process amid whatever it does; an operator may change settings before the next."""
        self.processes.pop(0).crash()
        if rewords:
            self.world.reworded = True
            self.account = replace(self.account, texts={} if self.account.texts else {"IN_TRANSIT": OWN_WORDS})
        if restarts and len(self.processes) < MOST_PROCESSES:
            self.start()

    @precondition(lambda self: self.processes)
    @rule(step=st.sampled_from(STEPS), parcel=OF_ONE_WRITER, code=st.sampled_from(CODES))
    def hang_at(self, step: tuple[str, str], parcel: str, code: str) -> None:
        """Have the next commit of a kind hang, before it is made or after; `release` or `crash` end that."""
        self.processes[0].wire.trap = step
        if step[0] == "Claim":
            self.hear(parcel, code, is_noticed=True)

    @precondition(lambda self: self.held())
    @rule(data=st.data(), is_well=st.booleans())
    def release(self, data: st.DataObject, is_well: bool) -> None:
        """Let a commit go on, or tell its caller that nobody knows."""
        held = data.draw(st.sampled_from(self.held()), label="held")
        held.verdict.set_result(is_well)
        self.loop.settle()

    def held(self) -> list[Held]:
        return [held for process in self.processes for held in process.wire.held]

    # What must hold.

    @invariant()
    def nothing_is_wrong(self) -> None:
        """Look at VTEX's complaints, and for work that nobody would ever take up."""
        try:
            assert [] == self.vtex.wrong, self.vtex.wrong
            if self.database.is_shared:
                at_once = self.vtex.running
                assert len(at_once) <= self.account.concurrency, f"more calls at a time than allowed: {at_once}"
            found = self.found()
            self.vtex.dead = {(row.order_id, row.invoice_number) for row in found.shipments if row.dead_reason}
            for row in found.shipments:
                assert row.due_at is not None or row.dead_reason or row.id not in found.open_rows, f"forgotten: {row}"
                assert row.lease is None or row.due_at is not None, f"leased for ever: {row}"
                assert not row.dead_reason or row.order_id in self.vtex.missing, f"given up: {row}"
        except AssertionError:
            self.is_over = True
            raise

    @rule()
    def rest(self) -> None:
        """Let everything go well until there is nothing left to do; then every timeline is right."""
        self.vtex.healthy = True
        for process in self.processes:
            process.wire.trap = None
        for held in self.held():
            held.verdict.set_result(True)
        for call in list(self.vtex.running):
            self.vtex.answer(call)
        self.loop.settle()
        if not self.processes:
            self.start()
        for attempt in range(_RESTS):
            self.nothing_is_wrong()
            if all(row.due_at is None for row in self.found().shipments):
                break
            self.loop.advance(min(2.0**attempt, 3600), exactly=False)
        self.vtex.healthy = False
        self._judge()

    def _judge(self) -> None:
        found = self.found()
        assert all(row.due_at is None for row in found.shipments), "it never comes to rest"
        for row in found.shipments:
            key = (row.order_id, row.invoice_number)
            if row.dead_reason is None and row.order_id not in self.vtex.missing:
                faults = list(self.world.faults(key, self.vtex))
                assert [] == faults, faults

    def teardown(self) -> None:
        """End in a rest, whatever was going on."""
        try:
            if not self.is_over:
                self.rest()
        finally:
            for process in self.processes:
                process.crash()
