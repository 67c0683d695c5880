"""Gathering against VTEX's list and feed in memory, under a clock that only a test moves."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from prometheus_client import CollectorRegistry
from sqlalchemy import Row, select, update

from app.calling import Destination
from app.duties import Duties
from app.egress import Egress
from app.gathering.calls import Calls
from app.gathering.feed import FeedPoller
from app.gathering.looking_back import Backfiller, SweepPlan
from app.store import Backfill, StartBackfill, Store
from app.store.backfills import backfill
from app.store.order_schema import orders
from app.telemetry import Metrics
from app.vtex import Client, Gate
from tests.emulator.feed import Feed
from tests.emulator.listing import OrderList
from tests.forwarder.making import account
from tests.store.keeping import kept_in
from tests.store.making import NOW, Clock

Answer = Callable[[httpx.Request], httpx.Response | None]


class Vtex:
    """The list and the feed of account ``demo``, and what they were asked."""

    def __init__(self, clock: Clock) -> None:
        self.list = OrderList()
        self.feed = Feed(clock=lambda: clock().timestamp())
        self.pages: list[int] = []
        self.asked: list[str] = []
        self.wrong: list[str] = []
        self.before: Answer = lambda _: None
        """Answers in VTEX's place, where it wants to."""
        self.after: Answer = lambda _: None
        """Answers in its place after it did what was asked."""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(f"{request.method} {request.url.path}")
        return self.before(request) or self._obeyed(request)

    def _obeyed(self, request: httpx.Request) -> httpx.Response:
        query = dict(request.url.params)
        if request.url.path == "/api/oms/pvt/orders":
            self.pages.append(int(query["page"]))
            found, wrong = self.list.answer(query, 0.0)
            self.wrong += wrong
            answer = httpx.Response(200, json=found)
        else:
            body = json.loads(request.content) if request.content else None
            path = request.url.path.removeprefix("/api/orders/feed")
            reply = self.feed.answer(request.method, path, query, body)
            answer = httpx.Response(reply.status or 500, json=reply.body)
        return self.after(request) or answer


class Stage:
    """A store, a VTEX, and what gathers."""

    def __init__(self, store: Store, egress: Egress, vtex: Vtex, clock: Clock, **settings: Any) -> None:
        self.store = store
        self.vtex = vtex
        self.clock = clock
        # Retries need not be waited for: time only passes when a test says so.
        self.account = account(
            **{"rate_per_second": 1e6, "concurrency": 4, "retry_base": timedelta(seconds=1)} | settings
        )
        client = Client(self.account, egress, clock)
        self.destination = Destination(account=self.account, client=client, gate=Gate(self.account))
        self.metrics = Metrics(CollectorRegistry(), accounts=("demo",))
        self.sweep = SweepPlan(every=None)
        self.notified: set[str] = set()
        """Orders of which VTEX told, in tests that count them."""
        self.start()

    def start(self) -> None:
        """Begin with nothing in memory, as a process does."""
        self.duties = Duties(self.store, self.clock, clock=lambda: self.clock().timestamp(), holder="the only one")
        given: dict[str, Any] = {"now": self.clock, "told": lambda: None}
        self.poller = FeedPoller("demo", self.store, self._calls(can_wait=False), self.duties, self.metrics, **given)
        self.backfiller = Backfiller(
            "demo", self.store, self._calls(can_wait=True), self.duties, self.metrics, sweep=self.sweep, **given
        )

    def _calls(self, *, can_wait: bool) -> Calls:
        return Calls(self.store, self.destination, self.metrics, now=self.clock, can_wait=can_wait, jitter=lambda: 0.0)

    async def asked_for(self, since: datetime, until: datetime = NOW - timedelta(hours=1), **more: Any) -> int:
        """Start a backfill."""
        given: dict[str, Any] = {"rate": None, "tail_since": None, "actor": "tests", "reason": None} | more
        started = StartBackfill(
            id=self.store.ids.next(),
            account="demo",
            since=since,
            until=until,
            ids=self.store.ids,
            now=self.clock(),
            **given,
        )
        return (await self.store.write(started)).id

    async def backfill(self, id_: int) -> Backfill:
        found = await self.store.read(lambda connection: backfill(connection, id_))
        assert found is not None
        return found

    async def until_done(self, id_: int, *, steps: int = 5000) -> Backfill:
        """List until a backfill is done; whoever reads orders keeps up with it."""
        found = await self.backfill(id_)
        for _ in range(steps):
            await self.backfiller.step()
            found = await self.backfill(id_)
            if found.state != "running" or found.resume_at is not None:
                return found
            await self.store.write(Reads())
            self.clock.advance(seconds=0.01)
        raise AssertionError(f"not done after {steps} steps: {found}")

    async def told(self) -> Sequence[Row[Any]]:
        return await self.store.read(lambda c: c.execute(select(orders).order_by(orders.c.order_id)).all())

    async def told_ids(self) -> set[str]:
        return {row.order_id for row in await self.told()}


class Reads:
    """Let everything that is due have been read."""

    def run(self, connection: Any) -> None:
        connection.execute(update(orders).values(due_at=None, read_at=NOW, urgent=False))


@asynccontextmanager
async def staged(folder: Path, **settings: Any) -> AsyncIterator[Stage]:
    """Open a stage on an empty store."""
    clock = Clock()
    vtex = Vtex(clock)
    async with kept_in(folder) as store, Egress(transport=httpx.MockTransport(vtex)) as egress:
        yield Stage(store, egress, vtex, clock, **settings)
