"""A worker's loop goes on, whatever a step of it meets."""

import asyncio
import logging

import pytest

from app.errors import StoreUnavailable
from app.worker import Crew, Loop
from tests.store.making import NOW

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("error", [StoreUnavailable("the disk is full"), ZeroDivisionError("nobody foresaw it")])
async def test_a_step_that_fails_stops_neither_its_loop_nor_the_one_beside_it(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    steps: list[str] = []

    async def failing() -> float:
        steps.append("failing")
        if steps.count("failing") < 3:
            raise error
        for loop in loops:
            loop.stop()
        return 0.0

    async def idle() -> float:
        steps.append("idle")
        return 5.0

    def wake() -> None:
        loops[0].wake()
        asyncio.get_running_loop().call_later(0.01, wake)

    loops = [Loop("failing", failing, lambda: NOW), Loop("idle", idle, lambda: NOW)]
    wake()
    async with asyncio.timeout(20):
        await asyncio.gather(*(loop.run() for loop in loops))

    assert (3, 1) == (steps.count("failing"), steps.count("idle"))
    assert 2 == len(caplog.records)
    assert ("nobody foresaw it" in caplog.text) == isinstance(error, ZeroDivisionError)


class _Callers(Crew):
    """Starts one call after another, and notes what became of them."""

    def __init__(self, calls: dict[str, asyncio.Future[None]]) -> None:
        super().__init__("calling", lambda: NOW)
        self.calls = calls
        self.left = list(calls)
        self.ended: list[str] = []

    async def step(self) -> float:
        if not self.left:
            return 5.0
        about = self.left.pop(0)
        self.start(self._call(about), about=about, ended=lambda: self.ended.append(about))
        return 0.0

    async def _call(self, about: str) -> None:
        await self.calls[about]


async def test_a_call_that_fails_is_told_and_its_place_is_given_back_and_those_in_flight_are_waited_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    loop = asyncio.get_running_loop()
    crew = _Callers({name: loop.create_future() for name in ("failing", "slow")})
    running = asyncio.create_task(crew.run())
    async with asyncio.timeout(20):
        while crew.running < 2:  # noqa: ASYNC110 - that it has started is the crew's to know
            await asyncio.sleep(0)
        crew.calls["failing"].set_exception(ZeroDivisionError("nobody foresaw it"))
        while crew.running > 1:  # noqa: ASYNC110
            await asyncio.sleep(0)
        crew.stop()
        assert ["failing"] == crew.ended
        assert not running.done()
        crew.calls["slow"].set_result(None)
        await running

    assert (0, ["failing", "slow"]) == (crew.running, crew.ended)
    assert ["calling-failing: a call ended unexpectedly"] == [record.getMessage() for record in caplog.records]


async def test_who_is_cancelled_gives_up_what_it_started() -> None:
    crew = _Callers({"endless": asyncio.get_running_loop().create_future()})
    running = asyncio.create_task(crew.run())
    async with asyncio.timeout(20):
        while not crew.running:  # noqa: ASYNC110 - that it has started is the crew's to know
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.wait({running})

    assert crew.calls["endless"].cancelled()
