"""Several carriers speak of one parcel, and the timeline is told by one at a time."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.forwarder.planning import plan, planner
from app.forwarder.voices import heard, ownerships
from app.model import Milestone
from app.store import Claimed, EventRow, Plan, Requeue, Settle, Settlement, Store, Voice, Work, next_due
from app.store.queries import shipment as shipment_detail
from tests.forwarder.making import account, row, sent, work
from tests.store.keeping import kept_in
from tests.store.making import NOW, adding, claim, event, recording, shipment

START = datetime.fromisoformat("2026-03-01T00:00:00+00:00")
TMS, CARRIER, THIRD = "intelipost", "loggi", "jadlog"
ACCOUNT = account(prefer=(TMS, CARRIER), voice_takeover=timedelta(hours=24))


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def said(id_: int, carrier: str, hours: float, *, received: float | None = None, **more: Any) -> EventRow:
    return row(id_, hours=hours, carrier=carrier, received_at=at(hours if received is None else received), **more)


def test_the_first_that_spoke_owns_the_timeline_though_another_is_preferred() -> None:
    planned = plan(work(said(1, CARRIER, 1), said(2, TMS, 2)), ACCOUNT, at(3))

    assert ["event 1"] == sent(planned)
    assert (Voice(carrier=CARRIER, since=at(1)),) == planned.voices
    assert [(2, "held", "loggi owns the timeline since 2026-03-01T01:00:00+00:00")] == [
        (skip.event_id, skip.state, skip.reason) for skip in planned.skips
    ]
    assert at(25) == planned.rest_until


def test_of_those_that_spoke_at_once_the_preferred_one_spoke_first() -> None:
    assert ["event 2"] == sent(plan(work(said(1, CARRIER, 1), said(2, TMS, 1)), ACCOUNT, at(3)))


def test_everybody_is_shown_where_nobody_is_preferred() -> None:
    both = work(said(1, CARRIER, 1), said(2, TMS, 2, state="held"))

    assert ["event 1", "event 2"] == sent(plan(both, account(), at(3)))


def test_the_clock_alone_makes_another_take_over_with_what_the_owner_did_not_tell() -> None:
    rows = (
        said(1, CARRIER, 1, state="applied"),
        said(2, TMS, 1, received=2, state="held"),
        said(3, TMS, 9, state="held", milestone=Milestone.DELIVERED),
    )

    before, after = (plan(work(*rows), ACCOUNT, at(hours)) for hours in (24.9, 25))

    assert (None, at(25)) == (before.body, before.rest_until)
    assert ["event 3"] == sent(after)
    assert after.body is not None
    assert after.body["isDelivered"]
    assert [(2, "skipped", "loggi told of that time")] == [(s.event_id, s.state, s.reason) for s in after.skips]


def test_the_preferred_one_of_those_that_wait_takes_over() -> None:
    rows = (said(1, THIRD, 1, state="applied"), said(2, CARRIER, 2, state="held"), said(3, TMS, 3, state="held"))

    assert ["event 3"] == sent(plan(work(*rows), ACCOUNT, at(30)))


def test_delivered_is_what_the_owner_says() -> None:
    planned = plan(work(said(1, CARRIER, 1), said(2, TMS, 2, milestone=Milestone.DELIVERED)), ACCOUNT, at(3))

    assert planned.body is not None
    assert not planned.body["isDelivered"]


def test_an_owner_that_told_of_the_end_may_be_silent() -> None:
    rows = (
        said(1, CARRIER, 1, state="applied", milestone=Milestone.DELIVERED),
        said(2, TMS, 2, state="held", milestone=Milestone.DELIVERED),
        said(3, TMS, 3, state="held"),
    )
    returning = said(4, TMS, 9, milestone=Milestone.RETURNING)

    assert Plan(voices=(Voice(carrier=CARRIER, since=at(1)),)) == plan(work(*rows, delivered=True), ACCOUNT, at(900))
    assert TMS == plan(work(*rows, returning, delivered=True), ACCOUNT, at(900)).voices[-1].carrier


def test_what_an_owner_says_late_of_its_own_time_is_shown_and_what_it_says_of_another_s_is_not() -> None:
    taken = (Voice(carrier=CARRIER, since=at(1)), Voice(carrier=TMS, since=at(30), told=at(5)))
    late, too_late = said(1, CARRIER, 4, received=31), said(2, CARRIER, 6, received=31)

    planned = plan(work(late, too_late, said(3, TMS, 7, state="applied"), voices=taken), ACCOUNT, at(32))

    assert (["event 1"], [(2, "held")]) == (sent(planned), [(s.event_id, s.state) for s in planned.skips])


@dataclass(frozen=True)
class Word:
    """Something said, by whom, when, of when."""

    carrier: str
    received: int
    happened: int
    milestone: Milestone


WORDS = st.lists(
    st.builds(
        lambda carrier, received, age, milestone: Word(carrier, received, received - age, milestone),
        st.sampled_from([TMS, CARRIER, THIRD]),
        st.integers(1, 120),
        st.integers(0, 12),
        st.sampled_from([Milestone.IN_TRANSIT, Milestone.OUT_FOR_DELIVERY, Milestone.DELIVERED, Milestone.RETURNING]),
    ),
    max_size=10,
)


def rows_of(words: list[Word]) -> list[EventRow]:
    return [
        said(id_, word.carrier, word.happened, received=word.received, milestone=word.milestone)
        for id_, word in enumerate(sorted(words, key=lambda word: word.received), 1)
    ]


def forwarded(rows: list[EventRow], looks: list[int]) -> Work:
    """Let time pass, look now and then, and let VTEX take what is sent."""
    shipment = work()
    for hour in sorted({*looks, 400}):
        known = {each.event_id for each in shipment.rows}
        heard_now = tuple(each for each in rows if each.received_at <= at(hour) and each.event_id not in known)
        shipment = replace(shipment, rows=(*shipment.rows, *heard_now))
        planned = plan(shipment, ACCOUNT, at(hour))
        states = {skip.event_id: skip.state for skip in planned.skips} | dict.fromkeys(planned.carries, "applied")
        frozen = dict(planned.frozen)
        changed = (
            replace(
                each,
                row_state=states.get(each.event_id, each.row_state),
                frozen=frozen.get(each.event_id, each.frozen),
            )
            for each in shipment.rows
        )
        shipment = replace(shipment, rows=tuple(changed), voices=planned.voices)
    return shipment


@given(WORDS, st.lists(st.integers(0, 200), max_size=12))
def test_who_owns_the_timeline_hangs_on_what_was_said_and_the_clock_alone(words: list[Word], looks: list[int]) -> None:
    rows = rows_of(words)

    assert ownerships(rows, ACCOUNT, at(400)) == forwarded(rows, looks).voices


@given(WORDS, st.lists(st.integers(0, 200), max_size=12))
def test_no_scan_is_told_by_two_and_nothing_of_the_owner_is_missing(words: list[Word], looks: list[int]) -> None:
    shipment = forwarded(rows_of(words), looks)
    shown = [each for each in shipment.rows if each.row_state == "applied"]
    tellers: dict[datetime | None, set[str]] = {}
    for each in shown:
        tellers.setdefault(each.occurred_at, set()).add(each.carrier)

    assert all(len(carriers) == 1 for carriers in tellers.values())
    ends = [*(voice.since for voice in shipment.voices[1:]), None]
    for voice, end in zip(shipment.voices, ends, strict=False):
        mine = [
            each
            for each in shipment.rows
            if each.carrier == voice.carrier
            and (end is None or each.received_at < end)
            and (voice.told is None or each.occurred_at is None or each.occurred_at > voice.told)
        ]
        assert all(each in shown or _same_is_shown(each, shown) for each in mine)


def _same_is_shown(row: EventRow, shown: list[EventRow]) -> bool:
    """Tell whether the very same row is on the timeline already."""
    return any((each.occurred_at, each.description) == (row.occurred_at, row.description) for each in shown)


@given(WORDS)
def test_nobody_waits_with_news_beyond_the_owner_s_silence(words: list[Word]) -> None:
    shipment = forwarded(rows_of(words), [])

    assert heard(shipment, ACCOUNT, at(400)).takeover_at is None


async def claimed_at(store: Store, now: datetime) -> list[Claimed]:
    return await store.write(claim(store, now, plan=planner({"demo": ACCOUNT}, lambda: now)))


@pytest.mark.anyio
async def test_a_takeover_waits_in_the_queue_and_survives_a_restart(tmp_path: Path) -> None:
    async with kept_in(tmp_path) as store:
        await store.write(adding(store, shipment()))
        await store.write(recording(store, event(code="01"), carrier=CARRIER))
        later = NOW + timedelta(hours=1)
        await store.write(recording(store, event(code="02", at=later), carrier=TMS, webhook=2, now=later))
        (first,) = await claimed_at(store, later)
        await store.write(Settle(claimed=first, settlement=Settlement(outcome="applied"), now=later))
        assert [] == await claimed_at(store, later)

    async with kept_in(tmp_path) as store:
        due = await store.read(lambda connection: next_due(connection, ["demo"]))
        assert NOW + ACCOUNT.voice_takeover == due
        (second,) = await claimed_at(store, NOW + ACCOUNT.voice_takeover)
        shown = await store.read(lambda connection: shipment_detail(connection, second.work.shipment_id))

    assert (1, 1) == (len(first.plan.carries), len(second.plan.carries))
    assert first.plan.carries != second.plan.carries
    assert shown is not None
    assert [(CARRIER, NOW), (TMS, NOW + ACCOUNT.voice_takeover)] == [(v.carrier, v.since) for v in shown.voices]


@pytest.mark.anyio
async def test_who_was_held_back_is_heard_once_nobody_is_preferred_any_more(tmp_path: Path) -> None:
    async with kept_in(tmp_path) as store:
        await store.write(adding(store, shipment()))
        over = event(code="01", milestone=Milestone.DELIVERED)
        await store.write(recording(store, over, carrier=CARRIER))
        later = NOW + timedelta(hours=1)
        await store.write(recording(store, event(code="02", at=later), carrier=TMS, webhook=2, now=later))
        (first,) = await claimed_at(store, later)
        await store.write(Settle(claimed=first, settlement=Settlement(outcome="applied"), now=later))
        assert [] == await claimed_at(store, later)
        assert [] == await claimed_at(store, later + timedelta(days=9))

        assert 1 == await store.write(Requeue(live={}, now=later))
        (second,) = await store.write(claim(store, later, plan=planner({"demo": account()}, lambda: later)))

    assert (1, {"held"}) == (len(second.plan.carries), {r.row_state for r in second.work.rows} - {"applied"})
