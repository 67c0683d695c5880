"""What a call's end changes, and that a lost lease changes nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Row, select, update

from app.store import AcceptRead, Claimed, Frozen, Learnt, Plan, Sample, Seen, Settle, Settled, Settlement, Store, Work
from app.store.accounts import AccountChange, account_states
from app.store.lags import spans_since
from app.store.schema import attempts, rows, shipments
from tests.store.making import LEASE, NOW, adding, claim, event, recording, sends_all, shipment

pytestmark = pytest.mark.anyio

LATER = NOW + timedelta(minutes=1)
ROW = Frozen(city="Campinas", state="SP", description="Coletado", date="2026-03-04T09:00:00-03:00")


async def claimed(store: Store, *codes: str, plan: Callable[[Work], Plan] = sends_all) -> Claimed:
    await store.write(adding(store, shipment()))
    await store.write(recording(store, *(event(code=code) for code in codes or ("01",))))
    (one,) = await store.write(claim(store, plan=plan))
    return one


async def everything(store: Store) -> tuple[Row[Any], list[Row[Any]], list[Row[Any]]]:
    def look(connection: Connection) -> tuple[Row[Any], list[Row[Any]], list[Row[Any]]]:
        return (
            connection.execute(select(shipments)).one(),
            list(connection.execute(select(rows).order_by(rows.c.event_id))),
            list(connection.execute(select(attempts).order_by(attempts.c.id))),
        )

    return await store.read(look)


def reading(claim_: Claimed, seen: Seen, store: Store, plan: Callable[[Work], Plan] = sends_all) -> AcceptRead:
    return AcceptRead(claimed=claim_, seen=seen, plan=plan, conclude=concluding, ids=store.ids, now=LATER)


def concluding(before: Learnt, new: Sample) -> Learnt:
    return Learnt(verdict="full", verdict_at=LATER, evidence=(*before.evidence, new))


class Accepted:
    """Have VTEX accepted some calls of a shipment."""

    def __init__(self, invoice_number: str, puts: int) -> None:
        self.invoice_number = invoice_number
        self.puts = puts

    def run(self, connection: Connection) -> None:
        its = shipments.c.invoice_number == self.invoice_number
        connection.execute(update(shipments).where(its).values(accepted_puts=self.puts))


async def test_an_applied_call_settles_the_rows_that_it_carried(store: Store) -> None:
    one = await claimed(store, "01", "02")

    settled = await store.write(
        Settle(claimed=one, settlement=Settlement(outcome="applied", status=200, receipt="0f3b"), now=LATER)
    )
    assert settled == Settled(is_ours=True, due_at=LATER)

    shipped, its_rows, (attempt,) = await everything(store)
    assert [("applied", LATER, one.attempt_id)] * 2 == [(r.state, r.applied_at, r.attempt_id) for r in its_rows]
    assert (None, LATER, one.plan.body_hash, 1) == (
        shipped.lease,
        shipped.due_at,
        shipped.accepted_hash,
        shipped.accepted_puts,
    )
    assert ("applied", 200, "0f3b", LATER) == (attempt.outcome, attempt.status, attempt.receipt, attempt.ended_at)
    spans = await store.read(lambda c: spans_since(c, ["demo"], hours=1, step=1, now=LATER))
    # A minute, twice: the class of what took up to one.
    assert [{7: 2}] == [span.lags for span in spans]
    # Due once more: with nothing new it leaves the queue.
    assert [] == await store.write(claim(store, LATER))
    assert (await everything(store))[0].due_at is None


async def test_events_that_arrive_while_a_call_is_in_flight_make_the_shipment_due_once_more(store: Store) -> None:
    one = await claimed(store, "01")
    await store.write(recording(store, event(code="02"), now=NOW))

    await store.write(Settle(claimed=one, settlement=Settlement(outcome="applied"), now=LATER))
    _, its_rows, _ = await everything(store)
    (again,) = await store.write(claim(store, LATER))

    assert ["applied", "pending"] == [row.state for row in its_rows]
    assert 1 == len(again.plan.carries)


async def test_delivered_is_remembered_as_accepted(store: Store) -> None:
    def delivers(work: Work) -> Plan:
        planned = sends_all(work)
        body = {"isDelivered": True, "deliveredDate": "2026-03-04 09:00", "events": []}
        return Plan(body=body, carries=planned.carries, frozen=planned.frozen, delivered_date="2026-03-04 09:00")

    one = await claimed(store, plan=delivers)
    await store.write(Settle(claimed=one, settlement=Settlement(outcome="applied"), now=LATER))

    shipped, _, _ = await everything(store)
    assert (LATER, "2026-03-04 09:00") == (shipped.delivered_at, shipped.delivered_date)


@pytest.mark.parametrize("spends", [True, False])
async def test_a_call_that_did_not_succeed_comes_back_with_its_rows_open(store: Store, spends: bool) -> None:
    one = await claimed(store)
    retry_at, read_after = LATER + timedelta(minutes=2), LATER + timedelta(seconds=5)
    settlement = Settlement(outcome="unknown", retry_at=retry_at, read_after=read_after, spends=spends)

    await store.write(Settle(claimed=one, settlement=settlement, now=LATER))

    shipped, (row,), _ = await everything(store)
    assert (None, retry_at, True, int(spends), read_after, None) == (
        shipped.lease,
        shipped.due_at,
        shipped.retrying,
        shipped.attempts,
        shipped.read_after,
        shipped.dead_reason,
    )
    assert (LATER if spends else None) == shipped.failing_since
    assert "sent" == row.state
    (again,) = await store.write(claim(store, retry_at))
    assert again.plan.read


async def test_trouble_counts_from_its_first_failure_and_ends_with_a_success(store: Store) -> None:
    one = await claimed(store)
    for minutes in (1, 2, 3):
        now = NOW + timedelta(minutes=minutes)
        await store.write(Settle(claimed=one, settlement=Settlement(outcome="missing", retry_at=now), now=now))
        (one,) = await store.write(claim(store, now))

    assert (3, LATER) == (one.work.attempts, one.work.failing_since)
    await store.write(Settle(claimed=one, settlement=Settlement(outcome="applied"), now=LATER))
    shipped, _, _ = await everything(store)
    assert (0, None, False) == (shipped.attempts, shipped.failing_since, shipped.retrying)


async def test_time_that_the_account_lost_while_a_call_was_in_flight_stays_forgiven(store: Store) -> None:
    one = await claimed(store)
    trouble = Settlement(outcome="unknown", retry_at=LATER)
    await store.write(Settle(claimed=one, settlement=trouble, now=LATER))
    (one,) = await store.write(claim(store, LATER))
    pause = AccountChange(state="paused", until=LATER + timedelta(hours=1))

    await store.write(Settle(claimed=one, settlement=trouble, account=pause, now=LATER))

    shipped, _, _ = await everything(store)
    assert LATER + timedelta(hours=1) == shipped.failing_since


async def test_the_dead_are_left_alone_and_say_why(store: Store) -> None:
    one = await claimed(store, "01", "02")
    bad, good = one.plan.carries
    refused = Settlement(outcome="refused", status=400, dead_rows=((bad, "VTEX refused it (400)"),), retry_at=LATER)

    await store.write(Settle(claimed=one, settlement=refused, now=LATER))
    _, its_rows, _ = await everything(store)
    (again,) = await store.write(claim(store, LATER))
    await store.write(Settle(claimed=again, settlement=Settlement(outcome="missing", dead="no such order"), now=LATER))

    assert [(bad, "dead", "VTEX refused it (400)"), (good, "sent", None)] == [
        (row.event_id, row.state, row.reason) for row in its_rows
    ]
    assert (good,) == again.plan.carries
    shipped, _, _ = await everything(store)
    assert (None, "no such order") == (shipped.due_at, shipped.dead_reason)


async def test_a_lost_lease_leaves_the_journal_s_entry_and_nothing_else(store: Store) -> None:
    slow = await claimed(store)
    (current,) = await store.write(claim(store, NOW + LEASE))
    before = await everything(store)

    late = Settlement(outcome="applied", status=200, receipt="0f3b")
    assert not (await store.write(Settle(claimed=slow, settlement=late, now=NOW + LEASE))).is_ours
    assert await store.write(reading(slow, Seen(matched=((slow.plan.carries[0], ROW),)), store)) is None

    after = await everything(store)
    assert before[:2] == after[:2]
    assert current.lease == after[0].lease
    assert before[2][1:] == after[2][1:]
    assert ("read", "0f3b") == (after[2][0].outcome, after[2][0].receipt)


async def test_a_read_settles_what_it_found_and_plans_the_next_call_under_the_same_lease(store: Store) -> None:
    def reads(work: Work) -> Plan:
        return sends_all(work) if work.read_at else Plan(read=True)

    one = await claimed(store, "01", "02", "03", plan=reads)
    found, *missing = [row.event_id for row in one.work.rows]
    foreign = Frozen(city="", state="", description="Nota fiscal emitida", date="2026-03-01")

    following = await store.write(reading(one, Seen(matched=((found, ROW),), baseline=(foreign,)), store, reads))

    assert following is not None
    assert (one.lease, one.deadline, tuple(missing)) == (following.lease, following.deadline, following.plan.carries)
    shipped, its_rows, journal = await everything(store)
    assert (LATER, None, (foreign,)) == (shipped.read_at, shipped.read_after, following.work.baseline)
    assert ("applied", ROW.description, ROW.date) == (its_rows[0].state, its_rows[0].description, its_rows[0].date)
    assert ["sent", "sent"] == [row.state for row in its_rows[1:]]
    assert [("get", "read"), ("put", None)] == [(attempt.call, attempt.outcome) for attempt in journal]


async def test_a_read_that_found_everything_ends_the_claim(store: Store) -> None:
    one = await claimed(store, "01")
    settlement = Settlement(outcome="unknown", retry_at=LATER, read_after=LATER)
    await store.write(Settle(claimed=one, settlement=settlement, now=LATER))
    (again,) = await store.write(claim(store, LATER))
    seen = Seen(matched=((one.plan.carries[0], ROW),), finished=True, delivered_date="2026-03-04 09:00")

    assert await store.write(reading(again, seen, store)) is None

    shipped, (row,), _ = await everything(store)
    assert (None, None, 0, None, LATER) == (
        shipped.lease,
        shipped.due_at,
        shipped.attempts,
        shipped.read_after,
        shipped.delivered_at,
    )
    # A row that was sent stays as it was sent.
    assert ("applied", "01", "-") == (row.state, row.description, row.date)


async def test_a_verdict_that_calls_replace_makes_due_what_may_have_lost_rows(store: Store) -> None:
    one = await claimed(store, "01")
    for number, puts in (("2", 1), ("3", 2)):
        await store.write(adding(store, shipment(f"v{number}-01", number, f"OTHER{number}")))
        await store.write(Accepted(number, puts))
    sample = Sample(kind="replaced", shipment_id=one.work.shipment_id, order_id="v527103anml-01", at=LATER.isoformat())
    learnt: list[tuple[str, Learnt]] = []

    def looks(work: Work) -> Plan:
        learnt.append((work.invoice_number, work.learnt))
        return Plan()

    await store.write(reading(one, Seen(sample=sample), store, looks))
    await store.write(claim(store, LATER, plan=looks))

    assert [("45781", "full"), ("3", "full")] == [(invoice, known.verdict) for invoice, known in learnt]
    assert {(sample,)} == {known.evidence for _, known in learnt}


async def test_a_probe_that_reads_opens_the_account(store: Store) -> None:
    one = await claimed(store)
    held = AccountChange(state="held", until=LATER, reason="VTEX refuses the account's key (401)")
    refused = Settlement(outcome="unauthorised", retry_at=LATER, read_after=LATER, spends=False)
    await store.write(Settle(claimed=one, settlement=refused, account=held, now=LATER))
    (probe,) = await store.write(claim(store, LATER))

    await store.write(reading(probe, Seen(), store))

    assert probe.probe
    assert "open" == (await store.read(lambda connection: account_states(connection, ["demo"])))["demo"].state
