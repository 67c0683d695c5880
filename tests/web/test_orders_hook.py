"""VTEX's order hook: proven, durable before the answer, and counted whatever it says."""

import asyncio
import json
import threading
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from app.store import Store
from app.store.schema import orders
from tests.web.conftest import Start
from tests.web.stage import Relay

KEY = "a-shared-secret"
PATH = "/vtex/mystore/orders-hook"


def notification(**members: Any) -> dict[str, Any]:
    return {
        "Domain": "Fulfillment",
        "OrderId": "v700123abcd-01",
        "State": "invoiced",
        "LastChange": "2026-03-03T10:10:21.0617185Z",
        "Origin": {"Account": "mystore", "Key": "vtexappkey-mystore-EXAMPLE"},
        **members,
    }


class Hooked:
    """A relay with an order hook, and what it told its reader."""

    def __init__(self, start: Start, **given: Any) -> None:
        self.told: list[int] = []
        keys = {"mystore": (KEY, "an-older-secret")}
        self.relay: Relay = start(hook_keys=keys, told=lambda: self.told.append(1), **given)

    def tell(self, content: object, *, key: str | None = KEY, path: str = PATH) -> httpx.Response:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        headers = {"Content-Type": "application/json"} | ({"key": key} if key is not None else {})
        return self.relay.http.post(path, content=body, headers=headers)

    def due(self) -> list[tuple[str, str]]:
        found = select(orders.c.account, orders.c.order_id).where(orders.c.due_at.is_not(None))
        return [
            (row.account, row.order_id)
            for row in self.relay.on_the_loop(self.relay.store.read(lambda c: c.execute(found).all()))
        ]

    def counted(self, outcome: str) -> bool:
        line = f'relay_order_notifications_total{{account="mystore",outcome="{outcome}"}}'
        return line in self.relay.dependencies.metrics.exposition()[0].decode()


@pytest.fixture
def hooked(start: Start) -> Hooked:
    return Hooked(start)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (notification(), "due"),
        (notification(LastState="invoice", CurrentChange="2026-03-03T10:10:22Z"), "due"),
        ({"orderid": "v700123abcd-01", "STATE": "invoiced"}, "due"),
        (notification(State="handling"), "due"),
        (notification(State="payment-pending"), "no-package"),
        (notification(State="Window-To-Cancel"), "no-package"),
        (notification(Domain="Marketplace"), "foreign"),
        (notification(Origin={"Account": "other"}), "foreign"),
        ({"hookConfig": "ping"}, "ping"),
    ],
)
def test_what_is_told_is_answered_and_counted(hooked: Hooked, content: dict[str, Any], status: str) -> None:
    answer = hooked.tell(content)

    assert (200, {"status": status}) == (answer.status_code, answer.json())
    assert ([("mystore", "v700123abcd-01")] if status == "due" else []) == hooked.due()
    assert bool(hooked.told) == (status == "due")
    assert hooked.counted(status)


def test_a_notification_told_twice_is_known(hooked: Hooked) -> None:
    assert ["due", "known"] == [hooked.tell(notification()).json()["status"] for _ in range(2)]
    assert [1] == hooked.told


@pytest.mark.parametrize("key", [KEY, "an-older-secret"])
def test_every_live_key_opens(hooked: Hooked, key: str) -> None:
    assert 200 == hooked.tell({"hookConfig": "ping"}, key=key).status_code


@pytest.mark.parametrize(
    ("key", "slug"),
    [
        (None, "missing-credential"),
        ("", "missing-credential"),
        ("a-shared-secre", "wrong-credential"),
        ("A-SHARED-SECRET", "wrong-credential"),
    ],
)
@pytest.mark.parametrize("content", [notification(), {"hookConfig": "ping"}, b"\xff" * 100_000])
def test_no_other_key_opens_whatever_is_sent_with_it(
    hooked: Hooked, key: str | None, slug: str, content: object
) -> None:
    answer = hooked.tell(content, key=key)

    assert (401, f"/problems/{slug}") == (answer.status_code, answer.json()["type"])
    assert KEY not in answer.text
    assert [] == hooked.due()
    assert hooked.counted("refused")


@pytest.mark.parametrize("account", ["other", "nobody", "MYSTORE"])
def test_an_account_without_a_key_has_no_hook(hooked: Hooked, account: str) -> None:
    answer = hooked.tell(notification(), path=f"/vtex/{account}/orders-hook")

    assert (404, "/problems/not-found") == (answer.status_code, answer.json()["type"])
    assert 405 == hooked.relay.http.get(PATH).status_code


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"OrderId": 5', b"\xff"])
def test_what_is_no_notification_is_refused(hooked: Hooked, content: bytes) -> None:
    answer = hooked.tell(content)

    assert (400, "/problems/malformed-notification") == (answer.status_code, answer.json()["type"])
    assert hooked.counted("refused")


@pytest.mark.parametrize("size", [64 * 1024 + 1, 2 * 1024 * 1024])
def test_a_body_that_is_too_long_is_refused_whole(hooked: Hooked, size: int) -> None:
    answer = hooked.tell(b'{"OrderId": "v1-01", "more": "' + b"x" * size + b'"}')

    assert (413, []) == (answer.status_code, hooked.due())


def test_a_store_that_is_down_is_our_fault(hooked: Hooked) -> None:
    hooked.relay.on_the_loop(hooked.relay.store.close())

    answer = hooked.tell(notification())

    assert (503, "/problems/store-unavailable") == (answer.status_code, answer.json()["type"])
    assert 0 < int(answer.headers["Retry-After"])
    assert hooked.counted("failed")


class Hangs:
    """Keep every other write waiting."""

    def __init__(self) -> None:
        self.began, self.released = threading.Event(), threading.Event()

    def run(self, _connection: object) -> None:
        self.began.set()
        self.released.wait(20)


async def _write(store: Store, operation: Hangs) -> None:
    await store.write(operation)


def test_a_store_that_hangs_is_answered_for_before_vtex_gives_up(hooked: Hooked) -> None:
    hangs = Hangs()
    hanging = asyncio.run_coroutine_threadsafe(_write(hooked.relay.store, hangs), hooked.relay.stage.loop)
    assert hangs.began.wait(10)

    answer = hooked.tell(notification())
    hangs.released.set()
    hanging.result(10)

    assert 503 == answer.status_code
    assert answer.elapsed.total_seconds() < 5
    # It was committed after all, and VTEX may tell it again.
    assert "known" == hooked.tell(notification()).json()["status"]
