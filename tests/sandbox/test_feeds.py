"""VTEX's order feed: its configuration, what a read gives and hides, and what a commit removes."""

from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import COLLECTED, Clock, Oms, Start

CONFIG, FEED = "/api/orders/feed/config", "/api/orders/feed"
WORKFLOW = {"type": "FromWorkflow", "status": ["invoiced"]}
QUEUE = {"visibilityTimeoutInSeconds": 240, "MessageRetentionPeriodInSeconds": 345_600}


def configured(oms: Oms, filter_: object = WORKFLOW, **queue: object) -> Oms:
    answer = oms.http.post(CONFIG, json={"filter": filter_, "queue": {**QUEUE, **queue}})
    assert 200 == answer.status_code, answer.text
    return oms


def fed(oms: Oms, count: int, first: int = 0) -> None:
    for number in range(first, first + count):
        oms.seed(order_id=f"o-{number:02}", invoices=[{"invoice_number": "1"}])


def read(oms: Oms, maxlot: int = 10) -> list[Any]:
    answer = oms.http.get(FEED, params={"maxlot": maxlot})
    assert 200 == answer.status_code, answer.text
    items: list[Any] = answer.json()
    return items


def ids(items: list[Any]) -> list[str]:
    return [item["orderId"] for item in items]


def commit(oms: Oms, *items: Any) -> int:
    return oms.http.post(FEED, json={"handles": [item["handle"] for item in items]}).status_code


def quantity(oms: Oms) -> int:
    count = oms.http.get(CONFIG).json()["quantity"]
    assert isinstance(count, int)
    return count


def test_a_feed_is_configured_shown_with_its_size_and_age_and_removed(oms: Oms, clock: Clock) -> None:
    calls = [("GET", CONFIG), ("DELETE", CONFIG), ("GET", f"{FEED}?maxlot=1")]
    missing = [oms.http.request(method, path).status_code for method, path in calls]
    missing.append(commit(oms))
    configured(oms)
    fed(oms, 2)
    clock.advance(seconds=90.7)

    assert [404] * 4 == missing
    assert {
        "filter": WORKFLOW,
        "queue": QUEUE,
        "quantity": 2,
        "approximateAgeOfOldestMessageInSeconds": 90,
    } == oms.http.get(CONFIG).json()
    assert (200, 404) == (oms.http.delete(CONFIG).status_code, oms.http.get(CONFIG).status_code)


@pytest.mark.parametrize(
    ("config", "errors"),
    [
        ({"filter": WORKFLOW}, {"Queue": ["The Queue field is required."]}),
        ({"queue": QUEUE}, {"Filter": ["The Filter field is required."]}),
        ({"filter": WORKFLOW, "queue": {**QUEUE, "visibilityTimeoutInSeconds": 0}}, None),
        ({"filter": WORKFLOW, "queue": {**QUEUE, "visibilityTimeoutInSeconds": True}}, None),
        ({"filter": WORKFLOW, "queue": {**QUEUE, "MessageRetentionPeriodInSeconds": 345_599}}, None),
        ({"filter": WORKFLOW, "queue": {**QUEUE, "MessageRetentionPeriodInSeconds": 1_209_601}}, None),
        ({"filter": WORKFLOW, "queue": {"visibilityTimeoutInSeconds": 240}}, None),
    ],
)
def test_a_configuration_that_vtex_would_not_take_is_refused(oms: Oms, config: object, errors: object) -> None:
    answer = oms.http.post(CONFIG, json=config)

    assert 400 == answer.status_code
    assert errors in (None, answer.json()["errors"])
    assert 404 == oms.http.get(CONFIG).status_code


@pytest.mark.parametrize("retention", [345_600, 1_209_600])
def test_the_retention_is_taken_in_either_spelling_up_to_its_ends(oms: Oms, retention: int) -> None:
    queue = {"visibilityTimeoutInSeconds": 240, "messageRetentionPeriodInSeconds": retention}

    assert 200 == oms.http.post(CONFIG, json={"filter": WORKFLOW, "queue": queue}).status_code
    assert retention == oms.http.get(CONFIG).json()["queue"]["MessageRetentionPeriodInSeconds"]


@pytest.mark.parametrize("query", ["", "?maxlot=0", "?maxlot=11", "?maxlot=-1", "?maxlot=ten", "?maxlot=" + "1" * 99])
def test_a_read_says_how_many_from_one_to_ten(oms: Oms, query: str) -> None:
    answer = configured(oms).http.get(FEED + query)

    assert (400, ["maxlot"]) == (answer.status_code, list(answer.json()["errors"]))


def test_an_item_tells_state_and_times_as_vtex_does(oms: Oms) -> None:
    configured(oms)
    oms.seed_invoiced(invoiced_at="2026-03-04T10:00:00Z")

    (item,) = read(oms)

    assert (32, True) == (len(item.pop("eventId")), len(item.pop("handle")) > 32)
    assert {
        "domain": "Fulfillment",
        "state": "invoiced",
        "lastState": "invoice",
        "orderId": "1527103869572-01",
        "lastChange": "2026-03-04T09:00:00.0000000Z",
        "currentChange": "2026-03-04T18:04:31.0521230Z",
    } == item


