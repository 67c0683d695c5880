"""One process deletes what is old, once an hour, and says how much."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Connection

from app.duties import Duties
from app.retention import Retiring
from app.store import RETENTION_KINDS, Retention, Store
from app.store.schema import subjects
from app.telemetry import Metrics
from tests.store.keeping import kept_in
from tests.store.making import NOW, Clock, event, put, recording

pytestmark = pytest.mark.anyio


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with kept_in(tmp_path) as opened:
        yield opened


async def one_pass(retiring: Retiring) -> int:
    """Step until it rests; return after how many steps."""
    for steps in range(1, 200):
        if await retiring.step():
            return steps
    raise AssertionError("it never rests")


async def test_a_pass_deletes_what_is_old_counts_it_and_rests_for_an_hour(store: Store) -> None:
    clock, registry = Clock(NOW + timedelta(days=31)), CollectorRegistry()
    for number in range(120):
        wanted = put(store, f"w{number}")
        await store.write(wanted)
        await store.write(recording(store, event(f"QX00451{number}BR"), webhook=wanted.id))
    await store.write(put(store, "unread"))
    await store.write(_Unmatch())
    retiring = Retiring(store, Duties(store, clock), Retention(), Metrics(registry), now=clock)

    assert len(RETENTION_KINDS) < await one_pass(retiring)

    assert 120 == registry.get_sample_value("relay_retention_deleted_total", {"kind": "bodies"})
    assert 31 * 86_400 == registry.get_sample_value("relay_retention_oldest_seconds", {"kind": "bodies"})
    assert 1 == await one_pass(retiring)
    clock.advance(hours=1)
    assert len(RETENTION_KINDS) < await one_pass(retiring)
    assert 120 == registry.get_sample_value("relay_retention_deleted_total", {"kind": "bodies"})


async def test_of_two_processes_only_one_deletes(store: Store) -> None:
    clock = Clock(NOW + timedelta(days=31))
    first, second = Duties(store, clock, holder="first"), Duties(store, clock, holder="second")
    assert await first.keep("retention")

    waiting = Retiring(store, second, Retention(), Metrics(CollectorRegistry()), now=clock)

    assert 1 == await one_pass(waiting)


class _Unmatch:
    def run(self, connection: Connection) -> None:
        connection.execute(subjects.update().values(state="unmatched"))
