# ruff: noqa: S311 - what is drawn is invented traffic
"""What every simulated day must keep, whatever happens in it: each row once, no limit passed, nothing left."""

import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulation.costs import COSTS
from tests.simulation.engine import Happening, Run, bucket, seconds_of
from tests.simulation.parts import Gate, Limits, Shard, Shipment
from tests.simulation.plan import Troubles, planned, simulate
from tests.simulation.pools import Pool
from tests.simulation.report import compared, groups, hourly, largest, needs, percentiles, summary
from tests.simulation.world import DAY, Account, Traffic, accounts_of, curve, parcels_of

_SMALL = Traffic(events=40_000, accounts=60)


def one(
    limits: Limits, posted: list[list[float]], seed: int, *, lost: bool = False, down: bool = False, grain: int = 1
) -> tuple[Gate, list[Happening]]:
    """Run one account's parcels."""
    shard = Shard(COSTS["postgresql"], relay_cores=1, server_cores=1)
    gate = Gate(Account(webhooks=sum(map(len, posted)) * grain, grain=grain), limits, shard)
    if lost:
        shard.lost_from, shard.lost_until = 20.0, 80.0
    if down:
        gate.vtex_down = (10.0, 100.0)
    shipments = [(Shipment(gate, is_read=place % 2 == 0), each) for place, each in enumerate(posted)]
    seen: list[Happening] = []
    draw = random.Random(seed)
    Run([gate], [(at, shipment) for shipment, each in shipments for at in each], draw, watch=seen.append).all()
    return gate, seen


@settings(deadline=None, max_examples=60)
@given(
    rate=st.floats(0.5, 50),
    concurrency=st.integers(1, 8),
    debounce=st.sampled_from([0.0, 5.0, 60.0]),
    posted=st.lists(st.lists(st.floats(0, 120), min_size=1, max_size=4, unique=True), min_size=1, max_size=40),
    lost=st.booleans(),
    down=st.booleans(),
    seed=st.integers(0, 1 << 20),
)
def test_each_row_is_shown_once_within_the_limits_and_nothing_is_left(
    rate: float, concurrency: int, debounce: float, posted: list[list[float]], lost: bool, down: bool, seed: int
) -> None:
    limits = Limits(rate=rate, concurrency=concurrency, debounce=debounce)

    gate, seen = one(limits, posted, seed, lost=lost, down=down)

    rows = Counter((id(shipment), at) for kind, _, shipment, at, _ in seen if kind == "row")
    assert sum(map(len, posted)) == len(rows) == rows.total() == gate.on_timelines
    assert all(shown > at for kind, _, _, at, shown in seen if kind == "row")
    assert (0, 0) == (gate.waiting, gate.in_flight)
    assert not gate.due
    calls = sorted(at for kind, *_, at in seen if kind in {"read", "put"})
    # A second's budget at most is saved up, and of one claim the second call may overdraw it.
    most = max(rate, 1.0) + 1
    for first, begun in enumerate(calls):
        within = sum(begun <= at < begun + 10 for at in calls[first:])
        assert within <= most + 10 * rate + 1


def test_a_row_that_vtex_had_when_the_caller_was_lost_is_read_and_not_written_again() -> None:
    posted = [[19.9]] * 40

    gate, seen = one(Limits(rate=40.0, latency=1.0), posted, 3, lost=True)

    puts = [shipment for kind, _, shipment, *_ in seen if kind == "put"]
    assert 40 == gate.on_timelines
    assert 40 < len(puts) < 80
    assert all(at < 20.0 or at >= 80.0 for kind, *_, at in seen if kind in {"read", "put"})


def test_a_vtex_that_is_down_is_asked_now_and_then_and_is_caught_up_with() -> None:
    posted = [[place / 2] for place in range(200)]

    gate, seen = one(Limits(rate=20.0), posted, 1, down=True)

    meanwhile = [at for kind, *_, at in seen if kind in {"read", "put"} and 30 < at < 100]
    assert len(meanwhile) <= 3
    assert 200 == gate.on_timelines


