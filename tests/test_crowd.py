"""Many who wait at a time are a crowd, and are remembered as one for a moment."""

import pytest

from app.crowd import Crowd


def test_a_dozen_who_wait_at_a_time_are_a_crowd_and_fewer_are_none() -> None:
    crowd = Crowd(lambda: 10.0)

    for _ in range(11):
        crowd.join()
    assert not crowd.is_there
    crowd.join()
    assert crowd.is_there


def test_those_who_come_one_after_the_other_are_none() -> None:
    crowd = Crowd(lambda: 10.0)

    for _ in range(50):
        crowd.join()
        crowd.leave()

    assert not crowd.is_there


def test_a_crowd_is_remembered_for_a_quarter_of_a_second() -> None:
    clock = [10.0]
    crowd = Crowd(lambda: clock[0])
    for _ in range(12):
        crowd.join()
    for _ in range(12):
        crowd.leave()

    assert crowd.is_there
    clock[0] = 10.24
    assert crowd.is_there
    clock[0] = 10.25
    assert not crowd.is_there


def test_a_crowd_is_new_for_five_seconds_however_long_it_stays() -> None:
    clock = [10.0]
    crowd = Crowd(lambda: clock[0])

    def looked_at() -> tuple[bool, bool]:
        for _ in range(12):
            crowd.join()
        for _ in range(12):
            crowd.leave()
        return crowd.is_there, crowd.is_new

    found = []
    for _ in range(42):
        found.append(looked_at())
        clock[0] += 0.125
    clock[0] += 1

    assert [(True, True)] * 40 + [(True, False)] * 2 == found
    assert (True, True) == looked_at()


class Ticking:
    """A clock that goes on by a millisecond whenever it is looked at."""

    def __init__(self) -> None:
        self.at = 10.0

    def __call__(self) -> float:
        self.at += 0.001
        return self.at


@pytest.mark.anyio
async def test_what_can_wait_waits_until_nobody_is_there_and_not_for_ever() -> None:
    clock = Ticking()
    crowd = Crowd(clock)

    await crowd.gone(1.0)
    assert clock.at < 10.004

    crowd.join()
    began = clock.at
    await crowd.gone(1.0)
    assert clock.at - began >= 1.0

    # Whoever has just been answered is on the way to VTEX.
    crowd.leave()
    began = clock.at
    await crowd.gone(1.0)
    assert 0.02 <= clock.at - began < 0.1


def test_for_five_seconds_after_somebody_left_the_next_one_is_expected() -> None:
    clock = [10.0]
    crowd = Crowd(lambda: clock[0])
    found = [(crowd.is_near, crowd.is_between)]
    crowd.join()
    found.append((crowd.is_near, crowd.is_between))
    crowd.leave()
    for later in (0.0, 0.019, 0.021, 4.9, 5.1):
        clock[0] = 10.0 + later
        found.append((crowd.is_near, crowd.is_between))

    none, there, between = (False, False), (True, False), (True, True)
    assert [none, there, there, there, between, between, none] == found


def test_those_who_are_there_are_few_or_many() -> None:
    crowd = Crowd(lambda: 10.0)
    found = [crowd.is_few]
    for _ in range(12):
        crowd.join()
        found.append(crowd.is_few)

    assert [False, *[True] * 11, False] == found
