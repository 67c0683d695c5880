"""A forwarder with a store, and a VTEX that answers as it is told."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from prometheus_client import CollectorRegistry
from sqlalchemy import Connection, select, update

from app.account import Account
from app.calling import Destination
from app.clock import ClockWatch
from app.egress import Egress
from app.forwarder import Forwarder
from app.store import Store
from app.store.schema import rows, shipments
from app.telemetry import Metrics
from app.vtex import Client, Gate
from tests.store.making import adding, event, recording, shipment

Answer = Callable[[httpx.Request], Awaitable[httpx.Response]]


def utc_now() -> datetime:
    return datetime.now(UTC)


def account(name: str = "demo", **more: Any) -> Account:
    settings: dict[str, Any] = {
        "first_read": False,
        "retry_base": timedelta(seconds=0.05),
        "read_lag": timedelta(0),
        "rate_per_second": 1000.0,
    }
    return Account(name=name, base_url=f"http://{name}", app_key="k", app_token="t", **(settings | more))


async def accept(_: httpx.Request) -> httpx.Response:
    return httpx.Response(200, json={"date": "", "orderId": "", "receipt": "0f3b"})


class Stage:
    """A forwarder with a store, and a VTEX that answers as it is told."""

    def __init__(
        self,
        store: Store,
        commits: list[int],
        *accounts: Account,
        answer: Answer,
        slots: int,
        now: Callable[[], datetime] = utc_now,
        watch: ClockWatch | None = None,
        jitter: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.store = store
        self.commits = commits
        self.calls: list[tuple[str, str, str]] = []
        self._answer = answer
        self._egress = Egress(transport=httpx.MockTransport(self._called))
        self.gates = {each.name: Gate(each) for each in accounts}
        self.registry = CollectorRegistry()
        self.forwarder = Forwarder(
            store,
            {
                each.name: Destination(account=each, client=Client(each, self._egress), gate=self.gates[each.name])
                for each in accounts
            },
            Metrics(self.registry, accounts=[each.name for each in accounts]),
            now=now,
            slots=slots,
            jitter=jitter,
            watch=watch,
        )

    async def _called(self, request: httpx.Request) -> httpx.Response:
        order = request.url.path.split("/")[5]
        self.calls.append((request.method, request.url.host, order))
        return await self._answer(request)

    async def fill(self, account: str = "demo", *, count: int = 1, codes: int = 1, retrying: bool = False) -> None:
        """Make shipments due, the ones made first the longest ago."""
        for number in range(count):
            order = f"{account}-{'retry' if retrying else 'new'}-{number}"
            await self.store.write(adding(self.store, shipment(order, "1", order, account=account)))
            said = [event(order, str(code), utc_now() - timedelta(hours=9 - code)) for code in range(codes)]
            await self.store.write(recording(self.store, *said, accounts=(account,), now=utc_now()))
        if retrying:
            await self.store.write(Marked(retrying=True))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.ensure_future(self.forwarder.run())
        try:
            yield
        finally:
            await self.forwarder.stop()
            async with asyncio.timeout(20):
                await task

    async def until(self, so: Callable[[], Any]) -> None:
        async with asyncio.timeout(20):
            while not so():  # noqa: ASYNC110 - what it waits for is the relay's, not a test's event
                await asyncio.sleep(0.005)

    async def states(self) -> Counter[str]:
        return Counter(await self.store.read(lambda c: list(c.execute(select(rows.c.state)).scalars())))


class Marked:
    """Change what is not marked yet."""

    def __init__(self, **values: Any) -> None:
        self.values = values

    def run(self, connection: Connection) -> None:
        connection.execute(update(shipments).where(shipments.c.order_id.contains("retry")).values(**self.values))
