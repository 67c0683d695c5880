"""The benchmark of backfills in small: its hundredth part runs with the tests."""

from collections import Counter
from pathlib import Path

from tests.bench.order_calls import Calls
from tests.bench.orders import CONCURRENCY, Life, Plan, Report, run

SMALL = Plan(orders=1_000, rate=400, kills=(0.2, 0.5), most_seconds=300)
MIB = 1024 * 1024


def test_a_thousand_orders_are_indexed_exactly_although_the_relay_is_killed_twice(tmp_path: Path) -> None:
    report = run(SMALL, tmp_path)

    assert [] == list(report.faults())
    assert "as promised" == [*report.lines()][-1]
    assert 2 == report.kills
    assert 900 < report.listed < report.calls.reads < 1_100
    assert 1_000 < report.entries
    assert 0 < report.calls.pages


def reported(**found: object) -> Report:
    calls = Calls(last=2, starts={1: 1.0, 2: 2.0}, by_order=Counter({"a": 1}), by_page=Counter({"p": 1}))
    life = Life([(0.0, 100 * MIB), (1.0, 100 * MIB)])
    given = {"plan": Plan(orders=1, rate=1, kills=()), "lives": [life], "calls": calls, "listed": 1, "seconds": 1.0}
    return Report(**given | found)  # type: ignore[arg-type]


def test_whatever_is_not_as_promised_is_named() -> None:
    assert [] == list(reported().faults())
    grown = Life([(0.0, 100 * MIB), (0.25, 120 * MIB), (1.0, 137 * MIB)])
    assert ["memory grew by 17 MiB"] == list(reported(lives=[grown]).faults())
    assert ["not indexed: order invoice number"] == list(
        reported(deviations=["not indexed: order invoice number"]).faults()
    )
    assert ["killed 0 times instead of 1"] == list(reported(plan=Plan(orders=1, rate=1, kills=(0.5,))).faults())


def test_calls_that_were_made_again_beyond_the_budget_or_unseen_are_named() -> None:
    again = Calls(last=2, starts={1: 1.0, 2: 2.0}, by_order=Counter({"a": 2, "b": 3}), by_page=Counter({"p": 2}))
    again.judge({"b"})
    assert (1, 2, 1) == (again.orders_again, again.late, again.pages_again)
    assert ["1 pages were listed again, and 0 kills explain 0", "1 orders were read again, and 0 kills explain 0"] == (
        list(reported(calls=again).faults())
    )
    burst = Calls(last=60, starts=dict.fromkeys(range(1, 61), 7.0))
    assert "60 calls came within 1 s, of an account that allows 20 a second" in list(burst.beyond(20, CONCURRENCY))
    assert [] == list(burst.beyond(26, CONCURRENCY))
    assert ["only 1 of 2 calls were seen"] == list(Calls(last=2, starts={2: 1.0}).beyond(20, CONCURRENCY))