def test_what_was_read_is_hidden_until_committed_or_shown_again_under_another_handle(oms: Oms, clock: Clock) -> None:
    configured(oms, visibilityTimeoutInSeconds=30)
    fed(oms, 3)
    first = read(oms, 2)
    rest = read(oms)
    none = read(oms)
    commit(oms, first[0])
    clock.advance(seconds=29)
    still_none = read(oms)
    clock.advance(seconds=1)
    again = read(oms)

    assert (["o-00", "o-01"], ["o-02"], [], []) == (ids(first), ids(rest), none, still_none)
    assert ["o-01", "o-02"] == sorted(ids(again))
    assert {first[1]["eventId"], rest[0]["eventId"]} == {item["eventId"] for item in again}
    assert not {item["handle"] for item in (*first, *rest)} & {item["handle"] for item in again}
    assert 200 == commit(oms, first[1], {"handle": "unknown"})
    assert 2 == quantity(oms), "a handle of an earlier read commits nothing"
    commit(oms, *again, *again)
    assert 0 == quantity(oms)


def test_a_commit_after_the_item_shows_again_still_counts_until_someone_reads_it(oms: Oms, clock: Clock) -> None:
    configured(oms, visibilityTimeoutInSeconds=1)
    fed(oms, 1)
    (item,) = read(oms)
    clock.advance(seconds=2)

    commit(oms, item)

    assert (0, []) == (quantity(oms), read(oms))


@pytest.mark.parametrize("body", [{}, [], {"handles": "one"}, {"handles": [1]}])
def test_a_commit_without_a_list_of_handles_is_refused(oms: Oms, body: object) -> None:
    assert 400 == configured(oms).http.post(FEED, json=body).status_code


def test_duplicates_random_order_and_short_reads_come_when_switched_on(start: Start) -> None:
    oms = configured(start(duplicate_share=1, feed_shuffled=True, feed_short_share=1))
    fed(oms, 5)
    seen: list[Any] = []
    lengths = []
    for _ in range(200):
        items = read(oms)
        lengths.append(len(items))
        seen += items
        commit(oms, *items)

    assert ids(seen) != sorted(ids(seen))
    assert (9, 1) == (len(seen), quantity(oms)), "of what there is, one at least is held back"
    assert max(lengths) < 10
    oms.http.put("/sandbox/api/options", json={"feed_short_share": 0})
    seen += read(oms)
    assert 10 == len(seen)
    assert 5 == len({item["eventId"] for item in seen}), "a duplicate has its twin's event id"


def test_items_expire_after_their_retention_and_the_feed_with_the_last_event(oms: Oms, clock: Clock) -> None:
    configured(oms)
    fed(oms, 1)
    clock.advance(days=3)
    fed(oms, 1, first=1)
    clock.advance(days=1)
    left = quantity(oms)
    clock.advance(days=3, seconds=-1)
    still = oms.http.get(CONFIG).status_code
    clock.advance(seconds=1)

    assert (1, 200, 404) == (left, still, oms.http.get(CONFIG).status_code)


def test_a_new_configuration_keeps_what_is_in_the_queue(oms: Oms) -> None:
    configured(oms)
    fed(oms, 2)
    held = read(oms, 1)

    configured(oms, {"type": "FromOrders", "expression": "status = 'canceled'", "disableSingleFire": True})

    commit(oms, *held)
    assert ["o-00", "o-01"] == ids(read(oms))


def test_a_feed_hears_of_documents_and_says_so_in_the_sandboxs_own_api(oms: Oms) -> None:
    finished = "packageAttachment.packages.courierStatus.finished = true"
    configured(oms, {"type": "FromOrders", "expression": finished, "disableSingleFire": True})
    oms.seed_invoiced()
    oms.put(COLLECTED)
    oms.put(COLLECTED, isDelivered=True)
    commit(oms, *read(oms))

    (feed,) = oms.http.get("/sandbox/api/feeds").json()["items"]

    assert ("demo", 0, 0, 1, 0) == tuple(
        feed[name] for name in ("account", "quantity", "visible", "committed", "expired")
    )


def test_an_expression_can_be_tried_on_a_document(oms: Oms) -> None:
    def tried(expression: object, document: object) -> httpx.Response:
        body = {"Expression": expression, "Document": document}
        return oms.http.post("/api/orders/expressions/jsonata", json=body)

    assert tried('status = "invoiced"', '{"status": "invoiced"}').json() is True
    assert tried('status = "invoiced"', '{"status": "canceled"}').json() is False
    refused = [tried("$sum(a)", "{}"), tried("a", "{"), tried("a", {}), tried(None, "{}")]
    assert [400] * 4 == [answer.status_code for answer in refused]
