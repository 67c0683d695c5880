"""Whatever is indexed, said and taken away in whatever order, every event ends where the rules say."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import Connection, select

from app.resolution import resolver
from app.store import RemoveNumber, Store
from app.store.schema import events, rows, shipments, subjects
from app.store.tables import metadata
from tests.store.making import NOW, adding, event, recording, references, shipment

T = TypeVar("T")
MEMBERS = ("demo", "other")
ORDERS = {"v1-01": "demo", "v1-02": "demo", "v2-01": "other"}
NUMBERS = ["A1", "B2", "C3"]


class Empty:
    """Forget everything, which is quicker than a new database."""

    def run(self, connection: Connection) -> None:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())


def look(connection: Connection) -> tuple[set[tuple[str, str]], dict[str, str]]:
    """Return which event is shown on which order, and the state of every subject."""
    on = (
        select(shipments.c.order_id, events.c.code)
        .join(rows, rows.c.shipment_id == shipments.c.id)
        .join(events, events.c.id == rows.c.event_id)
    )
    states = connection.execute(select(subjects.c.subject, subjects.c.state))
    return (
        {(row.order_id, row.code) for row in connection.execute(on)},
        {row.subject.partition(":")[2]: row.state for row in states},
    )


@dataclass
class Model:
    """What the rules say, in plain Python: who holds which number, and what is shown where."""

    holders: dict[str, set[str]] = field(default_factory=lambda: {number: set() for number in NUMBERS})
    said: dict[str, list[str]] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)
    shown: set[tuple[str, str]] = field(default_factory=set)

    def meant(self, number: str) -> set[str]:
        """Return the packages that carry a number, none where they are of several accounts."""
        orders = self.holders[number]
        return orders if len({ORDERS[order] for order in orders}) == 1 else set()

    def place(self, number: str, codes: list[str]) -> None:
        meant = self.meant(number)
        self.shown |= {(order, code) for order in meant for code in codes}
        self.states[number] = "placed" if meant else "parked"

    def say(self, number: str, code: str) -> None:
        codes = self.said.setdefault(number, [])
        codes.append(code)
        self.place(number, [code] if self.states.get(number) == "placed" else codes)

    def index(self, order: str, numbers: list[str]) -> None:
        for number in numbers:
            self.holders[number].add(order)
        for number in numbers:
            if self.states.get(number) == "parked":
                self.place(number, self.said[number])
        for number, state in self.states.items():
            others = {shown for shown, code in self.shown if code in self.said[number]} & self.meant(number)
            if state == "placed" and order in self.meant(number) and others:
                self.shown |= {(order, code) for code in self.said[number]}

    def remove(self, order: str, number: str) -> None:
        was_held = order in self.holders[number]
        self.holders[number].discard(order)
        if not was_held or number not in self.states:
            return
        here = {(order, code) for code in self.said[number]} & self.shown
        if self.states[number] == "placed" and not here:
            return
        self.place(number, self.said[number])
        if order not in self.meant(number):
            # Nothing was sent yet.
            self.shown -= here


class Resolving(RuleBasedStateMachine):
    """Drive a store as carriers, VTEX and operators do."""

    def __init__(self, store: Store, runner: asyncio.Runner) -> None:
        super().__init__()
        self.store = store
        self.runner = runner
        self.model = Model()
        self.codes = 0
        self.write(Empty())

    def do(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.runner.get_loop().run_until_complete(coroutine)

    def write(self, operation: Any) -> Any:
        return self.do(self.store.write(operation))

    @rule(number=st.sampled_from(NUMBERS))
    def say(self, number: str) -> None:
        self.codes += 1
        said = event(number, str(self.codes))
        self.write(recording(self.store, said, webhook=self.codes, accounts=MEMBERS, owner="group"))
        self.model.say(number, str(self.codes))

    @rule(order=st.sampled_from(list(ORDERS)), numbers=st.lists(st.sampled_from(NUMBERS), min_size=1, unique=True))
    def index(self, order: str, numbers: list[str]) -> None:
        self.write(adding(self.store, shipment(order, "1", *numbers, account=ORDERS[order]), members=MEMBERS))
        self.model.index(order, numbers)

    @rule(order=st.sampled_from(list(ORDERS)), number=st.sampled_from(NUMBERS))
    def remove(self, order: str, number: str) -> None:
        found = select(shipments.c.id).where(shipments.c.order_id == order)
        id_ = self.do(self.store.read(lambda connection: connection.execute(found).scalar()))
        if id_ is None:
            return
        self.write(
            RemoveNumber(
                shipment_id=id_,
                number=number,
                ids=self.store.ids,
                now=NOW,
                actor="ops",
                resolve=resolver(lambda: NOW),
                members=lambda _: MEMBERS,
            )
        )
        self.model.remove(order, number)

    @invariant()
    def every_event_is_where_the_rules_say(self) -> None:
        assert (self.model.shown, self.model.states) == self.do(self.store.read(look))


@pytest.mark.timeout(600)  # A failure is shrunk first.
def test_every_event_ends_on_exactly_the_shipments_that_the_rules_say(database_url: str) -> None:
    with asyncio.Runner() as runner:
        store = Store.open(database_url, lock_wait_seconds=0)
        try:
            run_state_machine_as_test(
                lambda: Resolving(store, runner),  # type: ignore[arg-type]  # a maker of machines will do
                settings=settings(
                    max_examples=30,
                    stateful_step_count=25,
                    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
                ),
            )
        finally:
            runner.run(store.close())


def test_what_waits_since_its_number_became_one_of_two_accounts_is_taken_from_the_package_that_loses_it(
    database_url: str,
) -> None:
    """Found by the machine: the package went on showing what was said while the number was its own alone."""
    with asyncio.Runner() as runner:
        store = Store.open(database_url, lock_wait_seconds=0)
        try:
            machine = Resolving(store, runner)
            machine.say("A1")
            for order in ("v1-01", "v2-01"):
                machine.index(order, ["A1"])
            machine.say("A1")
            machine.index("v1-02", ["A1"])
            machine.remove("v1-01", "A1")
            assert (set(), {"A1": "parked"}) == machine.do(store.read(look))
        finally:
            runner.run(store.close())


PARCELS = {"A1": ("v1-01", "v1-02"), "B2": ("v3-01",)}
"""A parcel's number, and the packages that travel in it."""
WORLD = [
    *(("index", number, order) for number, orders in PARCELS.items() for order in orders),
    *(("number", number, code) for number in PARCELS for code in ("1", "2")),
    *(("references", order, "9") for orders in PARCELS.values() for order in orders),
]


