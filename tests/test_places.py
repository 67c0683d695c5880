"""All who call an account share its places: together they never have more calls in flight than it allows."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry

from app.calling import Destination
from app.duties import Duties
from app.egress import Egress
from app.forwarder import Forwarder
from app.gathering.calls import Calls
from app.gathering.feed import FeedPoller
from app.indexing import Asking, Indexer, OrderReader
from app.resolution import resolver
from app.store import Store, ToldOrder
from app.telemetry import Metrics
from app.vtex import Client, Gate
from tests.forwarder.stage import account, utc_now
from tests.store.keeping import kept_in
from tests.store.making import adding, event, recording, references, shipment
from tests.store.test_told_orders import tell

pytestmark = pytest.mark.anyio


class Crowd:
    """Everyone who calls an account, at once, and a VTEX that counts how many calls it has at a time."""

    def __init__(self, store: Store, *, concurrency: int) -> None:
        self.store = store
        self.most = self.now = 0
        self.calls: list[str] = []
        self.lots = 3
        self.together = 0
        self._metrics = Metrics(CollectorRegistry())
        self._called = account(concurrency=concurrency)
        client = Client(self._called, Egress(transport=httpx.MockTransport(self._answer)))
        self.gate = Gate(self._called)
        self.destinations = {"demo": Destination(account=self._called, client=client, gate=self.gate)}

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.now += 1
        self.most = max(self.most, self.now)
        path = request.url.path
        kind = "feed" if "feed" in path else {"PUT": "write", "GET": "read"}[request.method]
        self.calls.append(kind)
        await self._last()
        self.now -= 1
        return httpx.Response(200, content=json.dumps(self._said(kind, request)).encode())

    async def _last(self) -> None:
        """Take the time of a call; or as long as it takes until so many as are to wait ``together`` for its end do."""
        await asyncio.sleep(0.002)
        async with asyncio.timeout(20):
            while self.gate.waiting < self.together:  # noqa: ASYNC110 - a gate tells nobody who waits for it
                await asyncio.sleep(0)

    def _said(self, kind: str, request: httpx.Request) -> Any:
        if kind == "write":
            return {"date": "", "orderId": "", "receipt": "0f3b"}
        if kind == "read":
            return {"orderId": request.url.path.rpartition("/")[2], "packageAttachment": {"packages": []}}
        if request.method == "POST" or "config" in request.url.path:
            return {"filter": {"type": "FromOrders"}}
        self.lots -= 1
        item = {"handle": f"h{self.lots}", "orderId": f"fed{self.lots}", "state": "invoiced", "domain": "Fulfillment"}
        return [item] if self.lots >= 0 else []

    async def fill(self, *, writes: int, reads: int, lookups: int) -> None:
        """Make shipments and orders due, and park events whose orders are to be looked up."""
        for number in range(writes):
            order = f"v{number}-01"
            await self.store.write(adding(self.store, shipment(order, "1", order, account="demo")))
            await self.store.write(recording(self.store, event(order), accounts=("demo",), now=utc_now()))
        for number in range(reads):
            await self.store.write(tell(ToldOrder(order_id=f"told{number}", changed_at=None), now=utc_now()))
        for number in range(lookups):
            parked = event(f"N{number}", references=references(order_id=f"sought{number}"))
            await self.store.write(recording(self.store, parked, lookup=True, accounts=("demo",), now=utc_now()))

    async def work(self, **calls: int) -> None:
        """Have everybody work until at least so many calls of each kind named were made; the feed, when it is named."""
        resolve = resolver(utc_now)
        asking = Asking(self.store, self.destinations, resolve=resolve, members=lambda _: ("demo",), now=utc_now)
        forwarder = Forwarder(self.store, self.destinations, self._metrics, now=utc_now)
        reader = OrderReader(asking, self._metrics, indexed=forwarder.wake)
        indexer = Indexer(asking, resolve=resolve, members=lambda _: ("demo",), indexed=forwarder.wake)
        tasks = [asyncio.ensure_future(each.run()) for each in (forwarder, reader, indexer)]
        poller = FeedPoller(
            "demo",
            self.store,
            Calls(self.store, self.destinations["demo"], self._metrics, now=utc_now, can_wait=False),
            Duties(self.store, utc_now),
            self._metrics,
            now=utc_now,
            told=reader.wake,
        )
        async with asyncio.timeout(20):
            while any(self.calls.count(kind) < wanted for kind, wanted in calls.items()):
                if "feed" in calls and self.lots > 0:
                    await poller.step()
                await asyncio.sleep(0)
        reader.stop()
        indexer.stop()
        await forwarder.stop()
        async with asyncio.timeout(20):
            await asyncio.gather(*tasks)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with kept_in(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("concurrency", [1, 2, 3, 8])
async def test_writes_reads_look_ups_and_the_feed_together_keep_to_what_an_account_allows(
    store: Store, concurrency: int
) -> None:
    crowd = Crowd(store, concurrency=concurrency)
    await crowd.fill(writes=30, reads=30, lookups=6)

    await crowd.work(write=30, read=30, feed=7)

    assert min(concurrency, 3) <= crowd.most <= concurrency
    assert (0, 0) == (crowd.gate.in_flight, crowd.gate.reserved)
    made = Counter(crowd.calls)
    assert (30, 6) == (made["write"], made["feed"] - 1)


async def test_where_an_account_allows_one_call_at_a_time_reads_and_writes_take_turns(store: Store) -> None:
    crowd = Crowd(store, concurrency=1)
    await crowd.fill(writes=30, reads=30, lookups=0)
    crowd.together = 2

    await crowd.work(write=15, read=15)

    # Which of the two begins is nobody's promise.
    assert {"readwrite" * 14, "writeread" * 14} & {"".join(crowd.calls[at : at + 28]) for at in (0, 1)}, crowd.calls


async def test_a_look_up_is_not_put_off_by_places_that_a_claim_proves_not_to_need(store: Store) -> None:
    crowd = Crowd(store, concurrency=2)
    asking = Asking(store, crowd.destinations, resolve=resolver(utc_now), members=lambda _: ("demo",), now=utc_now)
    crowd.gate.reserve(2)

    asked = asyncio.ensure_future(asking.allowed("demo"))
    await asyncio.sleep(0)
    assert not asked.done()
    crowd.gate.release(2)

    assert await asked is True
    assert 0 == crowd.gate.reserved
