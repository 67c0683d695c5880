"""Due shipments are claimed oldest first, fairly, for one forwarder at a time, and come back when a lease ends."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Row, select, update

from app.store import AddShipment, Claimed, Plan, Requeue, Store, Work, next_due
from app.store.accounts import AccountChange, change_account
from app.store.schema import attempts, rows, shipments
from tests.store.making import LEASE, NOW, adding, claim, event, invoices, recording, sends_all, shipment

pytestmark = pytest.mark.anyio


async def fill(store: Store, *, account: str = "demo", first: int = 1, count: int, at: datetime = NOW) -> list[str]:
    """Make shipments due, each a second after the one before."""
    made = []
    for number in range(first, first + count):
        at += timedelta(seconds=1)
        wanted = shipment(f"v{number}-01", str(number), f"{account}{number}", account=account)
        await store.write(adding(store, wanted, now=at))
        await store.write(recording(store, event(f"{account}{number}"), accounts=(account,), now=at))
        made.append(str(number))
    return made


async def set_shipments(store: Store, wanted: Any = None, **values: Any) -> None:
    class Set:
        def run(self, connection: Connection) -> None:
            changed = update(shipments).values(**values)
            connection.execute(changed if wanted is None else changed.where(wanted))

    await store.write(Set())


async def one(store: Store, number: str) -> Row[Any]:
    query = select(shipments).where(shipments.c.invoice_number == number)
    return await store.read(lambda connection: connection.execute(query).one())


async def test_the_shipment_that_waits_longest_goes_first(store: Store) -> None:
    await fill(store, count=3)
    await set_shipments(store, shipments.c.invoice_number == "3", due_at=NOW - timedelta(hours=1))

    first = await store.write(claim(store, NOW + timedelta(minutes=1), slots=2))
    second = await store.write(claim(store, NOW + timedelta(minutes=1), slots=2))

    assert (["3", "1"], ["2"]) == (invoices(first), invoices(second))


async def test_what_is_not_due_yet_is_left_and_known_for_later(store: Store) -> None:
    await fill(store, count=2)
    await set_shipments(store, shipments.c.invoice_number == "2", due_at=NOW + timedelta(minutes=9))

    assert ["1"] == invoices(await store.write(claim(store, NOW + timedelta(minutes=1))))
    ends = NOW + timedelta(minutes=1) + LEASE
    assert ends == await store.read(lambda connection: next_due(connection, ["demo"]))
    assert await store.read(lambda connection: next_due(connection, ["other"])) is None


async def test_accounts_take_turns_in_the_order_in_which_they_are_named(store: Store) -> None:
    await fill(store, account="big", count=9)
    await fill(store, account="small", first=100, count=2, at=NOW + timedelta(seconds=30))
    later = NOW + timedelta(minutes=1)

    claims = await store.write(claim(store, later, free={"small": 9, "big": 9}, slots=5))

    assert ["100", "1", "101", "2", "3"] == invoices(claims)


async def test_no_account_gets_more_than_it_may_start_and_one_unnamed_gets_nothing(store: Store) -> None:
    await fill(store, account="big", count=9)
    await fill(store, account="small", first=100, count=2)
    await set_shipments(store, shipments.c.invoice_number.in_(["1", "2"]), retrying=True)
    later = NOW + timedelta(minutes=1)

    claims = await store.write(claim(store, later, free={"big": 3}, slots=10, retry_slots=1))

    assert ["1", "3", "4"] == invoices(claims)


async def test_slots_kept_for_retries_go_to_retries_and_otherwise_to_whoever_is_due(store: Store) -> None:
    await fill(store, count=30)
    retried = ["28", "29", "30"]
    await set_shipments(store, shipments.c.invoice_number.in_(retried), retrying=True)
    later = NOW + timedelta(minutes=1)

    taken = [await store.write(claim(store, later, free={"demo": 10}, slots=10, retry_slots=1)) for _ in range(3)]

    assert ["28", *map(str, range(1, 10))] == invoices(taken[0])
    assert ["29", *map(str, range(10, 19))] == invoices(taken[1])
    assert ["30", *map(str, range(19, 28))] == invoices(taken[2])
    assert [] == await store.write(claim(store, later))


async def test_retries_take_the_slots_that_nothing_else_wants(store: Store) -> None:
    await fill(store, count=4)
    await set_shipments(store, retrying=True)

    claims = await store.write(claim(store, NOW + timedelta(minutes=1), slots=10, retry_slots=1))

    assert 4 == len(claims)


async def test_what_is_claimed_at_once_by_many_is_claimed_by_one(store: Store) -> None:
    expected = await fill(store, count=20)
    later = NOW + timedelta(minutes=1)

    claims = await asyncio.gather(*(store.write(claim(store, later, slots=3)) for _ in range(10)))

    assert sorted(expected) == sorted(invoices([one for some in claims for one in some]))


async def test_a_claim_commits_the_lease_the_rows_and_the_call_before_anything_is_sent(store: Store) -> None:
    await fill(store, count=1)
    now = NOW + timedelta(minutes=1)

    (claimed,) = await store.write(claim(store, now))

    def look(connection: Connection) -> tuple[Row[Any], Row[Any], Row[Any]]:
        return (
            connection.execute(select(shipments)).one(),
            connection.execute(select(rows)).one(),
            connection.execute(select(attempts)).one(),
        )

    shipped, row, attempt = await store.read(look)
    assert (claimed.lease, now + LEASE, now + LEASE) == (shipped.lease, shipped.due_at, claimed.deadline)
    assert ("sent", "01", "-", now) == (row.state, row.description, row.date, row.sent_at)
    assert (claimed.attempt_id, "put", claimed.lease, None, claimed.plan.body, claimed.plan.body_hash) == (
        attempt.id,
        attempt.call,
        attempt.lease,
        attempt.outcome,
        attempt.body,
        attempt.body_hash,
    )


async def test_a_lease_that_ended_is_claimed_again_and_its_call_s_end_is_unknown(store: Store) -> None:
    await fill(store, count=1)
    start = NOW + timedelta(minutes=1)
    (first,) = await store.write(claim(store, start))
    still_leased = await store.write(claim(store, start + LEASE - timedelta(microseconds=1)))

    (second,) = await store.write(claim(store, start + LEASE))

    assert [] == still_leased
    assert first.lease != second.lease
    assert second.plan.read
    assert start + LEASE == second.work.read_after
    journal = select(attempts.c.id, attempts.c.call, attempts.c.outcome, attempts.c.ended_at).order_by(attempts.c.id)
    assert [(first.attempt_id, "put", "lost", start + LEASE), (second.attempt_id, "get", None, None)] == [
        tuple(row) for row in await store.read(lambda connection: connection.execute(journal).all())
    ]


async def test_a_read_that_was_abandoned_leaves_nothing_unknown(store: Store) -> None:
    await fill(store, count=1)
    start = NOW + timedelta(minutes=1)

    def reads(work: Work) -> Plan:
        return Plan(read=True) if work.read_at is None else sends_all(work)

    await store.write(claim(store, start, plan=reads))
    (again,) = await store.write(claim(store, start + LEASE, plan=reads))

    assert again.work.read_after is None


async def test_a_shipment_with_nothing_to_do_leaves_the_queue_and_a_dead_one_never_enters_it(store: Store) -> None:
    await fill(store, count=2)
    now = NOW + timedelta(minutes=1)

    def decides(work: Work) -> Plan:
        return Plan() if work.invoice_number == "1" else Plan(dead="it cannot be addressed")

    assert [] == await store.write(claim(store, now, plan=decides))
    await store.write(recording(store, event("demo2", "02"), now=now))

    idle, dead = await one(store, "1"), await one(store, "2")
    assert (None, None, None) == (idle.due_at, idle.lease, idle.dead_reason)
    assert (None, "it cannot be addressed") == (dead.due_at, dead.dead_reason)
    assert [] == await store.write(claim(store, now + timedelta(days=1)))
    # A start takes up what has open rows, unless it is dead.
    assert 1 == await store.write(Requeue(live={}, now=now))
    assert ["1"] == invoices(await store.write(claim(store, now)))


async def test_a_plan_that_waits_keeps_its_place_until_then(store: Store) -> None:
    await fill(store, count=1)
    later = NOW + timedelta(minutes=5)

    assert [] == await store.write(claim(store, NOW + timedelta(minutes=1), plan=lambda _: Plan(wait_until=later)))
    assert [] == await store.write(claim(store, later - timedelta(seconds=1)))
    assert ["1"] == invoices(await store.write(claim(store, later)))


@pytest.mark.parametrize(
    ("state", "until", "expected"),
    [
        ("open", None, ["1", "2"]),
        ("paused", 1, []),
        ("paused", -1, ["1", "2"]),
        ("held", 1, []),
        ("held", -1, ["1"]),
        ("probing", -1, ["1"]),
        ("stopped", None, []),
    ],
)
async def test_the_state_of_an_account_is_part_of_the_claim_s_condition(
    store: Store, state: str, until: int | None, expected: Sequence[str]
) -> None:
    await fill(store, count=2)
    now = NOW + timedelta(minutes=1)
    at = None if until is None else now + timedelta(seconds=until)

    class Close:
        def run(self, connection: Connection) -> None:
            change_account(connection, "demo", AccountChange(state="paused", until=now), now)
            change_account(connection, "demo", AccountChange(state=state, until=at, reason="…"), now)

    await store.write(Close())
    claims = await store.write(claim(store, now))
    probes: list[Claimed] = await store.write(claim(store, now))

    assert list(expected) == invoices(claims)
    assert [state in {"held", "probing"}] * len(claims) == [claimed.probe for claimed in claims]
    # The one call that a closed account may make is taken until the next interval.
    assert [] == probes
    if state in {"paused", "held", "stopped"} and not expected:
        # Nobody must look again and again for what may not be claimed.
        assert at == await store.read(lambda connection: next_due(connection, ["demo"]))


async def test_waiting_for_a_process_that_did_not_run_is_no_failure_of_the_shipment(store: Store) -> None:
    await fill(store, count=1)
    await set_shipments(store, failing_since=NOW - timedelta(hours=2), due_at=NOW, retrying=True)

    await store.write(Requeue(live={}, now=NOW + timedelta(days=30)))

    assert NOW + timedelta(days=30, hours=-2) == (await one(store, "1")).failing_since


async def test_adding_what_is_there_changes_nothing_of_the_queue(store: Store) -> None:
    await fill(store, count=1)
    (claimed,) = await store.write(claim(store, NOW + timedelta(minutes=1)))

    operation: AddShipment = adding(store, shipment("v1-01", "1", "demo1"), now=NOW + timedelta(minutes=1))
    indexed = await store.write(operation)

    assert (False, claimed.work.shipment_id, 0) == (indexed.created, indexed.shipment_id, indexed.woken)
    assert claimed.lease == (await one(store, "1")).lease


async def test_what_is_due_by_a_replay_is_claimed_when_nothing_else_is(store: Store) -> None:
    await fill(store, count=4)
    await set_shipments(store, shipments.c.invoice_number.in_(["1", "2"]), later=True)
    await set_shipments(store, shipments.c.invoice_number == "3", retrying=True)
    now = NOW + timedelta(minutes=1)

    first = await store.write(claim(store, now, slots=2))
    then = await store.write(claim(store, now, slots=2))

    assert ({"3", "4"}, ["1", "2"]) == (set(invoices(first)), invoices(then))


async def test_of_what_is_due_by_a_replay_no_more_is_claimed_than_may_be(store: Store) -> None:
    await fill(store, count=4)
    await set_shipments(store, shipments.c.invoice_number.in_(["1", "2", "3"]), later=True)
    now = NOW + timedelta(minutes=1)
    asked = claim(store, now)

    without = await store.write(replace(asked, later_slots=0))
    two = await store.write(replace(asked, later_slots=2))
    rest = await store.write(asked)

    assert (["4"], ["1", "2"], ["3"]) == tuple(map(invoices, (without, two, rest)))
    # What must not be claimed is told apart, so that nobody looks for it at once.
    assert (now + LEASE, NOW + timedelta(seconds=1)) == (without.due_at, without.later_at)
    assert [(True, None), (False, None)] == [((each.due_at or now) < now, each.later_at) for each in (two, rest)]
