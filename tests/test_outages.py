"""Gaps: what a process writes down of its outages, and what becomes of the webhooks of that time."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapter import Redelivery
from app.carriers import adapters
from app.outages import SILENT, Gap, Judgement, Outages, Verdict, gaps_in, judge, letter
from app.store import Presence, Store, TurnedAway, presences_since, turned_away_since
from tests.desk import SOURCES
from tests.store.keeping import kept_in
from tests.store.making import Clock

pytestmark = pytest.mark.anyio
SOURCE = next(iter(SOURCES))
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
START = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with kept_in(tmp_path) as opened:
        yield opened


async def gaps(store: Store, now: datetime) -> list[Gap]:
    seen = await store.read(lambda connection: presences_since(connection, now - timedelta(days=30)))
    away = await store.read(lambda connection: turned_away_since(connection, None, now - timedelta(days=30)))
    return gaps_in(seen, away, now)


async def test_a_process_that_stops_and_comes_back_leaves_one_gap_between(store: Store) -> None:
    clock = Clock()
    first, second = Outages(store, clock), Outages(store, clock)
    await first.arrive()
    clock.advance(seconds=20)
    first.leave()
    stopped = clock()
    await first.close()
    clock.advance(minutes=5)
    assert [Gap(kind="down", cause="stopped", since=stopped, until=None)] == await gaps(store, clock())
    await second.arrive()

    assert [Gap(kind="down", cause="stopped", since=stopped, until=clock())] == await gaps(store, clock())


async def test_of_a_process_that_vanished_the_gap_begins_when_it_was_seen_last(store: Store) -> None:
    clock = Clock()
    first, second = Outages(store, clock), Outages(store, clock)
    await first.arrive()
    seen = clock()
    clock.advance(minutes=3)  # It was killed in there.
    await second.arrive()

    assert [Gap(kind="down", cause="vanished", since=seen, until=clock())] == await gaps(store, clock())


async def test_a_process_that_was_suspended_does_not_say_that_it_was_there(store: Store) -> None:
    clock = Clock()
    outages = Outages(store, clock)
    await outages.arrive()
    slept = clock()
    clock.advance(hours=2)
    await outages.step()

    assert [Gap(kind="down", cause="suspended", since=slept, until=clock())] == await gaps(store, clock())


async def test_a_clock_that_is_set_back_makes_no_gap(store: Store) -> None:
    clock = Clock()
    outages = Outages(store, clock)
    await outages.arrive()
    clock.advance(minutes=-10)
    await outages.step()

    assert [] == await gaps(store, clock())


async def test_what_happened_while_the_store_was_gone_is_written_when_it_is_back(store: Store) -> None:
    clock = Clock()
    outages = Outages(store, clock)
    await outages.arrive()
    await Withheld(store).until_done(outages, SOURCE, clock)
    since = clock() - 10 * SECOND
    clock.advance(seconds=10)
    outages.taken(SOURCE)
    await outages.step()

    assert [
        Gap(kind="failed", cause="store-unavailable", since=since, until=since + 10 * SECOND, source=KEY, requests=2)
    ] == await gaps(store, clock())


KEY = (SOURCE.owner, SOURCE.adapter.slug)


class Withheld:
    """Have a store that takes nothing for a while: its table is gone."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def until_done(self, outages: Outages, source: Any, clock: Clock) -> None:
        """Turn two requests away while nothing can be written."""
        await self._store.write(Rename("turned_away", "withheld"))
        outages.failed(source, "store-unavailable")
        clock.advance(seconds=10)
        outages.failed(source, "store-unavailable")
        await outages.step()
        await self._store.write(Rename("withheld", "turned_away"))


class Rename:
    def __init__(self, name: str, new: str) -> None:
        self._statement = f"ALTER TABLE {name} RENAME TO {new}"

    def run(self, connection: Any) -> None:
        connection.exec_driver_sql(self._statement)


async def test_a_source_whose_every_request_was_refused_has_a_gap_until_one_is_taken(store: Store) -> None:
    clock = Clock()
    outages = Outages(store, clock)
    since = clock()
    for _ in range(3):
        outages.refused(SOURCE, "wrong-credential")
        clock.advance(minutes=20)
    await outages.step()
    expected = Gap(kind="refused", cause="wrong-credential", since=since, until=None, source=KEY, requests=3)
    assert [expected] == await gaps(store, clock())
    outages.taken(SOURCE)
    await outages.step()

    [over] = await gaps(store, clock())

    assert since + 40 * MINUTE == over.until


async def test_one_of_which_others_were_taken_in_between_was_not_refused_as_a_whole(store: Store) -> None:
    outages = Outages(store, Clock())
    outages.refused(SOURCE, "wrong-credential")
    outages.taken(SOURCE)
    outages.refused(SOURCE, "wrong-credential")
    await outages.step()

    assert [] == await gaps(store, Clock()())


async def test_refusals_far_apart_are_gaps_of_their_own(store: Store) -> None:
    clock = Clock()
    outages = Outages(store, clock)
    outages.refused(SOURCE, "wrong-credential")
    clock.advance(hours=2)
    outages.refused(SOURCE, "missing-credential")
    await outages.step()

    assert [1, 1] == [gap.requests for gap in await gaps(store, clock())]


