"""What is counted as it happens: webhooks when they are read first, calls when they end, codes that nobody knew."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from app.store import Store
from app.store.lags import Span, count_lags, percentile, spans_since
from app.store.tallies import list_unknown_codes, tallies_since, tally
from tests.store.making import NOW, event, put, recording


class Doing:
    """Run something on a connection."""

    def __init__(self, work: Callable[[Connection], None]) -> None:
        self._work = work

    def run(self, connection: Connection) -> None:
        self._work(connection)


async def counted(store: Store) -> list[tuple[str, str, str, int]]:
    found = await store.read(lambda c: tallies_since(c, ["demo"], NOW - timedelta(hours=1)))
    return [(each.owner, each.carrier, each.kind, each.count) for each in found]


@pytest.mark.anyio
async def test_a_webhook_counts_once_however_often_it_is_read(store: Store) -> None:
    for identity in ("1", "2"):
        received = await store.write(put(store, identity))
        for _ in range(3):
            await store.write(recording(store, event(identity), webhook=received.webhook_id))
    ignored = await store.write(put(store, "3"))
    await store.write(recording(store, webhook=ignored.webhook_id))

    assert [("demo", "test", "ignored", 1), ("demo", "test", "mapped", 2)] == await counted(store)
    assert () == await store.read(lambda c: tallies_since(c, ["else"], NOW))
    assert () == await store.read(lambda c: tallies_since(c, ["demo"], NOW + timedelta(hours=1)))


@pytest.mark.anyio
async def test_an_unknown_code_counts_for_each_new_event_and_names_the_latest_webhook(store: Store) -> None:
    strange = replace(event("A"), unknown_code="77")
    for number, known in (("A", strange), ("B", replace(strange, tracking_numbers=("B",))), ("A", strange)):
        received = await store.write(put(store, f"{number}{store.ids.next()}"))
        await store.write(recording(store, known, webhook=received.webhook_id))

    (found,) = await store.read(lambda c: list_unknown_codes(c, None, limit=9))
    assert ("demo", "test", "77", 2) == (found.owner, found.carrier, found.code, found.count)
    assert () == await store.read(lambda c: list_unknown_codes(c, ["else"], limit=9))


@pytest.mark.anyio
async def test_of_one_source_only_so_many_unknown_codes_are_remembered(store: Store) -> None:
    strange = [replace(event("A", code=str(n)), unknown_code="x" * 300 + str(n) if n else "0") for n in range(3)]
    many = [replace(event("A", code=f"c{n}"), unknown_code=f"{n:04}") for n in range(600)]
    await store.write(recording(store, *strange, *many))

    found = await store.read(lambda c: list_unknown_codes(c, ["demo"], limit=1000))
    assert 500 == len(found)
    assert 200 == max(len(each.code) for each in found)


@pytest.mark.anyio
async def test_lags_are_summed_up_in_spans_and_leave_the_hourly_counts_alone(store: Store) -> None:
    def count(connection: Connection) -> None:
        for at, seconds in ((NOW, (0.1, 1.5, 1.5)), (NOW, (1.5,)), (NOW - timedelta(hours=5), (90_000.0, 7.0))):
            lags = [timedelta(seconds=each) for each in seconds]
            count_lags(connection, "demo", lags, made=7, now=at)
        count_lags(connection, "demo", [], made=7, now=NOW)
        tally(connection, "demo", "", "applied", made=7, now=NOW - timedelta(hours=5))

    await store.write(Doing(count))
    spans = await store.read(lambda c: spans_since(c, ["demo"], hours=6, step=3, now=NOW))
    begin = NOW.replace(minute=0, second=0, microsecond=0)

    assert [
        Span(since=begin - timedelta(hours=5), counts={"applied": 1}, lags={5: 1, 13: 1}),
        Span(since=begin - timedelta(hours=2), counts={}, lags={0: 1, 3: 3}),
    ] == list(spans)
    assert [] == await counted(store)


@pytest.mark.parametrize(
    ("lags", "share", "seconds"),
    [
        ({}, 0.5, None),
        ({0: 4}, 0.5, 0.125),
        ({3: 1, 4: 1}, 0.5, 2.0),
        ({3: 2, 5: 2}, 0.75, 7.5),
        ({13: 1}, 0.99, 86_400),
    ],
)
def test_percentiles_are_read_from_the_classes(lags: dict[int, int], share: float, seconds: float | None) -> None:
    assert seconds == percentile(lags, share)
