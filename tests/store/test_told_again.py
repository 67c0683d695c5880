"""What becomes of orders that somebody asks for again, of whose change no time is known."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.store import Store, ToldOrder
from tests.store.making import NOW
from tests.store.test_told_orders import SLACK, claiming, settling, showing, tell


@pytest.mark.anyio
async def test_a_backfill_reads_packages_without_their_number_again_once_for_each_time_that_it_is_asked_for(
    store: Store,
) -> None:
    await store.write(tell("v1-01", "v2-01", source="backfill"))
    for claimed in await store.write(claiming()):
        shown = showing(store, claimed.order_id, now=NOW)
        lacks_number = replace(shown, incomplete=claimed.order_id == "v1-01")
        await store.write(replace(settling(store, claimed, shown=lacks_number), again_at=NOW + timedelta(days=1)))
    untimed = [ToldOrder(order_id=name) for name in ("v1-01", "v2-01")]

    assert 0 == (await store.write(tell(*untimed, source="sweep"))).due
    assert 0 == (await store.write(tell(*untimed, source="backfill", read_before=NOW))).due
    assert 1 == (await store.write(tell(*untimed, source="backfill", read_before=NOW + SLACK, now=NOW + SLACK))).due
    assert ["v1-01"] == [each.order_id for each in await store.write(claiming(NOW + SLACK))]
