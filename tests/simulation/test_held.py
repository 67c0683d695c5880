"""The small run in smaller: what is predicted of calls and rows is what a relay does; times are not looked at."""

from pathlib import Path

import pytest

from tests.simulation.__main__ import main
from tests.simulation.held import Small, held_against, told
from tests.simulation.parts import Limits


def test_a_relay_makes_the_calls_that_are_predicted(tmp_path: Path) -> None:
    small = Small(parcels=12, seconds=1.0, limits=Limits(rate=100.0, concurrency=4, latency=0.01))

    held = held_against(small, tmp_path, seed=1)

    assert 60 == len(held.predicted.rows) == len(held.observed.rows)
    # Each order once, before its first PUT; a second time only where a call failed.
    assert 12 == held.predicted.reads <= held.observed.reads
    for seen in (held.predicted, held.observed):
        assert 12 <= seen.puts <= 60
        assert all(shown > posted for posted, shown in seen.rows)
        assert 0 < seen.most_waiting <= 60
        assert seen.took(0.5) <= seen.took(0.99) <= seen.seconds
    assert 9 == len(list(told(held)))


def test_the_command_simulates_a_day_with_each_debounce(capsys: pytest.CaptureFixture[str]) -> None:
    assert 0 == main(["--events", "20000", "--accounts", "20", "--most", "200", "--debounce", "0", "60"])

    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("20,000 webhooks a day for 20 accounts")
    assert ["0", "60"] == [line.split()[0] for line in said[-2:]]
