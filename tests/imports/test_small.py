"""The measurement in small: its hundredth part runs with the tests."""

from pathlib import Path

from app.web.importing.service import CHUNK_ROWS
from tests.imports.measuring import MOST_GROWTH, Plan, Report, measure, percentile

SMALL = Plan(rows=10_000, rate=20, alone_seconds=2, most_seconds=60)
QUIET = Plan(rows=4_000, rate=0.01, alone_seconds=0, most_seconds=60)
"""With one webhook, whose few commits are far fewer than those of the rows."""


def test_ten_thousand_shipments_come_in_beside_live_webhooks_in_flat_memory(tmp_path: Path) -> None:
    report = measure(SMALL, tmp_path)

    assert (10_000, 10_000, 0) == tuple(report.summary[name] for name in ("rows", "created", "refused"))
    assert 0 == report.failed
    assert 0 < len(report.alone)
    assert 0 < len(report.meanwhile)
    # A chunk that held the writer for long would show as a webhook that waited for it; a busy machine is slow, too.
    assert percentile(report.meanwhile, 0.5) < 1.0
    assert report.growth <= MOST_GROWTH
    assert "as promised" == [*report.lines()][-1]


def test_a_webhook_waits_for_no_more_than_a_chunk_since_each_has_a_commit_of_its_own(tmp_path: Path) -> None:
    report = measure(QUIET, tmp_path)

    assert 1 == len(report.meanwhile)
    assert report.commits >= QUIET.rows / CHUNK_ROWS


def test_growth_is_counted_from_the_first_quarter_on() -> None:
    def report(*sizes: int) -> Report:
        found = Report(plan=SMALL, summary={"rows": 10_000, "refused": 0}, seconds=1, alone=[0.1], meanwhile=[0.1])
        found.memory = [(place / 4, size * 1024 * 1024) for place, size in enumerate(sizes)]
        return found

    assert report(100, 160, 170, 165).is_right
    assert not report(100, 160, 170, 200).is_right
    assert [*report(100, 160, 170, 200).lines()][-1] == "NOT as promised"
