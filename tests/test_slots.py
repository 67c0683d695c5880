"""However calls start and end, no account waits for another's, and what is shared is shared by turns."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from app.slots import Slots

ACCOUNTS = ("a", "b", "c", "d")


@given(count=st.integers(1, 6), concurrency=st.integers(1, 8), steps=st.lists(st.randoms(), max_size=40))
def test_an_account_with_nothing_in_flight_may_always_start_a_call_and_the_whole_stays_bounded(
    count: int, concurrency: int, steps: list[object]
) -> None:
    slots, in_flight = Slots(count, ACCOUNTS), Counter[str]()
    for random in steps:
        offer = slots.offer(lambda account: concurrency - in_flight[account])
        assert {account for account in ACCOUNTS if not in_flight[account]} <= offer.free.keys()
        assert all(0 < free <= concurrency - in_flight[account] for account, free in offer.free.items())
        wanted = [account for account, free in offer.free.items() for _ in range(free)]
        started = random.sample(wanted, min(len(wanted), offer.slots))  # type: ignore[attr-defined]
        slots.take(offer, started)
        in_flight.update(started)
        assert max(in_flight.values(), default=0) <= count
        assert in_flight.total() < count + 2 * len(ACCOUNTS)
        for account in random.sample(sorted(in_flight.elements()), random.randint(0, in_flight.total())):  # type: ignore[attr-defined]
            slots.give_back(account)
            in_flight[account] -= 1


def test_one_account_alone_has_no_more_than_the_count() -> None:
    slots = Slots(3, ["a"])
    slots.take(offer := slots.offer(lambda _: 9), ["a"] * offer.slots)

    assert 3 == offer.free["a"] == offer.slots
    assert {} == slots.offer(lambda _: 9).free
    assert 0 == slots.offer(lambda _: 9).slots


def test_turns_go_to_the_account_with_the_fewest_calls_and_then_to_the_one_that_waits_longest() -> None:
    slots = Slots(8, ["a", "b", "c"])
    for account in ("b", "a"):
        slots.take(slots.offer(lambda _: 9), [account])
        slots.give_back(account)
    slots.take(slots.offer(lambda _: 9), ["c"])

    assert ["b", "a", "c"] == list(slots.offer(lambda _: 9).free)


def test_a_tenth_of_what_starts_is_kept_for_what_was_tried_before() -> None:
    slots = Slots(1, ["a"])
    kept = []
    for _ in range(40):
        offer = slots.offer(lambda _: 1)
        kept.append(offer.kept)
        slots.take(offer, ["a"])
        slots.give_back("a")

    assert 4 <= sum(kept) <= 5
