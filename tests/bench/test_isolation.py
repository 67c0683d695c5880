"""The benchmark of isolation in small: what it reports is whole; times are not looked at."""

import json
from dataclasses import replace
from pathlib import Path

from tests.bench.busy import Busy, others_cores
from tests.bench.isolation import Measured, Options, Round, document, percentile, run, verdict
from tests.bench.parcels import ACCOUNTS, BROKEN, GOOD, SLOW

QUIET = Measured(n=2000, p50=4.0, p99=10.0, others_cores=0.1, calls={})


def a_round(p99: float, *, others: float = 0.1) -> Round:
    return Round(alone=QUIET, troubled=replace(QUIET, p99=p99, others_cores=others))


def test_each_round_times_every_webhook_alone_and_beside_accounts_that_are_called_and_fail(tmp_path: Path) -> None:
    options = Options(rounds=1, webhooks=30, rate=60, trouble_rate=20, slow_seconds=2, lead_seconds=0.2, warm_up=2)

    rounds = list(run(options, tmp_path))

    (one,) = rounds
    assert (30, 30) == (one.alone.n, one.troubled.n)
    assert all(0 < measured.p50 <= measured.p99 for measured in (one.alone, one.troubled))
    assert {GOOD: 30, BROKEN: 0, SLOW: 0} == one.alone.calls
    assert 30 == one.troubled.calls[GOOD]
    assert 0 < one.troubled.calls[BROKEN]
    assert 0 < one.troubled.calls[SLOW] <= 8
    written = json.loads(json.dumps(document(options, rounds, "said")))
    assert one.ratio == written["rounds"][0]["ratio"]
    assert {"rounds": 1, "webhooks": 30, "rate": 60} == {
        name: written["options"][name] for name in ("rounds", "webhooks", "rate")
    }
    assert set(ACCOUNTS) == set(written["rounds"][0]["troubled"]["calls"])


def test_the_median_round_decides_and_is_held_against_twice_the_time_alone() -> None:
    assert 0 == verdict([a_round(11.0), a_round(20.0), a_round(90.0)])[0]
    assert 1 == verdict([a_round(11.0), a_round(20.1), a_round(90.0)])[0]


def test_nothing_is_concluded_on_a_machine_that_others_used_unless_forced() -> None:
    rounds = [a_round(11.0), a_round(11.0, others=0.5)]

    assert 2 == verdict(rounds)[0]
    assert (0, "median ratio 1.10, promised 2: held (other processes took up to 0.50 cores)") == verdict(
        rounds, force=True
    )


def test_own_processor_time_is_not_counted_as_that_of_others() -> None:
    before = Busy(at=10.0, everybody=100.0, ours=50.0)

    assert 0.25 == others_cores(before, Busy(at=14.0, everybody=104.0, ours=53.0))
    assert 0.0 == others_cores(before, Busy(at=14.0, everybody=101.0, ours=53.0))
    assert Busy.now([]).everybody >= Busy.now([]).ours > 0


def test_a_percentile_is_the_smallest_time_that_so_many_do_not_exceed() -> None:
    assert [50, 99] == [percentile(range(1, 101), percent) for percent in (50, 99)]
    assert [1, 1] == [percentile([1], percent) for percent in (50, 99)]
