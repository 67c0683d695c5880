"""A duty has one holder, whatever clocks say and whoever dies or waits too long for an answer."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.duties import LEASE_SECONDS, Duties
from app.store import FreeDuties, Store
from tests.store.keeping import kept_in
from tests.store.making import NOW

pytestmark = pytest.mark.anyio

NAME = "feed:demo"


class Contender:
    """A process with a clock of its own, which may be wrong and may stand still while the process is suspended."""

    def __init__(self, store: Store, name: str, skew: float) -> None:
        self.skew = skew
        self.time = 0.0
        self.duties = Duties(store, lambda: NOW, clock=lambda: self.time + self.skew, holder=name)
        self.is_dead = False


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("pass"), st.floats(0.1, 90.0)),
        st.tuples(st.just("keep"), st.integers(0, 2)),
        st.tuples(st.just("slow"), st.tuples(st.integers(0, 2), st.integers(0, 2), st.floats(1.0, 120.0))),
        st.tuples(st.just("die"), st.integers(0, 2)),
        st.tuples(st.just("stop"), st.integers(0, 2)),
    ),
    min_size=5,
    max_size=40,
)


@settings(max_examples=60)
@given(steps=STEPS, skews=st.tuples(*[st.floats(-1e6, 1e6)] * 3))
def test_no_two_processes_ever_hold_one_duty(
    steps: list[tuple[str, object]], skews: tuple[float, float, float]
) -> None:
    async def live() -> None:
        with TemporaryDirectory() as folder:
            async with kept_in(Path(folder)) as store:
                await _live(store, steps, skews)

    asyncio.run(live())


async def _live(store: Store, steps: list[tuple[str, object]], skews: tuple[float, ...]) -> None:
    processes = [Contender(store, f"p{index}", skew) for index, skew in enumerate(skews)]

    def holders() -> list[str]:
        return [name for name, each in enumerate(processes) if not each.is_dead and each.duties.holds(NAME)]  # type: ignore[misc]

    def elapse(seconds: float) -> None:
        for process in processes:
            process.time += seconds

    for step, given_ in steps:
        if step == "pass":
            assert isinstance(given_, float)
            elapse(given_)
        elif step == "slow":
            # The question is put now, the answer is heard later, and meanwhile others ask.
            assert isinstance(given_, tuple)
            await _kept_slowly(processes[given_[0]], processes[given_[1]], given_[2], elapse)
        else:
            assert isinstance(given_, int)
            process = processes[given_]
            if step == "keep" and not process.is_dead:
                await process.duties.keep(NAME)
            elif step == "stop" and not process.is_dead:
                await process.duties.stop()
            elif step == "die":
                process.is_dead = True
        assert len(holders()) <= 1, holders()


async def _kept_slowly(process: Contender, other: Contender, seconds: float, elapse: Callable[[float], None]) -> None:
    if process.is_dead or other.is_dead or process is other:
        return
    store = process.duties._store  # noqa: SLF001 - the network between

    class Slow:
        async def write(self, operation: Any) -> Any:
            found = await store.write(operation)
            await other.duties.keep(NAME)
            elapse(seconds)
            await other.duties.keep(NAME)
            return found

    process.duties._store = Slow()  # type: ignore[assignment]  # noqa: SLF001
    await process.duties.keep(NAME)
    process.duties._store = store  # noqa: SLF001


async def test_a_duty_passes_on_a_lease_after_its_holder_died_and_at_once_when_it_was_given_up(tmp_path: Path) -> None:
    async with kept_in(tmp_path) as store:
        first, second = Contender(store, "first", 0.0), Contender(store, "second", -5e5)
        assert await first.duties.keep(NAME)
        assert not await second.duties.keep(NAME)

        second.time += LEASE_SECONDS - 1
        assert not await second.duties.keep(NAME)
        second.time += 1
        assert await second.duties.keep(NAME)

        first.time += LEASE_SECONDS
        assert not await first.duties.keep(NAME)
        await second.duties.stop()
        assert await first.duties.keep(NAME)


async def test_a_duty_that_is_renewed_stays_with_its_holder_for_ever(tmp_path: Path) -> None:
    async with kept_in(tmp_path) as store:
        first, second = Contender(store, "first", 0.0), Contender(store, "second", 0.0)
        for _ in range(30):
            assert await first.duties.keep(NAME)
            assert not await second.duties.keep(NAME)
            first.time += LEASE_SECONDS / 3
            second.time += LEASE_SECONDS / 3


async def test_the_sole_owner_of_a_file_waits_for_nobody_who_owned_it_before(tmp_path: Path) -> None:
    async with kept_in(tmp_path) as store:
        assert await Contender(store, "killed", 0.0).duties.keep(NAME)
        heir = Contender(store, "heir", 0.0)
        assert not await heir.duties.keep(NAME)
        await store.write(FreeDuties())
        assert await heir.duties.keep(NAME)
