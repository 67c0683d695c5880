"""VTEX's order hook: what it is sent, and how it is tried again."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from tests.sandbox.conftest import COLLECTED, KEYS, Clock, Oms, Start
from tests.sandbox.hooking import CONFIG, DAY, SHIPPED, WORKFLOW, from_orders, hooked, send, waiting
from tests.sandbox.receiver import Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


@pytest.fixture
def oms(start: Start) -> Oms:
    return start(hook_delivery="by_hand")


def until(fact: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not fact():
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)


def test_an_order_that_is_invoiced_is_announced_once_with_the_configured_headers(oms: Oms, receiver: Receiver) -> None:
    hooked(oms, receiver, WORKFLOW, key="a-shared-secret")
    oms.seed(order_id="1527103869572-01", status="handling")
    invoice = {"type": "Output", "invoiceNumber": "1", "invoiceValue": 15990, "items": []}
    assert 200 == oms.http.post("/api/oms/pvt/orders/1527103869572-01/invoice", json=invoice).status_code
    oms.put(COLLECTED, invoice="1")

    sent = send(oms)

    assert [("delivered", 1)] == [(each["standing"], each["tries"]) for each in sent]
    ((body, headers),) = receiver.received
    assert {
        "Domain": "Fulfillment",
        "OrderId": "1527103869572-01",
        "State": "invoiced",
        "LastChange": "2026-03-04T18:04:31.0521230Z",
        "Origin": {"Account": "demo", "Key": KEYS["X-VTEX-API-AppKey"]},
    } == body
    assert ("a-shared-secret", "application/json; charset=utf-8") == (headers["key"], headers["content-type"])
    assert [] == send(oms)


def test_the_full_shape_adds_the_state_and_the_change_before(start: Start, receiver: Receiver, clock: Clock) -> None:
    oms = hooked(start(hook_delivery="by_hand", notification_shape="full"), receiver)
    oms.seed_invoiced(invoiced_at="2026-03-04T10:00:00Z")

    send(oms)

    (body,) = receiver.notifications
    assert ("invoiced", "invoice", "2026-03-04T09:00:00.0000000Z", "2026-03-04T18:04:31.0521230Z") == (
        body["State"],
        body["LastState"],
        body["LastChange"],
        body["CurrentChange"],
    )


def test_our_own_put_of_tracking_comes_back_as_a_notification(oms: Oms, receiver: Receiver) -> None:
    hooked(oms, receiver, from_orders(SHIPPED, disableSingleFire=True))
    oms.seed_invoiced()
    oms.put(COLLECTED)
    oms.put(COLLECTED, isDelivered=True)

    send(oms)

    assert [("1527103869572-01", "invoiced")] * 3 == receiver.states()


def test_a_single_fire_filter_announces_an_order_the_first_time_it_matches(oms: Oms, receiver: Receiver) -> None:
    hooked(oms, receiver, from_orders("true in packageAttachment.packages.courierStatus.finished"))
    oms.seed_invoiced()
    oms.put(COLLECTED)
    before = len(send(oms))
    for _ in range(2):
        oms.put(COLLECTED, isDelivered=True)

    assert (0, 1) == (before, len(send(oms)))
    hooked(oms, receiver, from_orders("true in packageAttachment.packages.courierStatus.finished"))
    oms.put(COLLECTED)
    assert 1 == len(send(oms)), "a filter that is written anew has announced nothing yet"


def test_a_status_change_fires_for_every_state_on_the_way(oms: Oms, receiver: Receiver) -> None:
    hooked(oms, receiver, {"type": "FromWorkflow", "status": ["invoice", "invoiced", "handling", "no-such-state"]})
    oms.seed_invoiced()
    oms.seed(order_id="v527103anml-01", status="handling")
    oms.seed(order_id="v527104anml-01", status="canceled")

    send(oms)

    assert {
        ("1527103869572-01", "invoice"),
        ("1527103869572-01", "invoiced"),
        ("v527103anml-01", "handling"),
    } == set(receiver.states())


def test_an_expression_that_is_not_understood_never_matches_and_warns(
    oms: Oms, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    hooked(oms, receiver, from_orders("$sum(items.price) > 1", disableSingleFire=True))
    oms.seed_invoiced()

    assert [] == send(oms)
    assert "does not understand the filter '$sum(items.price) > 1'" in caplog.text
    assert "the function $sum is not known" in caplog.text


def test_both_sides_of_a_sale_announce_it_when_switched_on_and_the_seller_alone_its_own(
    start: Start, receiver: Receiver
) -> None:
    oms = hooked(start(hook_delivery="by_hand", both_domains=True), receiver)
    oms.seed(order_id="v527103anml-01", invoices=[{"invoice_number": "1"}])
    oms.seed(order_id="SLR-v527104anml-01", invoices=[{"invoice_number": "1"}])

    send(oms)

    assert {
        ("Marketplace", "v527103anml-01"),
        ("Fulfillment", "v527103anml-01"),
        ("Fulfillment", "SLR-v527104anml-01"),
    } == {(body["Domain"], body["OrderId"]) for body in receiver.notifications}


def test_duplicates_and_overtaking_come_when_switched_on(start: Start, receiver: Receiver, clock: Clock) -> None:
    oms = hooked(start(hook_delivery="by_hand", duplicate_share=1, hook_scatter_seconds=60), receiver)
    for number in range(20):
        oms.seed(order_id=f"o-{number:02}", invoices=[{"invoice_number": "1"}])
    order = [item["order_id"] for item in waiting(oms)]
    clock.advance(seconds=60)

    assert 40 == len(send(oms))
    assert [f"o-{number // 2:02}" for number in range(40)] == sorted(body["OrderId"] for body in receiver.notifications)
    assert order != sorted(order)


def test_a_refused_notification_is_tried_again_at_growing_intervals(oms: Oms, receiver: Receiver, clock: Clock) -> None:
    hooked(oms, receiver)
    receiver.status = 500
    oms.seed_invoiced()
    waits = []
    for _ in range(4):
        send(oms)
        (item,) = waiting(oms)
        before = clock.time
        clock.advance(seconds=0.9)
        assert [] == send(oms), "not before it is due"
        clock.time = before
        while not send(oms):
            clock.advance(seconds=0.01)
        waits.append((clock.time - before).total_seconds())
        assert "500" == item["answer"]

    receiver.status = 200
    (delivered,) = send(oms, everything=True)

    assert pytest.approx([1, 1.1127, 1.238, 1.378], abs=0.03) == waits
    assert ("delivered", []) == (delivered["standing"], waiting(oms))


@pytest.mark.parametrize("trouble", ["slow", "gone"])
def test_a_late_answer_and_no_connection_count_as_failures(trouble: str, start: Start) -> None:
    oms = start(hook_delivery="by_hand", hook_answer_seconds=0.3)
    with receiving() as receiver:
        hooked(oms, receiver)
        oms.seed_invoiced()
        receiver.pause.clear()
        slow = send(oms) if trouble == "slow" else []
    (item,) = slow or send(oms)

    assert ("waiting", 1) == (item["standing"], item["tries"])
    assert ("no answer within 0.3 s" if trouble == "slow" else "ConnectError") in item["answer"]


def test_after_a_hundred_tries_or_four_days_a_notification_is_dropped(
    start: Start, receiver: Receiver, clock: Clock
) -> None:
    oms = hooked(start(hook_delivery="by_hand", hook_retry_factor=1), receiver)
    oms.seed_invoiced()
    receiver.status = 503
    tried = [send(oms, everything=True)[0] for _ in range(100)]
    oms.seed(order_id="v527103anml-01", invoices=[{"invoice_number": "1"}])
    clock.advance(days=2)
    send(oms)
    clock.advance(days=2)

    assert 99 * ["waiting"] + ["dropped"] == [each["standing"] for each in tried]
    assert [] == send(oms)
    history = oms.http.get("/sandbox/api/notifications").json()["history"]
    assert [("dropped", 100), ("dropped", 1)] == [(each["standing"], each["tries"]) for each in history]


def test_a_try_that_would_come_after_four_days_is_not_made(start: Start, receiver: Receiver, clock: Clock) -> None:
    oms = hooked(start(hook_delivery="by_hand", hook_retry_seconds=3600), receiver)
    receiver.status = 500
    oms.seed_invoiced()
    clock.advance(days=1)
    send(oms)
    clock.advance(days=2, hours=22, minutes=50)
    oms.http.put("/sandbox/api/options", json={"hook_retry_factor": 1})

    standings = []
    for _ in range(2):
        standings += [each["standing"] for each in send(oms)]
        clock.advance(hours=1)

    assert ["waiting", "dropped"] == standings


def test_an_idle_hook_is_gone_after_three_days_and_a_busy_one_stays(oms: Oms, receiver: Receiver, clock: Clock) -> None:
    hooked(oms, receiver)
    clock.advance(days=2)
    oms.seed_invoiced()
    clock.advance(days=1)
    send(oms)
    clock.advance(days=2, hours=23)
    still = oms.http.get(CONFIG).status_code
    clock.advance(hours=1)

    assert (200, 404) == (still, oms.http.get(CONFIG).status_code)


def test_time_can_be_made_to_run_faster(start: Start, receiver: Receiver, clock: Clock) -> None:
    oms = hooked(start(hook_delivery="by_hand", speed=DAY), receiver)
    clock.advance(seconds=2)
    still = oms.http.get(CONFIG).status_code
    clock.advance(seconds=1)

    assert (200, 404) == (still, oms.http.get(CONFIG).status_code)


def test_a_removed_hook_gets_nothing_more_and_a_new_address_what_waits(oms: Oms, receiver: Receiver) -> None:
    hooked(oms, receiver)
    oms.seed_invoiced()
    with receiving() as newer:
        hooked(oms, newer)
        send(oms)
        moved = newer.states()
        oms.seed(order_id="v527103anml-01", invoices=[{"invoice_number": "1"}])
        oms.http.delete(CONFIG)

        assert ([("1527103869572-01", "invoiced")], []) == (moved, send(oms))
        assert ([], 1) == (receiver.states(), len(newer.states()))


def test_an_order_can_be_announced_again(oms: Oms, receiver: Receiver) -> None:
    hooked(oms, receiver, from_orders(SHIPPED))
    oms.seed_invoiced()
    oms.seed(order_id="v527103anml-01")
    send(oms)
    paths = [f"/sandbox/api/orders/{order}/announce" for order in ("1527103869572-01", "v527103anml-01", "none")]

    answers = [oms.http.post(path) for path in paths]

    assert [(200, 1), (200, 0), (404, None)] == [(each.status_code, each.json().get("announced")) for each in answers]
    assert 1 == len(send(oms))


def test_notifications_go_out_by_themselves_and_are_tried_again(start: Start, receiver: Receiver, clock: Clock) -> None:
    oms = hooked(start(), receiver)
    receiver.statuses = [500]
    oms.seed_invoiced()
    until(lambda: [1] == [item["tries"] for item in waiting(oms)])

    clock.advance(seconds=1)

    until(lambda: 2 == len(receiver.notifications))
    until(lambda: [] == waiting(oms))


def test_reset_forgets_hooks_and_what_waits(oms: Oms, receiver: Receiver) -> None:
    hooked(oms, receiver)
    oms.seed_invoiced()

    oms.http.post("/sandbox/api/reset")

    assert (404, []) == (oms.http.get(CONFIG).status_code, send(oms))
