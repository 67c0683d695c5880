"""What is old goes, what is open stays, and what went is not new when it comes again."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from app.model import Milestone
from app.store import (
    RETENTION_KINDS,
    AddRefusal,
    DropExpired,
    GiveBack,
    Retention,
    Retire,
    Settle,
    Settlement,
    Store,
    candidates,
    free_pages,
)
from app.store.holding import HoldOrder, ReleaseOrder
from app.store.inbox import Put, webhook_with_body
from app.store.schema import attempts, bodies, events, ledger, refusals, rows, shipments
from app.store.tables import metadata
from tests.store.making import NOW, adding, claim, event, put, recording, shipment

pytestmark = pytest.mark.anyio

RETENTION = Retention()
DAY = timedelta(days=1)


async def retire(store: Store, now: datetime, *, limit: int = 500) -> dict[str, int]:
    """Make one whole pass, as the worker does; count what went."""
    gone: dict[str, int] = {}

    def count(counts: Any) -> bool:
        for name, number in counts.items():
            gone[name] = gone.get(name, 0) + number
        return bool(counts)

    for kind in RETENTION_KINDS:
        after = 0
        while True:
            look = partial(candidates, kind=kind, retention=RETENTION, now=now, after=after, limit=limit)
            found = await store.read(look)
            count(await store.write(Retire(kind=kind, ids=found.ids, retention=RETENTION, now=now)))
            after = found.after
            if not after:
                break
    while count(await store.write(DropExpired(retention=RETENTION, now=now, limit=limit))):
        pass
    return gone


async def received(store: Store, identity: str, *told: Any, at: datetime = NOW, **more: Any) -> Put:
    """Take a webhook in and read it."""
    wanted = put(store, identity, at)
    await store.write(wanted)
    await store.write(recording(store, *told, webhook=wanted.id, now=at, **more))
    return wanted


async def forwarded(store: Store, now: datetime = NOW) -> None:
    """Bring everything that is due to VTEX."""
    for _ in range(5):
        claims = await store.write(claim(store, now))
        if not claims:
            return
        for claimed in claims:
            await store.write(Settle(claimed=claimed, settlement=Settlement(outcome="applied"), now=now))


def size(file: Path) -> int:
    return file.stat().st_size


async def count(store: Store, table: Any) -> int:
    return await store.read(lambda c: c.execute(select(func.count()).select_from(table)).scalar_one())


async def delivered(store: Store, number: str = "QX004512345BR", order: str = "v1-01") -> Put:
    """Bring one parcel to its end."""
    await store.write(adding(store, shipment(order, "1", number)))
    await received(store, f"{number} moves", event(number, "01"))
    last = await received(store, f"{number} ends", event(number, "09", milestone=Milestone.DELIVERED))
    await forwarded(store)
    return last


async def test_bytes_go_after_their_days_and_the_proof_of_the_end_after_its_own(store: Store) -> None:
    last = await delivered(store)

    assert {} == await retire(store, NOW + 29 * DAY)
    gone = await retire(store, NOW + 31 * DAY)

    assert 1 == gone["bodies"]
    assert [last.id] == await store.read(lambda c: list(c.execute(select(bodies.c.webhook_id)).scalars()))
    found = await store.read(lambda c: webhook_with_body(c, last.id))
    assert found is not None
    assert found.body is not None
    assert {"bodies": 1}.items() <= (await retire(store, NOW + 181 * DAY)).items()


async def test_a_whole_story_goes_at_once_when_its_last_event_is_old(store: Store) -> None:
    await delivered(store)
    await received(store, "late", event(code="10"), at=NOW + 100 * DAY)
    await forwarded(store, NOW + 100 * DAY)

    await retire(store, NOW + 200 * DAY)
    assert (3, 1) == (await count(store, events), await count(store, shipments))
    gone = await retire(store, NOW + 281 * DAY)

    assert {"events": 3, "rows": 3, "shipments": 1, "subjects": 1, "webhooks": 3}.items() <= gone.items()
    left = {table.name: await count(store, table) for table in metadata.sorted_tables}
    lasting = {"compatibility", "match_counts", "nodes", "tallies"}
    assert {"remembered": 3} == {name: number for name, number in left.items() if number and name not in lasting}


async def test_an_event_that_comes_again_after_it_was_deleted_is_not_new_for_two_years(store: Store) -> None:
    await delivered(store)
    await retire(store, NOW + 181 * DAY)
    later = NOW + 182 * DAY
    await store.write(adding(store, shipment("v1-01", "1", "QX004512345BR"), now=later))

    again = await store.write(recording(store, event(code="01"), event(code="11"), webhook=7, now=later))

    assert 1 == again.new_events
    assert 1 == await count(store, rows)
    forgotten = await store.write(recording(store, event(code="09"), webhook=8, now=NOW + 912 * DAY))
    assert 1 == forgotten.new_events


async def test_a_timeless_event_is_still_known_as_the_latest(store: Store) -> None:
    await store.write(adding(store, shipment("v1-01", "1", "QX004512345BR")))
    for at, code in enumerate(["01", "02", "01"]):
        await received(store, f"w{at}", event(code=code, at=None))
    await forwarded(store)
    await retire(store, NOW + 181 * DAY)
    later = NOW + 182 * DAY

    assert 0 == (await store.write(recording(store, event(code="01", at=None), webhook=7, now=later))).new_events
    assert 1 == (await store.write(recording(store, event(code="02", at=None), webhook=8, now=later))).new_events
    fingerprints = await store.read(lambda c: list(c.execute(select(events.c.fingerprint)).scalars()))
    assert ["02/None/Em trânsito#1"] == fingerprints


async def test_what_is_held_stays_whole_until_it_is_released(store: Store) -> None:
    await delivered(store)
    await delivered(store, "QX004512346BR", "v2-01")
    who: Any = {"account": "demo", "order_id": "v1-01", "actor": "ana", "reason": "chargeback", "ids": store.ids}
    assert await store.write(HoldOrder(**who, now=NOW))
    assert not await store.write(HoldOrder(**who, now=NOW))

    await retire(store, NOW + 400 * DAY)
    assert ["v1-01"] == await store.read(lambda c: list(c.execute(select(shipments.c.order_id)).scalars()))
    assert (2, 2, 2, 1) == tuple([await count(store, table) for table in (bodies, events, rows, attempts)])

    assert await store.write(ReleaseOrder(**who, now=NOW))
    await retire(store, NOW + 400 * DAY)
    assert 0 == await count(store, shipments)


async def test_refusals_and_the_ledger_go_by_their_age(store: Store) -> None:
    await store.write(put(store, "once"))
    refusal = {"status": 401, "cause": "c", "detail": "", "owner": "demo", "carrier": "test", "method": "POST"}
    refusal |= {"path": "/", "headers": (), "peer": "", "size": 1, "body": b"x"}
    await store.write(AddRefusal(id=store.ids.next(), at=NOW, **refusal))  # type: ignore[arg-type]

    await retire(store, NOW + 29 * DAY)
    assert (1, 1) == (await count(store, refusals), await count(store, ledger))
    await retire(store, NOW + 36 * DAY)

    assert (0, 0) == (await count(store, refusals), await count(store, ledger))
    assert 1 == await count(store, bodies)


async def test_what_became_open_after_it_was_found_is_judged_again(store: Store) -> None:
    await delivered(store)
    late = NOW + 400 * DAY
    found = await store.read(lambda c: candidates(c, "shipments", RETENTION, late, after=0, limit=9))
    await store.write(recording(store, event(code="77"), webhook=9, now=late))

    assert 1 == len(found.ids)
    assert {} == await store.write(Retire(kind="shipments", ids=found.ids, retention=RETENTION, now=late))


async def test_a_pass_goes_on_where_the_batch_ended(store: Store) -> None:
    for number in range(7):
        await delivered(store, f"QX00451234{number}BR", f"v{number}-01")

    gone = await retire(store, NOW + 400 * DAY, limit=2)

    assert (7, 14, 14) == (gone["shipments"], gone["events"], gone["webhooks"])


async def test_the_file_gives_its_space_back_and_its_log_ends_empty(store: Store, database_url: str) -> None:
    if not database_url.startswith("sqlite"):
        return
    file = Path(database_url.removeprefix("sqlite:///"))
    for number in range(40):
        wanted = put(store, f"w{number}")
        await store.write(replace(wanted, headers=(("x", "y" * 50_000),)))
        await store.write(recording(store, webhook=wanted.id, ignored=("nothing",)))
    assert await store.truncate_log()
    full = size(file)

    await retire(store, NOW + 400 * DAY)
    while await store.read(free_pages):
        await store.write(GiveBack(pages=200))
    assert await store.truncate_log()

    assert full > 2_000_000 > 3 * size(file)
    assert 0 == size(Path(f"{file}-wal"))
