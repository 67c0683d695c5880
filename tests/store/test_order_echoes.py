"""What VTEX tells because the relay wrote is known for an echo, and hides nothing that others did."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from app.store import Store, ToldOrder
from app.store.orders import ECHO_READ
from tests.store.making import NOW
from tests.store.test_told_orders import RETRY, Wrote, claiming, rows_of, settling, tell


@pytest.mark.parametrize(
    ("values", "echoes"),
    [
        ({"receipted_at": NOW - timedelta(seconds=1)}, 1),
        ({"receipted_at": NOW - timedelta(seconds=3)}, 0),
        ({"receipted_at": None}, 1),
        ({"receipted_at": None, "started_at": NOW - 2 * RETRY, "ended_at": NOW - RETRY}, 0),
        ({"receipted_at": None, "outcome": None, "started_at": NOW - 2 * RETRY, "ended_at": None}, 1),
        ({"receipted_at": None, "outcome": None, "started_at": NOW - 9 * RETRY, "ended_at": None}, 0),
        ({"receipted_at": NOW, "outcome": "refused"}, 0),
        ({"receipted_at": NOW, "call": "get"}, 0),
    ],
)
@pytest.mark.anyio
async def test_an_echo_of_a_write_is_no_news(store: Store, values: dict[str, Any], echoes: int) -> None:
    await store.write(tell("v1-01", now=NOW - timedelta(hours=1)))
    [claimed] = await store.write(claiming())
    await store.write(settling(store, claimed, now=NOW - timedelta(hours=1)))
    await store.write(Wrote(store, "v1-01", NOW, **values))

    assert (1 - echoes, echoes) == ((told := await store.write(tell("v1-01"))).due, told.echoes)
    assert (NOW + ECHO_READ if echoes else NOW) == (await rows_of(store))["v1-01"].due_at


@pytest.mark.anyio
async def test_a_change_of_somebody_else_that_is_told_after_the_echo_is_read(store: Store) -> None:
    hour = timedelta(hours=1)
    await store.write(tell("v1-01", now=NOW - hour))
    [claimed] = await store.write(claiming())
    await store.write(settling(store, claimed, now=NOW - hour))
    await store.write(Wrote(store, "v1-01", NOW, receipted_at=NOW))
    await store.write(tell("v1-01"))

    late = await store.write(tell(ToldOrder(order_id="v1-01", changed_at=NOW - RETRY), now=NOW))

    assert 1 == late.due


@pytest.mark.parametrize(("again_at", "due_at"), [(None, NOW + ECHO_READ), (NOW + RETRY, NOW + RETRY)])
@pytest.mark.anyio
async def test_what_echoes_while_the_order_is_read_is_read_a_day_later_all_the_same(
    store: Store, again_at: datetime | None, due_at: datetime
) -> None:
    hour = timedelta(hours=1)
    for began in (NOW - 2 * hour, NOW - hour):
        await store.write(tell("v1-01", now=began))
        [claimed] = await store.write(claiming(NOW - hour))
        if began == NOW - hour:
            await store.write(Wrote(store, "v1-01", NOW, receipted_at=NOW))
            assert 1 == (await store.write(tell("v1-01"))).echoes
        await store.write(settling(store, claimed, again_at=again_at if began == NOW - hour else None))

    row = (await rows_of(store))["v1-01"]
    assert (due_at, None, False) == (row.due_at, row.lease, row.urgent)
