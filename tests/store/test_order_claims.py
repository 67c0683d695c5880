"""Orders are claimed fairly: over accounts, and over what happens now and what is looked back on."""

import pytest

from app.store import AccountChange, SettleOrder, Store, next_order
from tests.store.making import NOW
from tests.store.test_told_orders import RETRY, claiming, settling, tell


@pytest.mark.anyio
async def test_what_happens_now_goes_first_and_what_is_looked_back_on_is_never_starved(store: Store) -> None:
    await store.write(tell(*(f"old{number}" for number in range(5)), source="backfill", now=NOW - RETRY))
    await store.write(tell(*(f"new{number}" for number in range(5))))

    urgent = await store.write(claiming(slots=3, later=0))
    mixed = await store.write(claiming(slots=2, later=1))
    rest = await store.write(claiming(slots=10, later=0))

    assert ["new0", "new1", "new2"] == [each.order_id for each in urgent]
    assert ["old0", "new3"] == [each.order_id for each in mixed]
    assert ["new4", "old1", "old2", "old3", "old4"] == [each.order_id for each in rest]


@pytest.mark.anyio
async def test_accounts_take_turns_and_one_that_may_not_be_called_waits(store: Store) -> None:
    for account in ("a", "b", "held"):
        await store.write(tell("1", "2", "3", account=account))
    held = AccountChange(state="held", until=NOW + RETRY, reason="its key is refused")
    free = {"a": 9, "b": 1, "held": 9}
    await store.write(SettleOrder(
        account="held", order_id="none", claimed=None, shown=None, again_at=None, now=NOW, change=held
    ))  # fmt: skip

    now = await store.write(claiming(slots=9, free=free))
    later = await store.write(claiming(NOW + RETRY, slots=9, free={"held": 9}))

    assert [("a", "1"), ("b", "1"), ("a", "2"), ("a", "3")] == [(each.account, each.order_id) for each in now]
    assert [("held", "1", True)] == [(each.account, each.order_id, each.probe) for each in later]
    assert [] == await store.write(claiming(NOW + RETRY, slots=9, free={"held": 9}))


@pytest.mark.anyio
async def test_the_next_read_of_an_account_is_not_before_it_may_be_called(store: Store) -> None:
    await store.write(tell("1"))
    assert NOW == await store.read(lambda connection: next_order(connection, ["demo"]))

    pause = AccountChange(state="paused", until=NOW + RETRY, reason="VTEX asked to wait")
    [claimed] = await store.write(claiming())
    await store.write(settling(store, claimed, shown=None, again_at=NOW, reason="429", spends=False, change=pause))

    assert NOW + RETRY == await store.read(lambda connection: next_order(connection, ["demo"]))
