"""The benchmark of costs in small: what it reports is whole; times are not looked at."""

from pathlib import Path

from tests.bench.cost import lines, run
from tests.e2e.parcels import SCANS


def test_each_half_of_the_work_is_counted_for_every_webhook_and_the_database_is_told_table_by_table(
    tmp_path: Path,
) -> None:
    measured = run(8, tmp_path)

    assert [8] * SCANS == [cost.count for cost in measured.taken] == [cost.count for cost in measured.sent]
    assert all(cost.clock > 0 and cost.processor >= 0 for cost in (*measured.taken, *measured.sent))
    assert 8 * SCANS == measured.growth.rows["webhooks"]
    assert measured.growth.bytes_in_file > 8 * SCANS * measured.body_bytes
    assert measured.memory_bytes > 0
    said = list(lines(measured))
    assert SCANS + 4 == len(said)
    assert f"{8 * SCANS} webhooks of {measured.body_bytes} bytes take" in said[-3]
