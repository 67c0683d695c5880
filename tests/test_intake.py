"""A webhook is taken in when its sender is proven, once, durably, and without its credentials."""

import asyncio
import hashlib
import hmac
import json
import threading
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from app.adapter import Adapter, Answer, Maturity
from app.egress import Egress
from app.errors import (
    MalformedPayload,
    MissingCredential,
    StoreUnavailable,
    Unverified,
    WrongCredential,
)
from app.intake import Accepted, Intake, mask
from app.keyring import Keyring
from app.model import Webhook
from app.payload import member
from app.source import Source
from app.store import Store
from app.store.inbox import webhook_with_body
from app.store.schema import webhooks
from app.verification import Credentials, Hmac, Unsigned
from tests.store.keeping import kept_in
from tests.store.making import Clock

pytestmark = pytest.mark.anyio

SECRET = "an invented secret"
ADAPTER = Adapter(
    slug="test",
    name="Test",
    documentation="https://docs.example",
    maturity=Maturity.DOCUMENTED,
    verification=Hmac(header="X-Signature"),
    milestones={},
    parse=lambda _: (),
    identity=member("id"),
)
SOURCE = Source(owner="demo", accounts=("demo",), adapter=ADAPTER, credentials=Credentials(secrets=(SECRET,)))


def signed(body: bytes, secret: str = SECRET, query: str = "", **headers: str) -> Webhook:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return Webhook(
        method="POST",
        path="/webhooks/test/demo",
        query=query,
        headers=(("x-signature", digest), *((name.replace("_", "-"), value) for name, value in headers.items())),
        body=body,
        received_at=CLOCK(),
    )


CLOCK = Clock()


class Desk:
    """An intake with a store, and what it handed on."""

    def __init__(self, store: Store, *, commit_seconds: float = 0.5) -> None:
        self.store = store
        self.handed_on: list[int] = []
        self.intake = Intake(
            store,
            Keyring(Egress(), CLOCK),
            now=CLOCK,
            stored=lambda id_, *_: self.handed_on.append(id_),
            commit_seconds=commit_seconds,
        )

    async def take(self, webhook: Webhook, source: Source = SOURCE, *, path_key: bool = False) -> Accepted:
        return await self.intake.accept(source, webhook, path_key=path_key)

    async def count(self) -> int:
        found = await self.store.read(lambda c: c.execute(select(webhooks.c.id)).scalars().all())
        return len(found)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with kept_in(tmp_path) as store:
        yield Desk(store)


def with_adapter(**differences: Any) -> Source:
    return replace(SOURCE, adapter=replace(ADAPTER, **differences))


async def test_a_webhook_is_handed_on_once_whoever_sent_it_could_be_answered(desk: Desk) -> None:
    accepted = await desk.take(signed(b'{"id": "1"}'))
    assert [] == desk.handed_on

    await asyncio.sleep(0)
    assert [accepted.webhook_id] == desk.handed_on


async def test_a_proven_webhook_is_on_disk_when_it_is_accepted_and_handed_on_once(desk: Desk) -> None:
    first = await desk.take(signed(b'{"id": "1"}'))
    again = await desk.take(signed(b'{"id": "1", "more": 2}'))

    assert ("accepted", "duplicate") == (first.status, again.status)
    assert first.webhook_id == again.webhook_id
    assert [first.webhook_id] == desk.handed_on
    kept = await desk.store.read(lambda connection: webhook_with_body(connection, first.webhook_id or 0))
    assert kept is not None
    assert (b'{"id": "1"}', (("x-signature", "***"),)) == (kept.body, kept.headers)


@pytest.mark.parametrize(
    ("source", "webhook", "error"),
    [
        (SOURCE, signed(b"{}", "another secret"), WrongCredential),
        (SOURCE, replace(signed(b"{}"), headers=()), MissingCredential),
        (SOURCE, replace(signed(b"{}"), body=b"{ }"), WrongCredential),
        (replace(SOURCE, credentials=Credentials()), signed(b"{}"), MissingCredential),
        (replace(SOURCE, credentials=Credentials(secrets=("",))), signed(b"{}", ""), MissingCredential),
    ],
)
async def test_what_is_not_proven_is_not_stored(
    desk: Desk, source: Source, webhook: Webhook, error: type[Unverified]
) -> None:
    with pytest.raises(error):
        await desk.take(webhook, source)

    assert (0, []) == (await desk.count(), desk.handed_on)


async def test_every_live_secret_counts_and_which_one_is_known(desk: Desk) -> None:
    rotating = replace(SOURCE, credentials=Credentials(secrets=("the new one", SECRET)))

    accepted = await desk.take(signed(b'{"id": "1"}'), rotating)

    assert 1 == accepted.secret


def explode(_: Webhook) -> str:
    raise ZeroDivisionError


def refuse(_: Webhook) -> str:
    raise MalformedPayload("$.id", "is missing")


@pytest.mark.parametrize("identity", [None, explode, refuse, member("id")])
async def test_without_an_identity_of_the_sender_the_bytes_identify_a_delivery(desk: Desk, identity: Any) -> None:
    source = with_adapter(identity=identity)

    said = [await desk.take(signed(body), source) for body in (b'{"a": 1}', b'{"a": 1}', b'{"a": 2}', b"", b"")]

    assert ["accepted", "duplicate", "accepted", "accepted", "duplicate"] == [each.status for each in said]


