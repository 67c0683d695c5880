"""What was forwarded leaves nothing in memory: a relay that runs for months holds what it held after its first hour."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest

from app.store import Store
from tests.forwarder.stage import Stage, accept, account, utc_now
from tests.mentions import mentioned
from tests.postgresql.databases import sqlite_file
from tests.store.making import adding, event, recording, shipment

pytestmark = pytest.mark.anyio

EACH: Final = 30
FIRST_OF_A_KIND: Final = 3
"""A statement that was compiled holds the values that it was first made with."""


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    store = Store.open(sqlite_file(tmp_path))
    try:
        yield Stage(store, [], account(), answer=accept, slots=8)
    finally:
        await store.close()


async def forward(stage: Stage, name: str) -> None:
    """Forward some shipments, each of other numbers than all before."""
    for number in range(EACH):
        order = f"{name}{number:04}"
        await stage.store.write(adding(stage.store, shipment(order, "1", order)))
        said = [event(order, str(code), utc_now() - timedelta(hours=9 - code)) for code in range(3)]
        await stage.store.write(recording(stage.store, *said, accounts=("demo",), now=utc_now()))
    async with asyncio.timeout(60):
        while set(await stage.states()) != {"applied"}:  # noqa: ASYNC110 - as Stage.until
            await asyncio.sleep(0.005)
    assert EACH <= len(stage.calls)
    stage.calls.clear()


async def test_nothing_is_kept_of_shipments_that_were_forwarded(stage: Stage) -> None:
    async with stage.running():
        for name in ("FORWARDEDFIRST", "FORWARDEDNEXT", "FORWARDEDLAST"):
            await forward(stage, name)

        kept = mentioned(r"FORWARDED(?:FIRST|NEXT)\d{4}")

    assert len(kept) <= FIRST_OF_A_KIND
