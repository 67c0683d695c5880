"""What the tests of the web layer play with: carriers made up for them, a running relay, and what is sent to it."""

import asyncio
import hashlib
import hmac
import json
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Any, TypeVar

import httpx
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp, Receive, Scope, Send

from app.adapter import Adapter, Answer, Maturity, Result
from app.egress import Egress
from app.errands import Errands
from app.intake import Intake
from app.keyring import Keyring
from app.mapping import Mapper
from app.model import CarrierEvent, Ignored, Milestone, Webhook
from app.outages import Outages
from app.payload import json_body, member
from app.resolution import resolver
from app.source import Source, Sources
from app.store import Store
from app.store.unread import unmapped
from app.telemetry import Metrics
from app.verification import Credentials, Hmac, Unsigned, text_field
from app.web import Application, Dependencies, Limits, Role, Token
from app.web.body import Write

T = TypeVar("T")

SECRET = "an invented secret"
PATH_KEY = "k3y-0f-the-path"
LIMIT = 4096
MILESTONES = {"moving": Milestone.IN_TRANSIT, "done": Milestone.DELIVERED}


def parse(webhook: Webhook) -> Iterator[Result]:
    body = json_body(webhook)
    for event in body["events"].items():
        code = event["code"].text()
        if code == "noise":
            yield Ignored(reason="noise is no event", code=code)
            continue
        yield CarrierEvent(
            code=code,
            milestone=MILESTONES.get(code, Milestone.UNKNOWN),
            raw=event.raw("code", "at", "text"),
            tracking_numbers=(body["number"].text(),),
            occurred_at=event["at"].moment(),
            description=event.get("text").text(),
            unknown_code=None if code in MILESTONES else code,
        )


def pong(webhook: Webhook) -> Answer | None:
    if webhook.method == "GET" or webhook.body == b"":
        return Answer(body=b"pong", content_type="text/plain")
    if webhook.body == b'"explode"':
        message = "the probe exploded"
        raise RuntimeError(message)
    return None


def made_up(slug: str, **differences: Any) -> Adapter:
    adapter = Adapter(
        slug=slug,
        name=slug.title(),
        documentation="https://docs.example/webhooks",
        maturity=Maturity.DOCUMENTED,
        verification=Hmac(header="X-Signature"),
        milestones=MILESTONES,
        ignored={"noise": "noise is no event"},
        parse=parse,
        identity=member("id"),
    )
    return replace(adapter, **differences)


UNSIGNED = Unsigned(because="the carrier cannot sign; a path key stands in")
ENCLOSED = Hmac(header="X-Signature", signed=text_field("data"))
ADAPTERS = {
    adapter.slug: adapter
    for adapter in (
        made_up("signed"),
        made_up("keyed", verification=UNSIGNED),
        made_up("enclosed", verification=ENCLOSED),
        made_up("strict", acknowledgement=Answer(status=201, body=b'{"code":"1"}'), refusal_status=202),
        made_up("silent", acknowledgement=Answer(status=204)),
        made_up("curious", methods=frozenset({"GET", "HEAD", "POST", "PUT"}), probe=pong, probe_is_unsigned=True),
        made_up("xml", media_types=frozenset({"text/xml", "application/xml"})),
    )
}


def source(slug: str, owner: str = "mystore", **differences: Any) -> Source:
    keyed = slug == "keyed"
    credentials = Credentials(unsigned=True) if keyed else Credentials(secrets=(SECRET,))
    found = Source(
        owner=owner,
        accounts=(owner,),
        adapter=ADAPTERS[slug],
        credentials=credentials,
        path_key=PATH_KEY if keyed else None,
    )
    return replace(found, **differences)


SOURCES = (
    *(source(slug) for slug in ADAPTERS),
    source("signed", "other", credentials=Credentials(secrets=("a newer secret", SECRET))),
    source("signed", "brands", accounts=("mystore", "other"), alias="p7f3"),
    source("keyed", "other", alias="q8g4"),
    source("enclosed", "other", credentials=Credentials(secrets=(SECRET,), networks=(ip_network("203.0.113.0/24"),))),
)

TOKENS = {
    "viewer": (Role.VIEWER, None),
    "support": (Role.SUPPORT, None),
    "operator": (Role.OPERATOR, None),
    "admin": (Role.ADMIN, None),
    "mystore-operator": (Role.OPERATOR, frozenset({"mystore"})),
}


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Clock:
    """A time that only moves when a test says so."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 4, 18, 4, 31, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **duration: float) -> None:
        self.time += timedelta(**duration)


class Stage:
    """The application that the session's server plays now."""

    app: ASGIApp
    loop: asyncio.AbstractEventLoop
    url: str
    port: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.loop = asyncio.get_running_loop()
        await self.app(scope, receive, send)

    def take(self, scope: Scope, body: bytes, write: Write) -> bool:
        return isinstance(self.app, Application) and self.app.take(scope, body, write)


