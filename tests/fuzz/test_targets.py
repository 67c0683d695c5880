"""Every target of the fuzzer, tried with a few hundred inputs in each run of the tests."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS, seeds

SEEDS = {name: tuple(seeds(name)) for name in TARGETS}


@st.composite
def damaged(draw: st.DrawFn, name: str) -> bytes:
    """Draw a good input with pieces taken out, doubled or put in."""
    data = bytearray(draw(st.sampled_from(SEEDS[name])))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 40)))
        piece = draw(st.one_of(st.just(b""), st.just(bytes(data[start:end]) * 2), st.binary(max_size=12)))
        data[start:end] = piece
    return bytes(data)


@pytest.mark.parametrize("name", sorted(TARGETS))
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_nothing_that_strangers_send_breaks_a_reader(name: str, data: st.DataObject) -> None:
    TARGETS[name](data.draw(st.one_of(st.binary(max_size=300), damaged(name))))


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_every_example_of_every_carrier_is_read_by_each_target(name: str) -> None:
    for seed in SEEDS[name]:
        TARGETS[name](seed)
