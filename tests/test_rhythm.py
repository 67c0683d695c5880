"""When the silence of a source is unusual, by its own rhythm."""

import random
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from app.rhythm import rhythm_of

START = 489_000 - 489_000 % 168
WEEK = 168


def office(hour: int) -> float:
    """Speak from eight to eighteen on five days of the week."""
    day, time = divmod(hour % WEEK, 24)
    return 0.98 if day < 5 and 8 <= time < 18 else 0.0


def spoken(share: Callable[[int], float], hours: int, seed: int = 1, start: int = START) -> list[int]:
    """Draw the hours in which somebody speaks."""
    draw = random.Random(seed)  # noqa: S311 - a simulation
    return [hour for hour in range(start, start + hours) if draw.random() < share(hour)]


def detected(heard: list[int]) -> int | None:
    """Return after how many hours of silence it is called quiet."""
    last = max(heard)
    return next(
        (now - last for now in range(last + 1, last + 5 * WEEK) if rhythm_of(heard, now).state == "quiet"), None
    )


def alarms(share: Callable[[int], float], *, weeks: int, seed: int) -> Iterator[int]:
    """Run a source for a while, and give the words before which it was called quiet although nothing was wrong."""
    heard = spoken(share, (weeks + 5) * WEEK, seed)
    for place, (before, after) in enumerate(pairwise(heard), start=1):
        is_long = after - before > 3 and before > START + 5 * WEEK
        if is_long and rhythm_of(heard[max(0, place - 1000) : place], after).state == "quiet":
            yield after


def test_a_source_that_speaks_every_hour_is_missed_after_a_few() -> None:
    assert 5 == detected(list(range(START, START + 10 * 24)))


def test_a_source_of_office_hours_is_not_missed_at_night_nor_on_a_weekend() -> None:
    friday_evening = START + 6 * WEEK + 4 * 24 + 18
    heard = [hour for hour in spoken(office, 7 * WEEK) if hour < friday_evening]
    monday = friday_evening + 2 * 24 + 14

    assert "steady" == rhythm_of(heard, monday).state
    assert "steady" == rhythm_of(heard, monday + 2).state
    assert "quiet" == rhythm_of(heard, monday + 9).state


def test_the_same_silence_is_unusual_on_a_working_day() -> None:
    tuesday_morning = START + 6 * WEEK + 24 + 9
    heard = [hour for hour in spoken(office, 7 * WEEK) if hour < tuesday_morning]

    assert "quiet" == rhythm_of(heard, tuesday_morning + 9).state


@pytest.mark.parametrize(
    "heard",
    [
        [],
        [START],
        list(range(START, START + 60)),
        list(range(START, START + 5 * WEEK, 48)),
        [START + 10 * hour for hour in range(23)],
    ],
    ids=["none", "one", "two days", "every other day", "too few"],
)
def test_nothing_is_concluded_of_a_source_that_is_new_or_rare(heard: list[int]) -> None:
    last = max(heard, default=START)

    for silence in (1, 30, WEEK, 9 * WEEK):
        assert "unknown" == rhythm_of(heard, last + silence).state


def test_one_outage_in_the_past_does_not_make_it_deaf() -> None:
    every_hour = range(START, START + 4 * WEEK)
    heard = [hour for hour in every_hour if not START + 300 <= hour < START + 340]

    assert 5 == detected(heard)


def test_what_stayed_away_for_weeks_is_still_missed() -> None:
    heard = spoken(office, 6 * WEEK)

    assert "quiet" == rhythm_of(heard, max(heard) + 6 * WEEK).state


@pytest.mark.parametrize(
    ("share", "at_most"),
    [
        (lambda _hour: 0.9, 0),
        (lambda _hour: 0.5, 0),
        (lambda _hour: 0.1, 1),
        (office, 0),
        (lambda hour: office(hour) * 0.4, 1),
    ],
    ids=["nearly always", "every other hour", "a few times a day", "office hours", "a few times in office hours"],
)
def test_half_a_year_of_usual_life_hardly_raises_an_alarm(share: Callable[[int], float], at_most: int) -> None:
    assert len(list(alarms(share, weeks=26, seed=7))) <= at_most


def test_it_says_from_when_on_the_silence_is_unusual() -> None:
    heard = list(range(START, START + 10 * 24))
    told = rhythm_of(heard, max(heard) + 1)

    assert ("steady", max(heard) + 5) == (told.state, told.unusual_from)
    assert "quiet" == rhythm_of(heard, max(heard) + 5).state