@dataclass
class Relay:
    """A running relay and its insides, with the calls that tests make often."""

    stage: Stage
    application: Application
    dependencies: Dependencies
    http: httpx.Client
    woken: list[datetime]

    @property
    def store(self) -> Store:
        return self.dependencies.store

    def deliver(
        self, content: object = None, *, slug: str = "signed", path: str = "/webhooks/signed/mystore", **more: Any
    ) -> httpx.Response:
        """Send a webhook, signed."""
        path = path if slug == "signed" else f"/webhooks/{slug}/mystore"
        body = json.dumps(content if content is not None else webhook_body()).encode()
        headers = {"Content-Type": "application/json", "X-Signature": sign(body), **more.pop("headers", {})}
        return self.http.request(more.pop("method", "POST"), path, content=body, headers=headers, **more)

    def ops(self, method: str, path: str, *, token: str = "operator", **more: Any) -> httpx.Response:
        """Call the operators' interface."""
        headers = {"Authorization": f"Bearer token-of-{token}"}
        return self.http.request(method, f"/ops/v1{path}", headers=headers, **more)

    def on_the_loop(self, work: Awaitable[T]) -> T:
        """Run something where the server runs."""

        async def run() -> T:
            return await work

        return asyncio.run_coroutine_threadsafe(run(), self.stage.loop).result(timeout=10)

    def read(self) -> None:
        """Have what was stored read, as a mapper does that finds it there."""
        given = self.dependencies
        mapper = mapper_of(given.store, given.sources, given.now, lambda: None)

        async def until_read() -> None:
            reading = asyncio.ensure_future(mapper.run())
            while await given.store.read(lambda connection: unmapped(connection, 1, given.now())):  # noqa: ASYNC110
                await asyncio.sleep(0)  # Nobody tells that nothing was placed.
            mapper.stop()
            await reading

        self.on_the_loop(until_read())

    def refusals(self, **filters: Any) -> list[dict[str, Any]]:
        """List the refusals, when those that wait are written."""
        self.on_the_loop(self.application.close())
        answer = self.ops("GET", "/refusals", params=filters)
        assert 200 == answer.status_code, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    def raw(self, *parts: bytes, close: bool = False) -> bytes:
        """Send bytes over a connection of their own; return what comes back until it is closed."""
        with closing(socket.create_connection(("127.0.0.1", self.stage.port), timeout=10)) as connection:
            for part in parts:
                connection.sendall(part)
            if close:
                return b""
            received = b""
            while piece := connection.recv(65536):
                received += piece
            return received


def webhook_body(number: str = "QX004512345BR", code: str = "moving", **members: object) -> dict[str, object]:
    event = {"code": code, "at": "2026-03-04T10:00:00-03:00", "text": "Objeto em trânsito"}
    return {"id": f"d-{number}-{code}", "number": number, "events": [event], **members}


def sign(body: bytes) -> str:
    return hmac.digest(SECRET.encode(), body, "sha256").hex()


def composed(store: Store, clock: Clock, woken: list[datetime]) -> Dependencies:
    """Give an application what it needs, the way the composition root does."""
    sources = Sources(SOURCES)
    names = [each.name for each in sources]
    metrics = Metrics(CollectorRegistry(), carriers=ADAPTERS, accounts=("mystore", "other"), sources=names)
    resolve = resolver(clock)
    egress = Egress()
    mapper = mapper_of(store, sources, clock, lambda: None)
    return Dependencies(
        store=store,
        sources=sources,
        accounts=frozenset({"mystore", "other"}),
        adapters=ADAPTERS,
        intake=Intake(store, Keyring(egress, clock), now=clock, stored=lambda *_: None),
        tokens=tuple(
            Token(name=name, role=role, sha256=digest(f"token-of-{name}"), accounts=accounts)
            for name, (role, accounts) in TOKENS.items()
        ),
        metrics=metrics,
        replay=mapper.replay,
        reread=mapper.replayer.shown,
        meaning=mapper.replayer.forget_meanings,
        wake=lambda: woken.append(clock()),
        resolve=resolve,
        members=sources.members,
        now=clock,
        outages=Outages(store, clock),
        version="0.0.0",
        limits=Limits(body_bytes=LIMIT),
    )


def mapper_of(store: Store, sources: Sources, now: Callable[[], datetime], mapped: Callable[[], None]) -> Mapper:
    """Make a mapper that counts for nobody."""
    return Mapper(
        store,
        sources,
        Metrics(CollectorRegistry(), carriers=ADAPTERS),
        resolve=resolver(now),
        zones={},
        errands=Errands(Egress()),
        now=now,
        mapped=mapped,
    )


def without_ids(problem: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what differs between two answers of one kind."""
    return {name: value for name, value in problem.items() if name not in {"id", "instance"}}
