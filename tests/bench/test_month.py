"""The benchmark of a month in small: what it reports is whole; times are not looked at."""

from pathlib import Path

from tests.bench.month import PEAK, lines, run


def test_both_rates_are_measured_beside_what_was_stored(tmp_path: Path) -> None:
    measured = run(500, 0.02, tmp_path, per_second=2.5)

    assert ["usual", "peak"] == [phase.name for phase in measured.phases]
    assert (3, 3 * PEAK) == tuple(phase.webhooks for phase in measured.phases)
    assert all(phase.seconds > 0 and phase.memory > 0 and phase.p99 >= phase.p50 > 0 for phase in measured.phases)
    assert 500 == measured.stored
    assert measured.bytes_at_last > 0
    assert 2 + len(measured.phases) == len(list(lines(measured)))
    assert 20 == PEAK