@pytest.mark.timeout(600)
def test_the_order_of_arrival_changes_nothing(database_url: str) -> None:
    expected = {
        *((order, f"{number}{code}") for number, orders in PARCELS.items() for order in orders for code in "12"),
        *((order, f"{order}9") for orders in PARCELS.values() for order in orders),
    }
    with asyncio.Runner() as runner:
        store = Store.open(database_url, lock_wait_seconds=0)

        @settings(max_examples=40)
        @given(st.permutations(WORLD), st.booleans())
        def arrives(steps: list[tuple[str, str, str]], at_once: bool) -> None:
            runner.run(store.write(Empty()))
            runner.run(_arrive(store, steps, at_once=at_once))
            shown, states = runner.run(store.read(look))
            assert (expected, {"placed"}) == (shown, set(states.values()))

        try:
            arrives()
        finally:
            runner.run(store.close())


async def _arrive(store: Store, steps: list[tuple[str, str, str]], *, at_once: bool) -> None:
    """Do the steps one after the other, or all in the same instant."""
    operations: list[Any] = []
    for webhook, (kind, what, detail) in enumerate(steps, 1):
        if kind == "index":
            operations.append(adding(store, shipment(detail, "1", what)))
        elif kind == "number":
            operations.append(recording(store, event(what, f"{what}{detail}"), webhook=webhook))
        else:
            named = references(order_id=what, invoice_number="01")
            operations.append(recording(store, event(None, f"{what}{detail}", references=named), webhook=webhook))
    if at_once:
        await asyncio.gather(*(store.write(operation) for operation in operations))
    else:
        for operation in operations:
            await store.write(operation)
