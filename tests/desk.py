"""A mapper at its desk: a store, carriers made up for it, and whoever answers its calls."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
from prometheus_client import CollectorRegistry
from sqlalchemy import Row, select

from app.adapter import Adapter, Call, Maturity, Result
from app.egress import Egress
from app.errands import Errands
from app.mapping import Mapper
from app.model import CarrierEvent, Ignored, Milestone, Webhook
from app.payload import json_body
from app.resolution import resolver
from app.source import Source, Sources
from app.store import Store
from app.store.schema import events, webhooks
from app.telemetry import Metrics
from app.verification import Credentials, Unsigned
from tests.store.making import Clock, put, verified


def parse(webhook: Webhook) -> Iterator[Result]:
    body = json_body(webhook)
    if body.get("explode"):
        message = "the adapter exploded"
        raise RuntimeError(message)
    for entry in body["events"].items():
        if entry.get("noise"):
            yield Ignored(reason="noise is no event")
            continue
        yield CarrierEvent(
            code=entry["code"].text(),
            milestone=MILESTONES.get(entry["code"].text(), Milestone.UNKNOWN),
            raw=entry.raw("code"),
            tracking_numbers=(entry["number"].text(),),
            description=entry.get("text").text(),
            unknown_code=None if entry["code"].text() in MILESTONES else entry["code"].text(),
        )


MILESTONES = {"moving": Milestone.IN_TRANSIT}


def pointed_to(webhook: Webhook) -> Call | None:
    document = json_body(webhook).get("document").text()
    return Call(url=f"https://api.carrier.example/{document}") if document else None


ADAPTER = Adapter(
    slug="test",
    name="Test",
    documentation="https://docs.example",
    maturity=Maturity.DOCUMENTED,
    verification=Unsigned(because="these tests are not about that"),
    milestones=MILESTONES,
    parse=parse,
)
POINTING = replace(ADAPTER, slug="pointing", enrich=pointed_to, hosts=frozenset({"api.carrier.example"}))
SOURCES = Sources(
    Source(owner="demo", accounts=("demo",), adapter=adapter, credentials=Credentials())
    for adapter in (ADAPTER, POINTING)
)


Answer = Callable[[httpx.Request], httpx.Response | Awaitable[httpx.Response]]


class Desk:
    """A mapper with a store, and a carrier that it may ask."""

    def __init__(self, store: Store, answer: Answer) -> None:
        self.store = store
        self.clock = Clock()
        self.rounds = 0
        self.mapped = asyncio.Event()
        self.asked: list[str] = []
        self._answer = answer
        self.mapper = self.made()

    def made(self, sources: Sources = SOURCES) -> Mapper:
        """Make a mapper, as a process that starts does."""
        return Mapper(
            self.store,
            sources,
            Metrics(CollectorRegistry(), carriers=("test", "pointing")),
            resolve=resolver(self.clock),
            zones={},
            errands=Errands(Egress(transport=httpx.MockTransport(self._asked))),
            now=self.clock,
            mapped=self._mapped,
        )

    async def _asked(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.path)
        answer = self._answer(request)
        return answer if isinstance(answer, httpx.Response) else await answer

    def _mapped(self) -> None:
        self.rounds += 1
        self.mapped.set()

    async def keep(self, content: object, *, slug: str = "test", hand_over: bool = True) -> int:
        """Store a webhook, and hand it to the mapper as intake does."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        operation = put(self.store, f"{self.store.ids.next()}", self.clock())
        operation = replace(operation, verified=verified(body, self.clock()), carrier=slug)
        received = await self.store.write(operation)
        if hand_over:
            source = SOURCES.find(slug, "demo")
            assert source is not None
            self.mapper.stored(received.webhook_id, source, operation.verified.webhook)
        return received.webhook_id

    async def until(self, done: Callable[["Desk"], Any]) -> None:
        """Run the mapper until something is so."""
        running = asyncio.ensure_future(self.mapper.run())
        try:
            async with asyncio.timeout(20):
                while not await done(self):
                    self.mapped.clear()
                    self.mapper.wake()  # Its clock stands still, ours does not.
                    await asyncio.wait({asyncio.ensure_future(self.mapped.wait())}, timeout=0.05)
        finally:
            self.mapper.stop()
            await running

    async def states(self) -> list[tuple[str, str | None]]:
        query = select(webhooks.c.state, webhooks.c.reason).order_by(webhooks.c.id)
        return [(row.state, row.reason) for row in await self.store.read(lambda c: c.execute(query).all())]

    async def events(self) -> list[Row[Any]]:
        return await self.store.read(lambda c: list(c.execute(select(events).order_by(events.c.id))))