async def test_where_the_query_says_everything_another_query_is_another_webhook(desk: Desk) -> None:
    source = with_adapter(identity=None)

    said = [await desk.take(signed(b"", query=query), source) for query in ("n=1&s=01", "n=1&s=02", "n=1&s=01")]

    assert ["accepted", "accepted", "duplicate"] == [each.status for each in said]


async def test_repetitions_are_recognised_for_weeks_and_without_times_for_a_day(desk: Desk) -> None:
    body = signed(b'{"id": "1"}')
    timeless = with_adapter(timeless=True, slug="timeless")
    await desk.take(body)
    await desk.take(body, timeless)

    later = replace(body, received_at=CLOCK() + timedelta(days=2))

    assert ["duplicate", "accepted"] == [(await desk.take(later, each)).status for each in (SOURCE, timeless)]


async def test_a_probe_is_answered_and_not_stored_once_it_is_proven_or_cannot_be(desk: Desk) -> None:
    def pong(webhook: Webhook) -> Answer | None:
        return Answer(body=b"pong") if webhook.body == b"ping" else None

    unsigned_probe = with_adapter(probe=pong, probe_is_unsigned=True)
    bare = replace(signed(b"ping"), headers=())

    proven = await desk.take(signed(b"ping"), with_adapter(probe=pong))
    unproven = await desk.take(bare, unsigned_probe)

    assert [("ignored", None, Answer(body=b"pong"))] * 2 == [
        (each.status, each.webhook_id, each.answer) for each in (proven, unproven)
    ]
    with pytest.raises(Unverified):
        await desk.take(bare, with_adapter(probe=pong))
    assert 0 == await desk.count()


async def test_a_carrier_s_own_answer_is_given_to_new_and_repeated_webhooks(desk: Desk) -> None:
    source = with_adapter(acknowledgement=Answer(status=201, body=b"ok"))

    said = [await desk.take(signed(b'{"id": "1"}'), source) for _ in range(2)]

    assert [Answer(status=201, body=b"ok")] * 2 == [each.answer for each in said]


class Held:
    """Hold the writer until it is let go."""

    def __init__(self) -> None:
        self.begun, self.go = threading.Event(), threading.Event()

    def run(self, _connection: Connection) -> None:
        self.begun.set()
        assert self.go.wait(30)


async def test_a_store_that_is_stuck_is_our_fault_and_the_webhook_is_not_stored_later(desk: Desk) -> None:
    held = Held()
    desk.store.submit(held)
    assert held.begun.wait(30)
    try:
        with pytest.raises(StoreUnavailable, match="no transaction began"):
            await desk.take(signed(b'{"id": "1"}'))
    finally:
        held.go.set()

    assert "accepted" == (await desk.take(signed(b'{"id": "1"}'))).status
    assert 1 == await desk.count()


async def test_of_many_at_once_each_is_stored_once(tmp_path: Path) -> None:
    async with kept_in(tmp_path) as store:
        await _of_many(Desk(store, commit_seconds=30))


async def _of_many(desk: Desk) -> None:
    said = await asyncio.gather(*(desk.take(signed(json.dumps({"id": n % 20}).encode())) for n in range(60)))

    assert 20 == sum(each.status == "accepted" for each in said) == await desk.count() == len(desk.handed_on)


@pytest.mark.parametrize(
    ("path", "query", "headers", "expected"),
    [
        ("/webhooks/test/demo/k3y", "", {}, ("/webhooks/test/demo/***", "", {})),
        ("/w/p7f3/k3y", "", {}, ("/w/p7f3/***", "", {})),
        ("/w/p7f3/k3y", "token=abc&number=1&api_key=x", {}, ("/w/p7f3/***", "token=***&number=1&api_key=***", {})),
        (
            "/w/p7f3/k3y",
            "",
            {"authorization": "Basic x", "x-signature": "y", "x-own": "z", "content-type": "a/b"},
            ("/w/p7f3/***", "", {"authorization": "***", "x-signature": "***", "x-own": "***", "content-type": "a/b"}),
        ),
    ],
)
def test_credentials_are_masked(
    path: str, query: str, headers: Mapping[str, str], expected: tuple[str, str, dict[str, str]]
) -> None:
    webhook = replace(signed(b"", query=query), path=path, headers=tuple(headers.items()))

    masked = mask(webhook, Credentials(header="X-Own"), ("x-signature",), "k3y")

    assert expected == (masked.path, masked.query, dict(masked.headers))


def test_a_path_without_a_key_is_shown_whole() -> None:
    masked = mask(signed(b""), Credentials(), (), None)

    assert "/webhooks/test/demo" == masked.path


async def test_an_unsigned_source_is_proven_by_its_path_key_alone(desk: Desk) -> None:
    source = replace(
        with_adapter(verification=Unsigned(because="it cannot sign")),
        credentials=Credentials(unsigned=True),
        path_key="k3y",
    )

    with pytest.raises(Unverified):
        await desk.take(signed(b"{}"), source, path_key=False)
    assert "accepted" == (await desk.take(signed(b"{}"), source, path_key=True)).status
