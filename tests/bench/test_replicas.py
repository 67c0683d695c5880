"""The benchmark of replicas in small: what it reports is whole; times are not looked at."""

import json
from pathlib import Path

from tests.bench.replicas import Measured, Options, Round, document, run, verdict


def a_round(one: float, two: float, *, others: float = 0.1) -> Round:
    first = Measured(puts=100, seconds=100 / one, others_cores=others)
    return Round(one=first, two=Measured(puts=100, seconds=100 / two, others_cores=0.1))


def test_one_replica_and_two_make_the_same_calls(tmp_path: Path) -> None:
    options = Options(rounds=1, parcels=12, latency_seconds=0.01)

    rounds = list(run(options, tmp_path))

    (each,) = rounds
    assert (12, 12) == (each.one.puts, each.two.puts)
    assert each.ratio == each.two.per_second / each.one.per_second > 0
    written = json.loads(json.dumps(document(options, rounds, "said")))
    assert each.ratio == written["ratio"] == written["rounds"][0]["ratio"]
    assert each.one.per_second == written["rounds"][0]["one"]["per_second"]
    assert {"rounds": 1, "parcels": 12, "slots": 2, "latency_seconds": 0.01} == written["options"]


def test_the_median_round_decides() -> None:
    assert 0 == verdict([a_round(20, 20), a_round(20, 32), a_round(20, 40)])[0]
    assert 1 == verdict([a_round(20, 20), a_round(20, 31.8), a_round(20, 40)])[0]


def test_nothing_is_concluded_on_a_machine_that_others_used_unless_forced() -> None:
    rounds = [a_round(20, 36), a_round(20, 36, others=0.5)]

    assert 2 == verdict(rounds)[0]
    assert (0, "median ratio 1.80, promised 1.6: held (other processes took up to 0.50 cores)") == verdict(
        rounds, force=True
    )
