"""A worker's loop goes on, whatever a step of it meets."""

import asyncio
import logging

import pytest

from app.errors import StoreUnavailable
from app.worker import Loop
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
