"""A relay takes webhooks in before there is anybody to read them, and whoever comes then loses nothing by it."""

import asyncio
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import app.carriers
from app.carriers import adapters
from app.errors import ConfigurationError, EgressRefused, StoreUnavailable
from app.main import Door, opened
from app.main.arrivals import Arrivals
from app.main.working import when_the_store_takes_it
from app.model import Webhook
from app.settings import Settings, load_settings
from app.store.queries import WebhookFilter, list_webhooks
from app.web.readiness import Readiness
from tests.e2e.parcels import SECRET, signature

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 4, 18, 0, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(
        {
            "RELAY_DATABASE_URL": f"sqlite:///{tmp_path}/relay.db",
            "RELAY_ACCOUNTS__DEMO__APP_KEY": "key",
            "RELAY_ACCOUNTS__DEMO__APP_TOKEN": "token",
            "RELAY_ACCOUNTS__DEMO__BASE_URL": "http://127.0.0.1:9",
            "RELAY_ACCOUNTS__DEMO__CARRIERS__EASYPOST__SECRETS": json.dumps([SECRET]),
        }
    )


async def deliver(door: Door, number: int) -> None:
    source = door.front.sources.find("easypost", "demo")
    assert source is not None
    body = json.dumps({"id": f"evt_{number}", "description": "batch.created", "result": {}}).encode()
    headers = (("content-type", "application/json"), ("x-hmac-signature", signature(body)))
    webhook = Webhook(method="POST", path="/", query="", headers=headers, body=body, received_at=NOW)
    assert "accepted" == (await door.front.intake.accept(source, webhook, path_key=False)).status


async def states(door: Door) -> list[str]:
    page = await door.front.store.read(
        lambda connection: list_webhooks(connection, WebhookFilter(), limit=10, before=None)
    )
    return [webhook.state for webhook in page.items]


async def test_what_came_before_its_reader_is_read_when_there_is_one(settings: Settings) -> None:
    async with opened(settings) as door:
        await deliver(door, 1)
        await deliver(door, 2)
        assert ["stored", "stored"] == await states(door)

        await door.begin()
        await deliver(door, 3)
        async with asyncio.timeout(30):
            while "stored" in await states(door):
                """Each look waits for the store."""
        assert 3 == len(await states(door))


async def test_what_came_before_a_reader_that_never_was_is_read_by_the_next_process(settings: Settings) -> None:
    async with opened(settings) as door:
        await deliver(door, 1)

    async with opened(settings) as door:
        assert ["stored"] == await states(door)
        await door.begin()
        async with asyncio.timeout(30):
            while "stored" in await states(door):
                """Each look waits for the store."""


async def test_the_rest_is_made_once_whoever_asks_for_it(settings: Settings) -> None:
    async with opened(settings) as door:
        first, second, whole = await asyncio.gather(door.begin(), door.begin(at_once=True), door.whole())

    assert first is second
    assert whole is first.dependencies


async def test_whoever_asked_and_left_stops_nothing(settings: Settings) -> None:
    async with opened(settings) as door:
        asked = asyncio.create_task(door.whole())
        await asyncio.sleep(0)
        asked.cancel()
        await asyncio.wait({asked})

        assert asked.cancelled()
        assert (await door.begin()).dependencies.store is door.front.store


async def test_a_relay_that_is_asked_to_stop_while_it_begins_does(settings: Settings) -> None:
    async with opened(settings) as door:
        beginning = asyncio.create_task(door.begin())
        await asyncio.sleep(0)

    assert beginning.done()
    async with opened(settings):
        """The database is free again."""


async def test_a_relay_is_not_ready_before_it_is_whole(settings: Settings) -> None:
    async with opened(settings) as door:
        readiness = Readiness(door.front, iter(range(100)).__next__)
        status, found = await readiness.answer()
        assert (503, {"store": "ok", "disk": "ok", "worker": "it is being made"}) == (status, found["checks"])

        await door.begin(at_once=True)
        assert 200 == (await readiness.answer())[0]


async def test_until_workers_are_there_they_are_as_silent_as_the_start_is_old(settings: Settings) -> None:
    time = NOW
    async with opened(settings, now=lambda: time) as door:
        time += timedelta(seconds=20)
        assert NOW == door.front.heartbeat()

        running = await door.begin(at_once=True)
        assert running.beat_at == door.front.heartbeat() == time


async def test_calls_wait_for_who_makes_them(settings: Settings) -> None:
    async with opened(settings) as door:
        with pytest.raises(EgressRefused):
            await door.call("GET", "ftp://keys.example", headers={}, total_seconds=1.0, max_bytes=10)


async def test_work_begins_when_the_store_is_there() -> None:
    tries: list[int] = []

    async def start() -> None:
        tries.append(len(tries))
        if len(tries) < 3:
            raise StoreUnavailable("it is gone")

    await when_the_store_takes_it(start, pause_seconds=0.0)

    assert [0, 1, 2] == tries


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put a module among the carriers that is none."""
    (tmp_path / "broken.py").write_text("raise KeyError('x')", "utf-8")
    monkeypatch.setattr(app.carriers, "__path__", [*app.carriers.__path__, str(tmp_path)])
    adapters.cache_clear()
    yield
    adapters.cache_clear()
    sys.modules.pop("app.carriers.broken", None)


@pytest.mark.usefixtures("broken")
async def test_a_carrier_that_is_none_ends_the_start_although_nobody_has_it(settings: Settings) -> None:
    async with opened(settings) as door:
        with pytest.raises(ConfigurationError, match=r"broken\.py: cannot be imported: KeyError"):
            await door.begin()


def test_what_would_be_too_much_to_keep_is_left_to_the_store() -> None:
    arrivals, read, large = Arrivals(), list[int](), bytes(9 * 1024 * 1024)

    for id_, body in ((1, large), (2, large), (3, b"{}")):
        webhook = Webhook(method="POST", path="/", query="", headers=(), body=body, received_at=NOW)
        arrivals.stored(id_, None, webhook)  # type: ignore[arg-type]
    arrivals.hand_to(lambda id_, _source, _webhook: read.append(id_))

    assert [1, 3] == read