MOMENTS = st.integers(0, 500).map(lambda seconds: START + timedelta(seconds=seconds))


@given(st.lists(st.tuples(MOMENTS, MOMENTS).map(sorted), max_size=8))
def test_every_moment_since_the_first_process_is_either_covered_or_in_exactly_one_gap(
    spans: list[list[datetime]],
) -> None:
    now = START + timedelta(seconds=500) + SILENT
    rows = [Presence(id=n, since=since, until=until) for n, (since, until) in enumerate(spans)]
    found = gaps_in(rows, [], now)

    first = min((row.since for row in rows), default=now)
    for second in range(500):
        moment = START + timedelta(seconds=second) + SECOND / 2
        covered = any(row.since <= moment <= row.until for row in rows)
        within = [gap for gap in found if gap.since < moment < (gap.until or now)]
        assert (0 if covered or moment < first else 1) == len(within)


def test_what_several_processes_saw_of_a_source_is_one_gap() -> None:
    one = TurnedAway(
        id=1, owner="a", carrier="b", kind="failed", cause="disk", since=START, until=START + MINUTE, count=3
    )
    other = TurnedAway(
        id=2, owner="a", carrier="b", kind="failed", cause="disk", since=START + SECOND, until=START + HOUR, count=4
    )

    [gap] = gaps_in([], [other, one], START + 2 * HOUR)

    assert (START, START + HOUR, 7) == (gap.since, gap.until, gap.requests)


def judged(verdict: Verdict, retries_until: datetime | None, *, heals: bool, lost_until: datetime | None) -> Judgement:
    return Judgement(verdict=verdict, retries_until=retries_until, heals=heals, lost_until=lost_until)


RETRYING = Redelivery(retries=True, retries_for=2 * HOUR)


@pytest.mark.parametrize(
    ("redelivery", "length", "refused", "expected"),
    [
        (RETRYING, HOUR, False, judged(Verdict.RETRIES, START + 3 * HOUR, heals=False, lost_until=None)),
        (
            RETRYING,
            3 * HOUR,
            False,
            judged(Verdict.RESEND, START + 5 * HOUR, heals=False, lost_until=START + HOUR),
        ),
        (Redelivery(history=True), HOUR, False, judged(Verdict.HEALS, None, heals=True, lost_until=START + HOUR)),
        (Redelivery(), HOUR, False, judged(Verdict.RESEND, None, heals=False, lost_until=START + HOUR)),
        (Redelivery(retries=True), HOUR, False, judged(Verdict.RESEND, None, heals=False, lost_until=START + HOUR)),
        (
            Redelivery(retries=True, retries_for=2 * HOUR, refusals_are_final=True),
            HOUR,
            True,
            judged(Verdict.RESEND, None, heals=False, lost_until=START + HOUR),
        ),
    ],
)
def test_what_becomes_of_webhooks_follows_from_what_their_carrier_does(
    redelivery: Redelivery, length: timedelta, refused: bool, expected: Judgement
) -> None:
    assert expected == judge(redelivery, START, START + length, refused=refused)


@given(
    st.sampled_from([adapter.redelivery for adapter in adapters().values()]),
    st.timedeltas(min_value=SECOND, max_value=timedelta(days=9)),
    st.booleans(),
)
def test_nothing_is_called_tried_again_that_is_lost(redelivery: Redelivery, length: timedelta, refused: bool) -> None:
    found = judge(redelivery, START, START + length, refused=refused)

    assert (found.verdict is Verdict.RETRIES) == (found.lost_until is None)
    assert found.retries_until is None or found.retries_until > START + length
    assert found.lost_until is None or START < found.lost_until <= START + length
    assert found.heals or found.verdict is not Verdict.HEALS


@pytest.mark.parametrize("language", ["en", "pt-BR"])
@pytest.mark.parametrize("to_customer", [True, False])
def test_a_letter_names_the_address_and_the_time(language: Any, to_customer: bool) -> None:
    url = "https://relay.example/webhooks/loggi/mystore"

    written = letter(language, url, START, START + HOUR, to_customer=to_customer)

    assert all(part in written for part in (url, "2026-03-04 12:00:00 UTC", "2026-03-04 13:00:00 UTC"))


def test_what_a_carrier_does_and_what_it_does_not_tell_is_said_in_words() -> None:
    said = {slug: adapter.redelivery.describe() for slug, adapter in adapters().items()}

    assert "sends again what failed, for 24 h; each webhook tells the whole history." == said["easypost"]
    assert "sends again what failed, for 40 s; each webhook tells only what is new." == said["uber-direct"]
    assert "sends nothing again; each webhook tells the whole history." == said["karrio"]
    assert (
        "sends again what failed, for a time that it does not tell, but never after a refusal (4xx);"
        " each webhook tells the whole history." == said["shippo"]
    )
    assert "does not tell whether it retries; does not tell whether a webhook holds the whole history." == said["fedex"]
