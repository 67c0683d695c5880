"""Counts, codes and, where it is asked for, the audit log go by their age."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Table, select

from app.store import DropExpired, Retention, Store
from app.store.console_schema import tallies, unknown_codes
from app.store.holding import HoldOrder
from app.store.schema import audit
from tests.store.making import NOW, event, put, recording

pytestmark = pytest.mark.anyio

DAY = timedelta(days=1)
KEPT = Retention()


async def lived(store: Store) -> None:
    received = await store.write(put(store, "1"))
    await store.write(recording(store, replace(event("A"), unknown_code="77"), webhook=received.webhook_id))
    who: dict[str, Any] = {"account": "demo", "order_id": "v1-01", "actor": "ana", "reason": "x"}
    await store.write(HoldOrder(**who, ids=store.ids, now=NOW))


async def left(store: Store, after: timedelta, retention: Retention = KEPT) -> list[bool]:
    """Let go of what is old after some time; tell of which table something is left."""
    while await store.write(DropExpired(retention=retention, now=NOW + after, limit=1)):
        pass

    def look(connection: Connection) -> list[bool]:
        return [_any(connection, table) for table in (tallies, unknown_codes, audit)]

    return await store.read(look)


def _any(connection: Connection, table: Table) -> bool:
    return connection.execute(select(table).limit(1)).first() is not None


async def test_codes_go_before_counts_and_the_audit_log_stays(store: Store) -> None:
    await lived(store)

    assert [True, True, True] == await left(store, 364 * DAY)
    assert [True, False, True] == await left(store, 366 * DAY)
    assert [False, False, True] == await left(store, 402 * DAY)
    assert [False, False, True] == await left(store, 40_000 * DAY)


async def test_the_audit_log_goes_after_its_days_where_it_has_some(store: Store) -> None:
    await lived(store)
    kept = replace(KEPT, audit=30 * DAY)

    assert [True, True, True] == await left(store, 29 * DAY, kept)
    assert [True, True, False] == await left(store, 31 * DAY, kept)


async def test_a_code_that_came_again_is_young_again(store: Store) -> None:
    await lived(store)
    later = NOW + 300 * DAY
    received = await store.write(put(store, "2"))
    code = replace(event("B"), unknown_code="77")
    await store.write(recording(store, code, webhook=received.webhook_id, now=later))

    assert [True, True, True] == await left(store, 600 * DAY, replace(KEPT, tallies=1000 * DAY))
