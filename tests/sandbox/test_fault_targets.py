"""Faults by API: which calls they hit, how often, and how they are listed."""

from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import COLLECTED, COLLECTED_ROW, LEFT, LEFT_ROW, ORDERS, Oms, Start
from tests.sandbox.faulting import FAULTS, ORDER, hits, inject, statuses


@pytest.mark.parametrize(
    ("target", "hit"),
    [
        ({}, [True, True, True]),
        ({"route": "get-order"}, [False, True, False]),
        ({"account": "mystore"}, [False, False, True]),
        ({"order_id": "1527103869572-01"}, [True, True, False]),
        ({"order_id": "1527103869572-01", "route": "put-tracking"}, [True, False, False]),
        ({"account": "mystore", "route": "get-order"}, [False, False, False]),
    ],
)
def test_a_fault_hits_the_calls_it_is_meant_for(invoiced: Oms, target: dict[str, object], hit: list[bool]) -> None:
    inject(invoiced, kind="error", status=500, **target)

    answers = [invoiced.put(COLLECTED), invoiced.http.get(ORDER), invoiced.http.get(f"/mystore{ORDERS}")]

    assert hit == [answer.status_code == 500 for answer in answers]


def test_a_count_bounds_the_hits_and_not_the_calls(invoiced: Oms) -> None:
    inject(invoiced, kind="error", status=500, count=2, route="get-order")

    invoiced.put(COLLECTED)
    assert [500, 500, 200] == statuses(invoiced, 3)
    (shown,) = invoiced.http.get(FAULTS).json()["items"]
    assert (2, 0) == (shown["hits"], shown["remaining"])


def test_chance_is_repeatable_by_its_seed(start: Start) -> None:
    def drawn(seed: int) -> list[int]:
        oms = start()
        oms.seed_invoiced()
        inject(oms, kind="error", status=500, probability=0.4, seed=seed)
        return statuses(oms, 60)

    first = drawn(7)

    assert first == drawn(7)
    assert first != drawn(8)
    assert 10 < first.count(500) < 40


def test_of_two_faults_that_answer_the_first_does_and_the_second_is_not_spent(invoiced: Oms) -> None:
    inject(invoiced, kind="error", status=500, count=1)
    inject(invoiced, kind="error", status=429, count=1)
    inject(invoiced, kind="foreign-row", description="Por telefone", count=1)

    assert [500, 429, 200] == statuses(invoiced, 3)
    assert [["error", "foreign-row"], ["error"], []] == hits(invoiced)


def test_a_fault_needs_no_key_to_hit(invoiced: Oms) -> None:
    inject(invoiced, kind="error", status=503, count=1)

    answers = [httpx.get(f"{invoiced.http.base_url}{ORDER}") for _ in range(2)]

    assert [503, 401] == [answer.status_code for answer in answers]


def test_faults_are_listed_removed_cleared_and_forgotten_by_a_reset(invoiced: Oms) -> None:
    ids = [inject(invoiced, kind="drop"), inject(invoiced, kind="revoked"), inject(invoiced, kind="malformed")]

    def listed() -> list[str]:
        return [item["kind"] for item in invoiced.http.get(FAULTS).json()["items"]]

    seen = [listed()]
    assert [204, 404] == [invoiced.http.delete(f"{FAULTS}/{ids[0]}").status_code for _ in range(2)]
    seen.append(listed())
    assert 204 == invoiced.http.delete(FAULTS).status_code
    seen.append(listed())
    inject(invoiced, kind="drop")
    invoiced.http.post("/sandbox/api/reset")
    seen.append(listed())

    assert [["drop", "revoked", "malformed"], ["revoked", "malformed"], [], []] == seen
    assert 1 == inject(invoiced, kind="drop")


def test_a_fault_is_shown_as_it_was_given_with_what_became_of_it(oms: Oms) -> None:
    given = {
        "kind": "error",
        "status": 429,
        "moment": "before",
        "body": "empty",
        "retry_after_seconds": 3,
        "retry_after_form": "date",
        "account": "demo",
        "route": "put-tracking",
        "order_id": "1",
        "probability": 0.5,
        "count": 10,
        "seed": 4,
    }

    shown = oms.http.post(FAULTS, json=given).json()
    breaker = oms.http.post(FAULTS, json={"kind": "circuit-breaker", "seconds": 1.5}).json()

    assert {**given, "id": 1, "hits": 0, "remaining": 10} == shown
    assert (5, None) == (breaker["threshold"], breaker["open_until"])


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ({}, "kind"),
        ({"kind": "flood"}, "'flood'"),
        ({"kind": "error"}, "status"),
        ({"kind": "error", "status": 302}, "greater than or equal to 400"),
        ({"kind": "error", "status": 600}, "less than or equal to 599"),
        ({"kind": "drop", "probability": 0}, "greater than 0"),
        ({"kind": "drop", "probability": 1.1}, "less than or equal to 1"),
        ({"kind": "drop", "count": 0}, "greater than or equal to 1"),
        ({"kind": "drop", "moment": "during"}, "'before' or 'after'"),
        ({"kind": "latency", "seconds": -1}, "greater than or equal to 0"),
        ({"kind": "latency", "seconds": 4000}, "less than or equal to 3600"),
        ({"kind": "drop", "status": 500}, "status"),
        ({"kind": "drop", "route": "put-trackign"}, "unknown route put-trackign; known are put-tracking"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(oms: Oms, fault: dict[str, Any], text: str) -> None:
    answer = oms.http.post(FAULTS, json=fault)

    assert 422 == answer.status_code
    assert text in answer.text
    assert [] == oms.http.get(FAULTS).json()["items"]


def test_a_page_of_another_site_cannot_add_a_fault_by_the_api(oms: Oms) -> None:
    # What a browser sends across sites without asking first is a form or plain text, never JSON by its name.
    answer = oms.http.post(FAULTS, content=b'{"kind":"drop"}', headers={"Content-Type": "text/plain"})

    assert 422 == answer.status_code
    assert [] == oms.http.get(FAULTS).json()["items"]


def test_without_faults_calls_go_as_they_should(invoiced: Oms) -> None:
    invoiced.put(COLLECTED)
    invoiced.put(LEFT)

    assert [LEFT_ROW, COLLECTED_ROW] == invoiced.rows()
    assert [[], [], []] == hits(invoiced)
