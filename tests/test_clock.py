"""That the clock was set is noticed by how far it is from one that only counts; what keeps it right is not."""

from datetime import UTC, datetime, timedelta

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
        self.watch = ClockWatch(self.now, lambda: self.counted)

    def pass_time(self, seconds: float, *, set_by: float = 0.0) -> float:
        """Let time pass, set the clock meanwhile, and return what is noticed."""
        self.counted += seconds
        self.now += timedelta(seconds=seconds + set_by)
        return self.watch.look(self.now).total_seconds()


@given(st.lists(st.tuples(PAUSES, CORRECTIONS), max_size=50))
def test_a_clock_that_is_kept_right_was_never_set_however_far_the_corrections_add_up(
    passed: list[tuple[float, float]],
) -> None:
    clocks = Clocks()

    assert [0.0] * len(passed) == [clocks.pass_time(seconds, set_by=by) for seconds, by in passed]


@given(PAUSES, PAUSES, JUMPS)
def test_a_clock_that_was_set_is_noticed_once_and_by_how_much(before: float, after: float, by: float) -> None:
    clocks = Clocks()

    assert 0.0 == clocks.pass_time(before)
    assert abs(by - clocks.pass_time(after, set_by=by)) < 0.1
    assert 0.0 == clocks.pass_time(after)
