"""How many calls an account may start."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.vtex import Gate
from tests.forwarder.making import account

NOW = datetime(2026, 3, 10, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def spent(gate: Gate, calls: int) -> Gate:
    for _ in range(calls):
        gate.spend()
    return gate


def test_calls_in_flight_are_bounded() -> None:
    gate = Gate(account(concurrency=3, rate_per_second=100))

    for free in (3, 2, 1, 0):
        assert free == gate.free(NOW)
        gate.enter()
    gate.leave()
    gate.leave()
    assert (1, 2) == (gate.free(NOW), gate.in_flight)


def test_a_second_s_budget_fills_up_with_time_and_never_over() -> None:
    gate = Gate(account(concurrency=100, rate_per_second=10))

    assert 10 == gate.free(NOW)
    spent(gate, 10)
    assert [0, 0, 5, 10, 10] == [gate.free(after(seconds)) for seconds in (0, 0.05, 0.5, 1, 60)]


def test_an_overdrawn_budget_is_waited_out_and_said_until_when() -> None:
    gate = Gate(account(concurrency=100, rate_per_second=10))
    gate.free(NOW)
    spent(gate, 12)

    assert after(0.3) == gate.opens_at(NOW)
    assert [0, 1] == [gate.free(after(seconds)) for seconds in (0.2, 0.31)]
    assert gate.opens_at(after(0.31)) is None


def test_less_than_one_call_a_second_is_possible() -> None:
    gate = Gate(account(concurrency=5, rate_per_second=0.1))

    assert 1 == gate.free(NOW)
    gate.spend()
    assert after(10) == gate.opens_at(NOW)
    assert [0, 1] == [gate.free(after(seconds)) for seconds in (9, 10.1)]


def test_a_closed_gate_lets_nothing_through_until_its_latest_end() -> None:
    gate = Gate(account())

    gate.close(after(10))
    gate.close(after(5))

    assert (0, after(10)) == (gate.free(after(9)), gate.opens_at(after(9)))
    assert gate.free(after(10)) > 0
    assert gate.opens_at(after(10)) is None


def test_half_of_twenty_calls_failing_is_too_many_and_fewer_calls_tell_nothing() -> None:
    gate = Gate(account())

    assert not any(gate.record(failed=True) for _ in range(19))
    assert gate.record(failed=False)
    # It counts anew.
    assert not any(gate.record(failed=number % 3 == 0) for number in range(60))
    assert any(gate.record(failed=number % 2 == 0) for number in range(20))


def test_a_refused_permission_is_the_account_s_once_two_shipments_meet_it() -> None:
    gate = Gate(account())

    assert [False, False, True] == [gate.forbidden(shipment) for shipment in (1, 1, 2)]
    gate.welcomed()
    assert [False, True] == [gate.forbidden(order, of="order") for order in ("v1-01", "v2-01")]
    assert not gate.forbidden(3)


@given(st.lists(st.floats(0, 2), min_size=1, max_size=40), st.floats(0.1, 50), st.integers(1, 8))
def test_no_more_calls_start_than_the_rate_allows(pauses: list[float], rate: float, concurrency: int) -> None:
    gate = Gate(account(rate_per_second=rate, concurrency=concurrency))
    now, started = NOW, 0

    for pause in pauses:
        now += timedelta(seconds=pause)
        free = gate.free(now)
        assert 0 <= free <= concurrency
        spent(gate, free)
        started += free

    assert started <= max(rate, 1.0) + rate * (now - NOW).total_seconds() + 1e-6


@pytest.mark.parametrize(
    ("rate", "concurrency", "spare"), [(20.0, 8, 7), (1.0, 8, 1), (0.2, 8, 1), (1.9, 8, 1), (2.0, 8, 1), (20.0, 1, 1)]
)
def test_what_can_wait_leaves_one_place_to_others_and_is_not_shut_out_where_there_is_only_one(
    rate: float, concurrency: int, spare: int
) -> None:
    gate = Gate(account(rate_per_second=rate, concurrency=concurrency))

    assert spare == gate.spare(NOW)
    for _ in range(gate.free(NOW)):
        gate.enter()
        gate.spend()
    assert 0 == gate.spare(NOW)


def test_reserved_places_are_nobody_else_s_until_they_are_released() -> None:
    gate = Gate(account(concurrency=4, rate_per_second=6))

    gate.reserve(3)
    assert (1, 0, 3) == (gate.free(NOW), gate.spare(NOW), gate.reserved)
    for _ in range(2):
        gate.enter()
    gate.release(3)
    assert (2, 0) == (gate.free(NOW), gate.reserved)

    spent(gate, 3)
    gate.reserve(2)
    assert 0 == gate.free(NOW)


def test_who_waits_for_a_place_is_told_once_in_the_order_of_asking() -> None:
    gate, told = Gate(account(concurrency=1)), list[str]()
    gate.enter()
    assert gate.is_taken(NOW)

    def first() -> None:
        told.append("first")

    gate.when_given_back(first)
    gate.when_given_back(lambda: told.append("second"))
    gate.when_given_back(first)
    assert [] == told
    gate.leave()
    gate.reserve(1)
    gate.release(1)
    assert ["first", "second"] == told


def test_who_had_a_place_is_told_last_the_next_time_however_soon_it_asked_again() -> None:
    gate, told = Gate(account(concurrency=1)), list[str]()
    told_of = {name: (lambda name=name: told.append(name)) for name in ("reads", "writes")}
    gate.enter()

    for first in ("reads", "writes", "reads"):
        gate.when_given_back(told_of["reads"])
        gate.when_given_back(told_of["writes"])
        assert 2 == gate.waiting
        # A claim that needed no place gives none back: nobody's turn is over by hearing of it.
        gate.reserve(1)
        gate.release(1)
        gate.when_given_back(told_of["reads"])
        gate.when_given_back(told_of["writes"])
        told.clear()
        gate.leave()
        assert first == told[0]
        gate.enter()


def test_a_gate_that_is_closed_or_spent_is_not_taken_by_others() -> None:
    gate = Gate(account(rate_per_second=1))
    assert not gate.is_taken(NOW)
    spent(gate, 1)
    assert not gate.is_taken(NOW)
    gate.close(after(5))
    assert not gate.is_taken(after(4))