@pytest.mark.parametrize("grain", [4, 20])
def test_an_account_simulated_in_grains_is_done_when_the_whole_one_is(grain: int) -> None:
    draw = random.Random(1)
    whole = [[draw.uniform(0, 60)] for _ in range(4_000)]

    fine, _ = one(Limits(), whole, 1)
    coarse, _ = one(Limits(), whole[::grain], 1, grain=grain)

    assert fine.drained_at == pytest.approx(coarse.drained_at, rel=0.1)
    assert fine.calls == pytest.approx(coarse.calls * grain, rel=0.1)


def test_what_is_urgent_waits_for_nothing_else_and_all_of_it_is_counted() -> None:
    pool = Pool(2)

    waits = pool.patient(0.0, 1.0, 20)
    urgent = pool.urgent(0.0, 1.0, 2)
    last = pool.patient(0.0, 1.0, 1)

    assert (1.0, 1.0, 12.0) == (waits, urgent, last)
    assert 23.0 == pool.used[0] == sum(pool.used)


def test_the_busiest_hour_is_three_times_the_mean_and_the_day_is_whole() -> None:
    hours = curve(3.0, 19)

    assert 24 == pytest.approx(sum(hours))
    assert 3.0 == pytest.approx(max(hours))
    assert 19 == hours.index(max(hours))
    account = Account(webhooks=20_000)
    posted = [at for parcel in parcels_of(account, Traffic(), random.Random(1)) for at in parcel.posted]
    assert 20_000 == len(posted)
    assert all(0 <= at < DAY for at in posted)
    counted = Counter(int(at / 3600) for at in posted)
    assert 3.0 == pytest.approx(counted[19] * 24 / 20_000, rel=0.1)


def test_accounts_are_of_unequal_size_and_together_what_is_asked() -> None:
    traffic = Traffic()

    accounts = accounts_of(traffic, 2_000)

    assert traffic.accounts == sum(account.alike for account in accounts)
    assert traffic.events == pytest.approx(sum(a.webhooks * a.alike for a in accounts), rel=0.001)
    assert traffic.events == pytest.approx(sum(a.simulated * a.mass for a in accounts), rel=0.02)
    hundredth = sum(a.webhooks * a.alike for a in accounts[:150])
    assert 0.2 < hundredth / traffic.events < 0.4
    assert all(a.simulated <= 3_000 for a in accounts)


def test_a_class_of_times_is_a_tenth_wide() -> None:
    for seconds in (0.002, 0.3, 7.0, 90_000.0):
        assert seconds == pytest.approx(seconds_of(bucket(seconds)), rel=0.06)


@pytest.mark.parametrize("engine", sorted(COSTS))
def test_a_day_with_troubles_is_told_hour_by_hour_and_the_same_seed_makes_the_same(engine: str) -> None:
    plan = replace(planned(engine, _SMALL, server_cores=1, busy=0.6), shards=3)

    days = [
        simulate(plan, _SMALL, Limits(), troubles=Troubles(down_share=0.2), most_simulated=500, seed=2)
        for _ in range(2)
    ]

    first, second = ([*needs(day), *hourly(day), *largest(day), *compared([day])] for day in days)
    assert first == second
    day, told = days[0], summary(days[0])
    assert all(gate.posted == gate.on_timelines and not gate.waiting for gate in day.run.gates)
    assert 0 == sum(day.run.depths[-1].waiting)
    assert sum(gate.posted * gate.mass for gate in day.run.gates) == told.webhooks
    parts = groups(day)
    assert set(day.run.gates) == {*parts.usual, *parts.peak, *parts.beyond}
    assert parts.down
    troubled, well = percentiles(parts.down, day, [18]), percentiles(parts.well, day, [18])
    assert troubled[1] > 300 > well[0]
    assert 24 + 2 == len(list(hourly(day)))


def test_more_shards_are_planned_for_more_webhooks() -> None:
    few, many = (planned("postgresql", Traffic(events=events), server_cores=16, busy=0.6) for events in (10**8, 10**9))

    assert 1 <= few.shards < many.shards
