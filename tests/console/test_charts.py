"""Charts: what is drawn, as numbers."""

from datetime import UTC, datetime, timedelta

import pytest

from app.web.console.charts import columns, lines

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("most", "top"),
    [(0, 2), (1, 2), (3, 4), (7, 8), (9, 10), (10, 10), (11, 20), (99, 100), (101, 200), (4001, 5000), (210, 300)],
)
def test_an_axis_ends_with_a_round_number_that_has_a_half(most: int, top: int) -> None:
    assert top == columns([(NOON, {"mapped": most})], ["mapped"], HOUR).top


def test_what_is_stacked_stands_on_what_came_before_and_the_table_is_newest_first() -> None:
    chart = columns([(NOON, {"a": 1, "b": 1, "else": 9}), (NOON + HOUR, {})], ["a", "b"], HOUR)

    assert [("a", 60.0, 60.0), ("b", 0.0, 60.0)] == [(bar.kind, bar.y, bar.height) for bar in chart.bars]
    assert ((NOON + HOUR, (0, 0)), (NOON, (1, 1))) == chart.rows
    assert ({"a": 1, "b": 1}, 2) == (chart.totals, chart.total)


def test_a_line_is_broken_where_nothing_is_known_and_a_single_point_can_be_seen() -> None:
    known = [0.05, 10.0, None, 1.0]
    chart = lines([(NOON + index * HOUR, {"p50": each}) for index, each in enumerate(known)], ["p50"], HOUR)

    assert (("p50", "M90.00 119.00 L270.00 1.00"), ("p50", "M630.00 60.00 h0")) == chart.paths
    assert (10.0, 1.0, 0.1) == chart.ticks


def test_without_anything_there_are_no_lines_and_what_is_longer_than_a_day_fits() -> None:
    assert () == lines([(NOON, {"p50": None})], ["p50"], HOUR).paths
    assert 200_000.0 == lines([(NOON, {"p50": 200_000.0})], ["p50"], HOUR).ticks[0]
