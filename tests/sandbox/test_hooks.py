"""VTEX's order hook: its configuration, what it is sent, and how it is tried again."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from app.sandbox import Credential
from tests.sandbox.conftest import COLLECTED, KEYS, Clock, Oms, Start
from tests.sandbox.receiver import Receiver, receiving

CONFIG = "/api/orders/hook/config"
WORKFLOW = {"type": "FromWorkflow", "status": ["invoiced"]}
SHIPPED = "$count(packageAttachment.packages[trackingNumber != null]) > 0"
DAY = 24 * 3600


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as server:
        yield server


@pytest.fixture
def oms(start: Start) -> Oms:
    return start(hook_delivery="by_hand")


def from_orders(expression: str, **fields: object) -> dict[str, object]:
    return {"type": "FromOrders", "expression": expression, **fields}


def configure(oms: Oms, receiver: Receiver, filter_: object = WORKFLOW, **headers: str) -> httpx.Response:
    return oms.http.post(CONFIG, json={"filter": filter_, "hook": {"url": receiver.url, "headers": headers}})


def hooked(oms: Oms, receiver: Receiver, filter_: object = WORKFLOW, **headers: str) -> Oms:
    answer = configure(oms, receiver, filter_, **headers)
    assert 200 == answer.status_code, answer.text
    receiver.received.clear()
    return oms


def send(oms: Oms, **query: object) -> list[Any]:
    answer = oms.http.post(
        "/sandbox/api/notifications/send", params={name: str(value) for name, value in query.items()}
    )
    assert 200 == answer.status_code
    items: list[Any] = answer.json()["items"]
    return items


def waiting(oms: Oms) -> list[Any]:
    items: list[Any] = oms.http.get("/sandbox/api/notifications").json()["items"]
    return items


def until(fact: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_hook_is_pinged_with_its_headers_then_shown_and_removed(oms: Oms, receiver: Receiver) -> None:
    missing = [oms.http.get(CONFIG).status_code, oms.http.delete(CONFIG).status_code]

    saved = configure(oms, receiver, WORKFLOW, key="a-shared-secret")
    ((ping, headers),) = receiver.received
    shown = oms.http.get(CONFIG).json()
    removed = [oms.http.delete(CONFIG).status_code, oms.http.get(CONFIG).status_code]

    assert ([404, 404], 200, [200, 404]) == (missing, saved.status_code, removed)
    assert ({"hookConfig": "ping"}, "a-shared-secret") == (ping, headers["key"])
    assert {"filter": WORKFLOW, "hook": {"url": receiver.url, "headers": {"key": "a-shared-secret"}}} == shown
    assert shown == saved.json()


@pytest.mark.parametrize("status", [201, 204, 302, 401, 500])
def test_a_ping_that_is_not_answered_200_saves_nothing(oms: Oms, receiver: Receiver, status: int) -> None:
    hooked(oms, receiver)
    receiver.statuses = [status]

    answer = configure(oms, receiver, {"type": "FromWorkflow", "status": ["handling"]})

    assert (400, "Unable to check address") == (answer.status_code, answer.json()["errors"]["hook.url"][0])
    assert WORKFLOW == oms.http.get(CONFIG).json()["filter"], "what was there stays"


def test_an_address_that_nobody_listens_on_cannot_be_checked(oms: Oms) -> None:
    with receiving() as gone:
        url = gone.url

    answer = oms.http.post(CONFIG, json={"filter": WORKFLOW, "hook": {"url": url}})

    assert (400, {"hook.url": ["Unable to check address"]}) == (answer.status_code, answer.json()["errors"])


@pytest.mark.parametrize(
    ("hook_http", "url"),
    [
        ("never", "http://127.0.0.1:9/"),
        ("loopback", "http://192.0.2.1/"),
        ("loopback", "http://relay.example/"),
        ("loopback", "http://127.0.0.1.relay.example/"),
        ("loopback", "http://127.0.0.1@192.0.2.1/"),
        ("anywhere", "ftp://relay.example/"),
        ("anywhere", "relay.example/hook"),
        ("anywhere", "http:///hook"),
        ("anywhere", "http://[::1"),
    ],
)
def test_only_https_is_taken_and_http_where_an_option_allows_it(start: Start, hook_http: str, url: str) -> None:
    answer = start(hook_http=hook_http).http.post(CONFIG, json={"filter": WORKFLOW, "hook": {"url": url}})

    assert (400, {"hook.url": ["Only https scheme is accepted"]}) == (answer.status_code, answer.json()["errors"])


@pytest.mark.parametrize(
    ("config", "status", "place"),
    [
        ([], 400, "$"),
        ({}, 400, "Filter"),
        ({"filter": WORKFLOW}, 400, "Hook"),
        ({"filter": {"status": ["invoiced"]}}, 400, "filter.type"),
        ({"filter": {"type": "FromWorkflow"}}, 400, "filter.status"),
        ({"filter": {"type": "FromOrders"}}, 400, "filter.expression"),
        ({"filter": from_orders("a", disableSingleFire="yes")}, 400, "filter.disableSingleFire"),
        ({"filter": {**WORKFLOW, "expression": "a = 1"}}, 409, "filter"),
        ({"filter": {**WORKFLOW, "disableSingleFire": False}}, 409, "filter"),
        ({"filter": from_orders("a = 1", status=["invoiced"])}, 409, "filter"),
        ({"filter": WORKFLOW, "hook": {"url": ""}}, 400, "hook.url"),
        ({"filter": WORKFLOW, "hook": {"url": "https://a.example", "headers": {"a b": "c"}}}, 400, "hook.headers"),
        ({"filter": WORKFLOW, "hook": {"url": "https://a.example", "headers": {"k": "é"}}}, 400, "hook.headers"),
        (
            {"filter": WORKFLOW, "hook": {"url": "https://a.example", "headers": {"k": "a\r\nb: c"}}},
            400,
            "hook.headers",
        ),
        ({"filter": WORKFLOW, "hook": {"url": "https://a.example", "headers": ["k"]}}, 400, "hook.headers"),
    ],
)
def test_a_configuration_that_vtex_would_not_take_is_refused(oms: Oms, config: object, status: int, place: str) -> None:
    answer = oms.http.post(CONFIG, json=config)

    assert (status, [place]) == (answer.status_code, list(answer.json()["errors"]))
    assert "application/problem+json; charset=utf-8" == answer.headers["content-type"]


def test_a_key_has_one_hook_and_another_key_another(oms: Oms, receiver: Receiver) -> None:
    hooked(oms, receiver)
    hooked(oms, receiver, from_orders(SHIPPED))
    other = {**KEYS, "X-VTEX-API-AppKey": "vtexappkey-demo-OTHER"}
    unknown = oms.http.get(CONFIG, headers=other).status_code
    body = {"filter": WORKFLOW, "hook": {"url": receiver.url}}

    assert 200 == oms.http.post(CONFIG, json=body, headers=other).status_code
    hooks = oms.http.get("/sandbox/api/hooks").json()["items"]
    assert (404, ["FromOrders", "FromWorkflow"]) == (unknown, [hook["filter"]["type"] for hook in hooks])
    assert 404 == oms.http.get(f"/mystore{CONFIG}").status_code


@pytest.mark.parametrize(
    ("resources", "method", "status"),
    [
        (frozenset({"feed-hook-view"}), "GET", 404),
        (frozenset({"feed-hook-view"}), "DELETE", 403),
        (frozenset({"feed-hook-admin"}), "DELETE", 404),
        (frozenset({"feed-hook-admin"}), "GET", 403),
    ],
)
def test_a_keys_role_decides_what_it_may_do(start: Start, resources: frozenset[str], method: str, status: int) -> None:
    key, token = KEYS.values()
    oms = start(credentials=(Credential(account="demo", app_key=key, app_token=token, resources=resources),))

    assert status == oms.http.request(method, CONFIG).status_code
    unknown = httpx.get(f"{oms.http.base_url}{CONFIG}", headers={**KEYS, "X-VTEX-API-AppToken": "wrong"})
    assert (401, "Unauthorized") == (unknown.status_code, unknown.json()["title"])


def test_what_a_hook_sends_as_its_key_is_not_in_the_journal(oms: Oms, receiver: Receiver) -> None:
    hooked(oms, receiver, WORKFLOW, key="a-shared-secret")

    assert {"key": "***"} == oms.journal()[0]["body"]["hook"]["headers"]
    assert "a-shared-secret" not in oms.http.get("/sandbox/api/hooks").text
    assert "a-shared-secret" not in oms.http.get("/journal").text


def test_the_answer_to_a_configuration_may_be_the_one_of_the_reference(start: Start, receiver: Receiver) -> None:
    answer = configure(start(config_answer="notification"), receiver).json()

    assert {"Domain", "OrderId", "State", "LastState", "LastChange", "CurrentChange", "Origin"} == set(answer)


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
