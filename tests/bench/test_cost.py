"""The benchmark of costs in small: what it reports is whole; times are not looked at."""

from pathlib import Path

import pytest

from tests.bench.cost import Options, lines, run
from tests.bench.databases import ENGINES
from tests.e2e.parcels import SCANS


@pytest.mark.parametrize("engine", ENGINES)
def test_each_half_of_the_work_is_counted_for_every_webhook_and_the_database_is_told_table_by_table(
    engine: str, tmp_path: Path
) -> None:
    measured = run(Options(parcels=8, engine=engine, rate=400.0, stored=20), tmp_path)

    assert [8] * SCANS == [cost.count for cost in measured.taken] == [cost.count for cost in measured.sent]
    assert all(cost.clock > 0 and cost.processor >= 0 for cost in (*measured.taken, *measured.sent))
    assert 20 == measured.stored.rows["webhooks"]
    assert 20 + 8 * SCANS == measured.growth.rows["webhooks"]
    assert measured.growth.bytes_in_file > 8 * SCANS * measured.body_bytes
    assert measured.memory_bytes > 0
    said = list(lines(measured))
    assert any(f"{8 * SCANS} webhooks of {measured.body_bytes} bytes take" in line for line in said)


def test_what_the_server_does_for_either_half_is_counted(tmp_path: Path) -> None:
    measured = run(Options(parcels=8, engine="postgresql"), tmp_path)

    assert measured.totals is not None
    assert all(cost.server.wal > 0 < cost.server.commits for cost in (*measured.taken, *measured.sent))
    counted = sum(cost.server.commits for cost in (*measured.taken, *measured.sent))
    assert 0 < counted <= measured.totals.commits + measured.totals.rollbacks
    assert 0 < sum(cost.server.processor for cost in (*measured.taken, *measured.sent))
    assert measured.totals.wal > measured.growth.sizes["bodies"] > 0
    said = list(lines(measured))
    assert any(line.startswith("in all, per webhook: ") for line in said)
    assert 8 * SCANS <= measured.totals.updated["webhooks"][0]
    assert "bytes with indexes: " in said[-1]
