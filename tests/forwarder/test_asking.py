"""How often the store is asked what is due."""

import asyncio
from pathlib import Path

import httpx
import pytest
from sqlalchemy import Connection

from app.account import History
from app.store import Store
from tests.forwarder.stage import Stage, accept, account, utc_now
from tests.postgresql.databases import Databases
from tests.store.making import adding, event, recording, shipment

pytestmark = pytest.mark.anyio

NUMBER = "QX004512345BR"


class Nothing:
    def run(self, _connection: Connection) -> None:
        return None


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_behind_a_claim_that_took_all_that_was_due_comes_no_other(
    engine: str, tmp_path: Path, databases: Databases
) -> None:
    commits: list[int] = []
    called, go = asyncio.Event(), asyncio.Event()

    async def answer(request: httpx.Request) -> httpx.Response:
        called.set()
        await go.wait()
        return await accept(request)

    with databases.one(engine, tmp_path) as url:
        store = Store.open(url, observe=lambda count, _: commits.append(count))
        try:
            await store.write(adding(store, shipment("demo-1", "1", NUMBER)))
            stage = Stage(store, commits, account(history=History.DELTA), answer=answer, slots=8)
            async with stage.running():
                # The shipment, what a start takes up again, and a claim that finds nothing.
                await stage.until(lambda: len(commits) == 3)
                await store.write(recording(store, event(NUMBER), now=utc_now()))
                stage.forwarder.wake()
                await called.wait()
                for _ in range(5):
                    # What was asked before the call left is answered before the last of these.
                    await store.write(Nothing())
                during = len(commits) - 3
                go.set()
                await stage.until(lambda: len(commits) - 3 > during)
                assert await stage.states() == {"applied": 1}
        finally:
            await store.close()

    # The reading, its claim and the five; then the settlement.
    assert (7, 8) == (during, len(commits) - 3)
