"""When to try again: the clock, the dice and the past are arguments."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.retry import Patience, Trouble, backoff, grace, next_try

NOW = datetime(2026, 3, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
PATIENCE = Patience(base=timedelta(seconds=30))
ATTEMPTS = st.integers(0, 10_000)
JITTER = st.floats(-1, 1)
ASKED = st.none() | st.timedeltas(timedelta(0), timedelta(days=400))


def trouble(attempts: int = 0, since: timedelta | None = None, asked: timedelta | None = None) -> Trouble:
    return Trouble(attempts=attempts, since=None if since is None else NOW - since, retry_after=asked)


@given(ATTEMPTS, JITTER, ASKED)
def test_a_wait_is_as_long_as_was_asked_for_and_never_more_than_an_hour(
    attempts: int, jitter: float, asked: timedelta | None
) -> None:
    wait = backoff(trouble(attempts, asked=asked), PATIENCE, jitter=jitter)

    assert min(asked or timedelta(0), HOUR) <= wait <= HOUR
    assert wait >= PATIENCE.base * 0.8


@given(ATTEMPTS, JITTER)
def test_a_wait_doubles_give_or_take_a_fifth(attempts: int, jitter: float) -> None:
    exact = min(PATIENCE.base * 2 ** min(attempts, 20), HOUR)

    assert exact * 0.799 <= backoff(trouble(attempts), PATIENCE, jitter=jitter) <= exact * 1.201


def test_waits_without_dice() -> None:
    waits = [backoff(trouble(attempts), PATIENCE, jitter=0).total_seconds() for attempts in range(9)]

    assert [30, 60, 120, 240, 480, 960, 1920, 3600, 3600] == waits


def test_a_failing_call_is_repeated_for_three_days_by_age_not_by_count() -> None:
    just_not = timedelta(hours=72) - timedelta(seconds=1)

    assert NOW + HOUR == next_try(trouble(10_000, just_not), PATIENCE, now=NOW, jitter=0)
    assert next_try(trouble(0, timedelta(hours=72)), PATIENCE, now=NOW, jitter=0) is None
    assert NOW + PATIENCE.base == next_try(trouble(), PATIENCE, now=NOW, jitter=0)


def test_what_is_missing_is_waited_for_a_day() -> None:
    just_not = timedelta(hours=24) - timedelta(seconds=1)

    assert NOW + HOUR == grace(trouble(50, just_not), PATIENCE, now=NOW, jitter=0)
    assert grace(trouble(0, timedelta(hours=24)), PATIENCE, now=NOW, jitter=0) is None
