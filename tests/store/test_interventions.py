"""What operators do to accounts, against what VTEX's answers do to them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from app.store import (
    AccountChange,
    AccountState,
    ProbeAccount,
    RecordVerdict,
    ResetLearnt,
    ResumeAccount,
    StopAccount,
    Store,
)
from app.store.accounts import account_states, change_account, learnt
from app.store.schema import audit, shipments
from tests.store.making import NOW, adding, shipment

pytestmark = pytest.mark.anyio

ASKED = NOW + timedelta(minutes=10)
PAUSED = AccountChange(state="paused", until=ASKED, reason="VTEX asked to wait (429)")
HELD = AccountChange(state="held", until=NOW + timedelta(minutes=1), reason="VTEX refuses the key")


@dataclass
class Answer:
    """What the end of a call does to account ``demo``."""

    change: AccountChange
    at: datetime = NOW

    def run(self, connection: Connection) -> None:
        change_account(connection, "demo", self.change, self.at)


@dataclass
class Failing:
    """Let every shipment fail since a time."""

    since: datetime

    def run(self, connection: Connection) -> None:
        connection.execute(update(shipments).values(failing_since=self.since))


def asking(store: Store, now: datetime = NOW, reason: str | None = "a reason") -> dict[str, Any]:
    return {"account": "demo", "actor": "ana", "reason": reason, "ids": store.ids, "now": now}


async def state(store: Store) -> AccountState:
    found = await store.read(lambda connection: account_states(connection, ["demo"]))
    return found["demo"]


async def audited(store: Store) -> list[tuple[str, str, str | None]]:
    found = await store.read(lambda connection: connection.execute(select(audit).order_by(audit.c.id)).all())
    assert {("ana", "account:demo")} >= {(row.actor, row.target) for row in found}
    return [(row.action, row.detail.get("before"), row.reason) for row in found]


async def failing_since(store: Store) -> datetime:
    found = await store.read(lambda connection: connection.execute(select(shipments.c.failing_since)).scalar_one())
    assert isinstance(found, datetime)
    return found


async def test_every_change_is_in_the_audit_log_with_its_reason(store: Store) -> None:
    await store.write(StopAccount(**asking(store, reason="a move")))
    await store.write(ResumeAccount(**asking(store, reason=None)))
    await store.write(Answer(HELD))
    await store.write(ProbeAccount(**asking(store)))
    await store.write(ResetLearnt(**asking(store)))
    await store.write(RecordVerdict(**asking(store), verdict="full", order_id="v1"))

    assert [
        ("account.stopped", "open", "a move"),
        ("account.resumed", "stopped", None),
        ("account.probed", "held", "a reason"),
        ("account.history-reset", None, "a reason"),
        ("account.history-learnt", None, "a reason"),
    ] == await audited(store)


async def test_what_changes_nothing_is_not_audited(store: Store) -> None:
    assert "open" == (await store.write(ResumeAccount(**asking(store)))).state
    assert "open" == (await store.write(ProbeAccount(**asking(store)))).state

    assert [] == await audited(store)


@pytest.mark.parametrize("change", [PAUSED, HELD, AccountChange(state="open"), AccountChange(state="probing")])
async def test_no_answer_of_vtex_opens_a_stopped_account(store: Store, change: AccountChange) -> None:
    await store.write(StopAccount(**asking(store)))

    await store.write(Answer(change))

    assert "stopped" == (await state(store)).state


async def test_a_wait_that_vtex_asks_for_under_a_stop_is_waited_after_it(store: Store) -> None:
    await store.write(StopAccount(**asking(store)))
    await store.write(Answer(PAUSED))

    await store.write(ResumeAccount(**asking(store)))

    found = await state(store)
    assert ("paused", ASKED) == (found.state, found.until)
    assert (0, None) == (found.allows(NOW), found.allows(ASKED))


async def test_a_stop_does_not_shorten_a_wait_that_vtex_asked_for_before(store: Store) -> None:
    await store.write(Answer(PAUSED))
    await store.write(StopAccount(**asking(store)))
    await store.write(StopAccount(**asking(store)))

    await store.write(ResumeAccount(**asking(store)))

    assert ("paused", ASKED) == ((await state(store)).state, (await state(store)).until)


async def test_a_wait_that_passed_under_a_stop_is_over(store: Store) -> None:
    await store.write(Answer(PAUSED))
    await store.write(StopAccount(**asking(store)))

    await store.write(ResumeAccount(**asking(store, now=ASKED)))

    assert "open" == (await state(store)).state


@pytest.mark.parametrize("change", [HELD, AccountChange(state="open"), AccountChange(state="probing", until=NOW)])
async def test_a_wait_that_vtex_asked_for_stands_whatever_other_calls_say(store: Store, change: AccountChange) -> None:
    await store.write(Answer(PAUSED))

    await store.write(Answer(change))

    assert ("paused", ASKED) == ((await state(store)).state, (await state(store)).until)


async def test_after_the_wait_other_calls_count_again(store: Store) -> None:
    await store.write(Answer(PAUSED))

    await store.write(Answer(HELD, at=ASKED))

    assert "held" == (await state(store)).state


async def test_resuming_a_held_account_lets_one_call_decide(store: Store) -> None:
    await store.write(Answer(HELD))
    assert 0 == (await state(store)).allows(NOW)

    await store.write(ResumeAccount(**asking(store)))

    found = await state(store)
    assert ("held", 1) == (found.state, found.allows(NOW))


async def test_the_time_of_a_stop_is_no_failure_of_a_shipment(store: Store) -> None:
    await store.write(adding(store, shipment()))
    await store.write(Failing(NOW - timedelta(hours=1)))
    await store.write(StopAccount(**asking(store)))

    await store.write(ResumeAccount(**asking(store, now=NOW + timedelta(hours=9))))

    assert NOW + timedelta(hours=8) == await failing_since(store)


async def test_the_time_of_a_hold_before_a_stop_is_forgiven_with_it(store: Store) -> None:
    await store.write(adding(store, shipment()))
    await store.write(Failing(NOW - timedelta(hours=1)))
    await store.write(Answer(HELD))
    await store.write(StopAccount(**asking(store, now=NOW + timedelta(hours=2))))

    await store.write(ResumeAccount(**asking(store, now=NOW + timedelta(hours=3))))

    assert NOW + timedelta(hours=2) == await failing_since(store)


async def test_a_reset_forgets_verdict_and_evidence_and_nothing_else(store: Store) -> None:
    await store.write(StopAccount(**asking(store)))
    await store.write(RecordVerdict(**asking(store), verdict="delta", order_id="v1"))

    before = await store.write(ResetLearnt(**asking(store)))

    assert ("delta", "kept") == (before.verdict, before.evidence[0].kind)
    after = await store.read(lambda connection: learnt(connection, "demo"))
    assert (None, ()) == (after.verdict, after.evidence)
    assert "stopped" == (await state(store)).state


async def test_a_recorded_verdict_keeps_twenty_samples(store: Store) -> None:
    for number in range(25):
        await store.write(RecordVerdict(**asking(store), verdict="full", order_id=f"v{number}"))

    found = await store.read(lambda connection: learnt(connection, "demo"))
    assert [f"v{number}" for number in range(5, 25)] == [sample.order_id for sample in found.evidence]
