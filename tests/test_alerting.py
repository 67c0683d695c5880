"""Alerts: each begin and end is told of once, by one process of all, and nothing waits for who is told."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from sqlalchemy import insert

from app.alerting import Alerting, Kind, Trouble
from app.duties import LEASE_SECONDS, Duties
from app.errors import CallFailed, StoreUnavailable
from app.main.alarming import Troubles, alert
from app.main.sampling import Sampler
from app.store import Store, is_any_dead
from app.store.schema import shipments
from app.telemetry import Backlog, Metrics
from tests.egress_servers import peer
from tests.store.keeping import kept_in
from tests.store.making import NOW, Clock

pytestmark = pytest.mark.anyio

HELD = Trouble(Kind.ACCOUNT_HELD, "mystore")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with kept_in(tmp_path) as store:
        yield store


class Replica:
    """A process that alerts, with what it finds and whom it tells."""

    def __init__(self, store: Store, clock: Clock, name: str = "one") -> None:
        self.clock = clock
        self.found: set[Trouble] | None = set()
        self.told: list[dict[str, Any]] = []
        self.answer: int | None = 200
        self.registry = CollectorRegistry()
        self.duties = Duties(store, clock, clock=lambda: clock().timestamp(), holder=name)
        self.alerting = Alerting(
            store,
            self.duties,
            Metrics(self.registry),
            look=self._look,
            post=self._post,
            now=clock,
            relay="https://relay.example",
            version="1",
        )

    async def _look(self) -> set[Trouble]:
        if self.found is None:
            raise StoreUnavailable("gone")
        return self.found

    async def _post(self, document: bytes) -> int:
        if self.answer is None:
            raise CallFailed("https://hooks.example/a-secret did not answer")
        self.told.append(json.loads(document))
        return self.answer

    async def passes(self, seconds: int) -> None:
        """Let time pass, step by step."""
        for _ in range(0, seconds, 5):
            await self.alerting.step()
            self.clock.advance(seconds=5)

    @property
    def said(self) -> list[tuple[str, str, str | None]]:
        return [(each["state"], each["kind"], each["subject"]) for each in self.told]


async def test_what_begins_is_told_of_once_and_so_is_its_end(store: Store) -> None:
    clock = Clock()
    process = Replica(store, clock)
    began = clock()
    process.found = {HELD}
    await process.passes(600)
    process.found = set()
    await process.passes(600)

    begun, ended = process.told
    assert begun == {
        "id": begun["id"],
        "state": "begun",
        "kind": "account-held",
        "subject": "mystore",
        "since": began.isoformat(),
        "until": None,
        "text": "carrier-relay: VTEX refuses the key of mystore, and nothing is sent to it.",
        "runbook": "RelayAccountHeld",
        "relay": "https://relay.example",
        "version": "1",
    }
    assert (begun["id"], "ended", begun["since"]) == (ended["id"], ended["state"], ended["since"])
    counted = generate_latest(process.registry).decode()
    assert 'relay_alerts_total{kind="account-held",outcome="sent"} 2.0' in counted


async def test_what_comes_and_goes_quickly_is_not_told_of(store: Store) -> None:
    process = Replica(store, Clock())
    process.found = {HELD}
    await process.passes(20)
    process.found = set()
    await process.passes(120)
    assert [] == process.said
    process.found = {HELD}
    await process.passes(60)
    process.found = set()
    await process.passes(30)
    process.found = {HELD}
    await process.passes(300)

    assert [("begun", "account-held", "mystore")] == process.said


async def test_of_several_processes_one_tells_and_another_goes_on_when_it_is_gone(store: Store) -> None:
    clock = Clock()
    one, two = Replica(store, clock), Replica(store, clock, "two")
    for process in (one, two):
        process.found = {HELD}
    for _ in range(30):
        await one.alerting.step()
        await two.alerting.step()
        clock.advance(seconds=5)
    assert ([("begun", "account-held", "mystore")], []) == (one.said, two.said)
    two.found = set()  # The first one died without a word.
    await two.passes(int(3 * LEASE_SECONDS) + 120)

    assert [("ended", "account-held", "mystore")] == two.said
    assert one.told[0]["id"] == two.told[0]["id"]


async def test_a_post_that_fails_is_tried_again_after_a_rest_and_says_nothing_of_the_address(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    process = Replica(store, Clock())
    process.found, process.answer = {HELD, Trouble(Kind.DEAD_WORK)}, None
    await process.passes(120)
    failed = generate_latest(process.registry).decode()
    process.answer = 500
    await process.passes(60)
    process.told.clear()
    process.answer = 204
    await process.passes(300)

    assert {("begun", "account-held", "mystore"), ("begun", "dead-work", None)} == set(process.said)
    assert len(process.said) == 2
    assert 'outcome="failed"} 2.0' in failed
    assert "alert.failed" in caplog.text
    assert "a-secret" not in caplog.text


async def test_no_more_than_ten_are_posted_within_a_minute(store: Store) -> None:
    process = Replica(store, Clock())
    process.found = {Trouble(Kind.SOURCE_QUIET, f"mystore/{n}") for n in range(25)}
    await process.passes(35)
    assert 10 == len(process.said)
    await process.passes(45)
    assert 10 == len(process.said)
    await process.passes(120)

    assert 25 == len(set(process.said)) == len(process.said)


async def test_a_store_that_fails_is_told_of_by_who_had_the_duty(store: Store) -> None:
    clock = Clock()
    one, two = Replica(store, clock), Replica(store, clock, "two")
    for process in (one, two):
        await process.alerting.step()
        process.found = None
    two_had_nothing = two.duties.holds("alerts")
    for _ in range(20):
        await one.alerting.step()
        await two.alerting.step()
        clock.advance(seconds=2)
    assert not two_had_nothing
    for process in (one, two):
        process.found = set()
        await process.alerting.step()

    assert [("begun", "store-failing", None), ("ended", "store-failing", None)] == one.said
    assert [] == two.said


async def test_what_was_given_up_is_found(store: Store) -> None:
    class Fill:
        def run(self, connection: Any) -> None:
            connection.execute(
                insert(shipments).values(
                    id=1,
                    account="mystore",
                    order_id="1",
                    invoice_number="1",
                    invoice_bare="1",
                    origin="order",
                    created_at=NOW,
                    dead_reason="VTEX refused it",
                )
            )

    assert not await store.read(is_any_dead)
    await store.write(Fill())
    assert await store.read(is_any_dead)


class Sampled(Sampler):
    """A sampler that has seen what a test says."""

    def __init__(self, seen: Backlog | None) -> None:
        self._given = seen

    def backlog(self) -> Backlog | None:
        return self._given


async def test_troubles_are_those_that_the_gauges_show_and_the_disk(store: Store, tmp_path: Path) -> None:
    seen = Backlog(
        shipments_due=0,
        parked=0,
        dead=0,
        oldest_due_seconds=0.0,
        resting={"mystore": "held", "other": "stopped"},
        quiet_sources={"mystore/loggi": True, "other/loggi": False},
    )

    found = await Troubles(store, Sampled(seen), tmp_path, 1 << 60).find()

    quiet = Trouble(Kind.SOURCE_QUIET, "mystore/loggi")
    assert {HELD, quiet, Trouble(Kind.DISK_FULL)} == set(found)
    assert {HELD, quiet} == set(await Troubles(store, Sampled(seen), None, 1 << 60).find())
    with pytest.raises(StoreUnavailable):
        await Troubles(store, Sampled(None), None, 0).find()


def test_every_kind_can_be_counted() -> None:
    registry = CollectorRegistry()
    metrics = Metrics(registry)
    for kind in Kind:
        metrics.alert(kind, "sent")

    assert 'kind="other"' not in generate_latest(registry).decode()


async def test_it_is_posted_as_json_to_the_address(store: Store) -> None:
    class Running:
        duties = Duties(store, Clock())

        class dependencies:  # noqa: N801 - as the relay has it
            pass

    running: Any = Running()
    running.dependencies.store, running.dependencies.now = store, Ahead()
    settings: Any = type("Given", (), {"egress_networks": (), "public_url": None})()
    seen = Backlog(shipments_due=0, parked=0, dead=0, oldest_due_seconds=0.0, resting={"mystore": "held"})
    async with peer(b"HTTP/1.1 204 No Content\r\n\r\n") as server:
        troubles = Troubles(store, Sampled(seen), None, 0)
        telling = asyncio.create_task(alert(running, Metrics(CollectorRegistry()), settings, server.url, troubles))
        while not server.heard:
            await asyncio.wait({telling}, timeout=0.01)
        telling.cancel()
        with pytest.raises(asyncio.CancelledError):
            await telling

    assert b"POST /path?a=b HTTP/1.1" in server.heard[0]
    assert b'"kind": "account-held"' in server.heard[0]


class Ahead(Clock):
    """A clock on which a quarter of a minute passes with each look, so that nothing is waited for."""

    def __call__(self) -> Any:
        self.advance(seconds=15)
        return super().__call__()
