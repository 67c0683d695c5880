"""That the clock was set is noticed by how far it is from one that only counts; what keeps it right is not."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clock import ClockWatch

NOW = datetime(2026, 3, 4, 18, tzinfo=UTC)
PAUSES = st.floats(min_value=0, max_value=86_400)
CORRECTIONS = st.floats(min_value=-4, max_value=4)
JUMPS = st.floats(min_value=6, max_value=10**8).flatmap(lambda by: st.sampled_from([by, -by]))


class Clocks:
    """A clock that can be set, and the seconds that pass whatever it shows."""

    def __init__(self) -> None:
        self.now = NOW
        self.counted = 12345.0
        self.watch = ClockWatch(lambda: self.now, lambda: self.counted)

    def pass_time(self, seconds: float, *, set_by: float = 0.0) -> list[float]:
        """Let time pass, set the clock meanwhile, and return what is noticed."""
        self.counted += seconds
        self.now += timedelta(seconds=seconds + set_by)
        return [by.total_seconds() for by in self.watch.look()]


@given(st.lists(st.tuples(PAUSES, CORRECTIONS), max_size=50))
def test_a_clock_that_is_kept_right_was_never_set_however_far_the_corrections_add_up(
    passed: list[tuple[float, float]],
) -> None:
    clocks = Clocks()

    assert [[]] * len(passed) == [clocks.pass_time(seconds, set_by=by) for seconds, by in passed]


@given(PAUSES, PAUSES, JUMPS)
def test_a_clock_that_was_set_is_noticed_once_and_by_how_much(before: float, after: float, by: float) -> None:
    clocks = Clocks()

    assert [] == clocks.pass_time(before)
    (noticed,) = clocks.pass_time(after, set_by=by)
    assert abs(by - noticed) < 0.1
    assert [] == clocks.pass_time(after)


@given(st.lists(st.tuples(PAUSES, JUMPS), max_size=10))
def test_whoever_asked_for_the_time_while_it_was_wrong_is_told_of_however_soon_it_was_right_again(
    wrong: list[tuple[float, float]],
) -> None:
    clocks = Clocks()
    for seconds, by in wrong:
        clocks.counted += seconds
        clocks.now += timedelta(seconds=seconds + by)
        assert clocks.now == clocks.watch.now()
        assert not clocks.watch.is_kept()
        clocks.now -= timedelta(seconds=by)
        clocks.watch.now()

    noticed = [each.total_seconds() for each in clocks.watch.look()]

    assert noticed == pytest.approx([each for _, by in wrong for each in (by, -by)], abs=0.1)
    assert clocks.watch.is_kept()
