"""What pages are made of: charts and the limit for guesses."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.web.console.charts import hourly
from app.web.console.throttle import Throttle
from tests.web.stage import Clock

SINCE = datetime(2026, 3, 4, tzinfo=UTC)
KINDS = ("mapped", "ignored", "unmappable")


@given(st.lists(st.tuples(st.integers(-2, 26), st.sampled_from((*KINDS, "else")), st.integers(1, 10**6)), max_size=60))
def test_a_chart_holds_every_count_once_within_its_frame(counts: list[tuple[int, str, int]]) -> None:
    chart = hourly([(SINCE + timedelta(hours=hour), kind, count) for hour, kind, count in counts], KINDS, SINCE, 24)

    inside = [(kind, count) for hour, kind, count in counts if 0 <= hour < 24 and kind in KINDS]
    assert sum(count for _, count in inside) == chart.total == sum(sum(row) for _, row in chart.rows)
    assert {kind for kind, _ in inside} == {bar.kind for bar in chart.bars}
    for bar in chart.bars:
        assert 0 <= bar.x <= bar.x + bar.width <= chart.width
        assert 0 <= bar.y <= chart.height
        assert 0 < bar.height <= chart.height


def test_guessers_of_one_network_share_their_guesses() -> None:
    clock = Clock()
    throttle = Throttle(clock, failures=2)
    for address in ("2001:db8:1:2::1", "2001:db8:1:2::2", "198.51.100.1", "198.51.100.2", ""):
        throttle.fail(address)

    assert throttle.wait("2001:db8:1:2:ffff::9") == timedelta(minutes=5)
    assert throttle.wait("2001:db8:1:3::1") is throttle.wait("198.51.100.1") is throttle.wait("") is None


def test_it_forgets_those_who_failed_longest_ago_and_never_grows_without_end() -> None:
    clock = Clock()
    throttle = Throttle(clock, failures=1)
    throttle.fail("198.51.100.1")
    assert throttle.wait("198.51.100.1")
    for number in range(1024):
        throttle.fail(f"10.0.{number // 256}.{number % 256}")

    assert throttle.wait("198.51.100.1") is None
    clock.advance(minutes=5)
    assert throttle.wait("10.0.3.255") is None
