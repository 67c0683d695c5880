"""Faults by API: what each does to a call."""

import asyncio
import time

import httpx
import pytest

from app.sandbox import create_sandbox
from tests.sandbox.conftest import COLLECTED, COLLECTED_ROW, ORDERS, TARGET, Clock, Oms, Start
from tests.sandbox.faulting import FAULTS, ORDER, held_rows, hits, inject, statuses


@pytest.mark.parametrize(("moment", "rows"), [("before", []), ("after", ["Coletado"])])
def test_a_dropped_connection_ends_without_a_byte(invoiced: Oms, moment: str, rows: list[str]) -> None:
    inject(invoiced, kind="drop", moment=moment, count=1)

    with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
        invoiced.put(COLLECTED)

    assert rows == held_rows(invoiced)
    (entry,) = invoiced.journal()
    assert (None, [{"id": 1, "kind": "drop", "moment": moment, "detail": ""}]) == (entry["status"], entry["faults"])
    assert 200 == invoiced.put(COLLECTED).status_code


@pytest.mark.parametrize("status", [400, 403, 404, 408, 418, 429, 500, 502, 503, 504, 599])
def test_any_status_from_400_can_be_answered_before_the_call_takes_effect(invoiced: Oms, status: int) -> None:
    inject(invoiced, kind="error", status=status)

    answer = invoiced.put(COLLECTED)

    assert (status, "1") == (answer.status_code, answer.json()["error"]["code"])
    assert [] == held_rows(invoiced)


def test_an_error_can_hide_that_the_call_took_effect(invoiced: Oms) -> None:
    inject(invoiced, kind="error", status=504, moment="after")

    assert 504 == invoiced.put(COLLECTED).status_code
    assert ["Coletado"] == held_rows(invoiced)


@pytest.mark.parametrize(
    ("form", "retry_after"),
    [
        ({}, None),
        ({"retry_after_seconds": 7}, "7"),
        ({"retry_after_seconds": 90, "retry_after_form": "date"}, "Wed, 04 Mar 2026 18:06:01 GMT"),
    ],
)
def test_retry_after_is_seconds_or_a_date_or_absent(
    invoiced: Oms, form: dict[str, object], retry_after: str | None
) -> None:
    inject(invoiced, kind="error", status=429, **form)

    assert retry_after == invoiced.put(COLLECTED).headers.get("retry-after")


def test_an_error_can_be_a_proxys_page_or_broken_or_empty(invoiced: Oms) -> None:
    for body in ("html", "malformed", "empty"):
        inject(invoiced, kind="error", status=502, body=body, count=1)

    page, broken, empty = (invoiced.http.get(ORDER) for _ in range(3))

    assert "text/html; charset=utf-8" == page.headers["content-type"]
    assert "<h1>502 Bad Gateway</h1>" in page.text
    assert ("application/json; charset=utf-8", b'{"error": {') == (broken.headers["content-type"], broken.content[:11])
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        broken.json()
    assert (b"", None) == (empty.content, empty.headers.get("content-type"))
    assert [page.text, broken.text, None] == [entry["refusal"] for entry in invoiced.journal()]


def test_a_malformed_answer_belongs_to_a_call_that_took_effect(invoiced: Oms) -> None:
    inject(invoiced, kind="malformed")

    answer = invoiced.put(COLLECTED)

    assert (200, ["Coletado"]) == (answer.status_code, held_rows(invoiced))
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        answer.json()


def test_a_slow_body_comes_bit_by_bit_after_its_status(invoiced: Oms) -> None:
    inject(invoiced, kind="slow-body", seconds=0.3, count=1)

    with invoiced.http.stream("GET", ORDER) as answer:
        started = time.monotonic()
        pieces = [piece for piece in answer.iter_raw() if piece]
        took = time.monotonic() - started

    assert 200 == answer.status_code
    assert took > 0.2
    assert len(pieces) > 1
    assert invoiced.http.get(ORDER).content == b"".join(pieces)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_latency_makes_a_call_wait(invoiced: Oms, moment: str) -> None:
    inject(invoiced, kind="latency", seconds=0.05, moment=moment, count=1)
    inject(invoiced, kind="latency", seconds=0.05, moment=moment, count=1)

    assert 200 == invoiced.put(COLLECTED).status_code
    assert ["Coletado"] == held_rows(invoiced)
    (entry,) = invoiced.journal()
    # The event loop counts in whole milliseconds: each of the two waits may end within the last one.
    assert entry["duration_ms"] >= 98


def test_a_call_that_its_client_gave_up_takes_effect_all_the_same(invoiced: Oms) -> None:
    inject(invoiced, kind="latency", seconds=0.3, count=1)

    with pytest.raises(httpx.ReadTimeout):
        invoiced.http.put(TARGET, json={"events": [COLLECTED]}, timeout=0.05)
    assert [] == held_rows(invoiced)

    deadline = time.monotonic() + 10
    while not invoiced.journal() and time.monotonic() < deadline:
        pass
    assert ["Coletado"] == held_rows(invoiced)


def test_a_revoked_key_is_refused_in_its_account_and_no_other(invoiced: Oms) -> None:
    fault = inject(invoiced, kind="revoked", account="demo")

    refused, other = invoiced.http.get(ORDER), invoiced.http.get(f"/mystore{ORDERS}")
    invoiced.http.delete(f"{FAULTS}/{fault}")

    assert (401, "Unauthorized access") == (refused.status_code, refused.json()["error"]["message"])
    assert [200, 200] == [other.status_code, invoiced.http.get(ORDER).status_code]


def test_late_reads_show_what_an_account_held_before(invoiced: Oms, clock: Clock) -> None:
    invoiced.seed(account="mystore", order_id="v527103anml-01", invoices=[{"invoice_number": "1"}])
    clock.advance(seconds=1)
    inject(invoiced, kind="read-delay", seconds=10, account="demo")
    invoiced.put(COLLECTED)
    invoiced.http.put(f"/mystore{ORDERS}/v527103anml-01/invoice/1/tracking", json={"events": [COLLECTED]})

    other = invoiced.http.get(f"/mystore{ORDERS}/v527103anml-01").json()["packageAttachment"]["packages"][0]
    seen = [invoiced.rows()]
    clock.advance(seconds=9)
    seen.append(invoiced.rows())
    clock.advance(seconds=2)
    seen.append(invoiced.rows())

    assert [[], [], [COLLECTED_ROW]] == seen
    assert 1 == len(other["courierStatus"]["data"])


@pytest.mark.parametrize(
    ("moment", "mode", "rows"),
    [
        ("before", "append", ["Coletado", "Por telefone"]),
        ("before", "replace", ["Coletado"]),
        ("after", "replace", ["Coletado", "Por telefone"]),
    ],
)
def test_another_writer_adds_a_row_before_or_after_the_call(
    start: Start, moment: str, mode: str, rows: list[str]
) -> None:
    oms = start(mode=mode)
    oms.seed_invoiced()
    inject(oms, kind="foreign-row", moment=moment, description="Por telefone", route="put-tracking")

    oms.put(COLLECTED)

    assert rows == sorted(held_rows(oms))


def test_another_writer_writes_to_the_first_package_of_an_order_that_is_read_and_to_nothing_else(oms: Oms) -> None:
    inject(oms, kind="foreign-row")
    assert 404 == oms.http.get(ORDER).status_code
    oms.seed(order_id="1527103869572-01", invoices=[{"invoice_number": "9", "type": "Input"}, {"invoice_number": "2"}])
    oms.http.get(ORDERS)

    returned, sold = oms.order()["packageAttachment"]["packages"]

    assert ([], ["Atualizado por outro sistema"]) == tuple(
        [row["description"] for row in package["courierStatus"]["data"]] for package in (returned, sold)
    )
    assert [[], [], ["foreign-row"]] == hits(oms)


def test_a_circuit_breaker_opens_after_failures_in_a_row_and_closes_by_itself(invoiced: Oms, clock: Clock) -> None:
    inject(invoiced, kind="circuit-breaker", threshold=3, seconds=30)
    inject(invoiced, kind="error", status=500, count=2)
    assert [500, 500, 200] == statuses(invoiced, 3), "a success between them starts the count anew"

    inject(invoiced, kind="error", status=502, count=3)
    inject(invoiced, kind="drop", count=1)
    assert [502, 502, 502, 503, 503] == statuses(invoiced, 5)
    clock.advance(seconds=30)
    with pytest.raises(httpx.RemoteProtocolError):
        invoiced.http.get(ORDER)

    assert [200, 200] == statuses(invoiced, 2)
    assert 2 == invoiced.http.get(FAULTS).json()["items"][0]["hits"]
    assert [["circuit-breaker"]] * 2 == hits(invoiced)[6:8]


def test_a_circuit_breaker_counts_and_refuses_the_calls_it_is_meant_for(invoiced: Oms) -> None:
    inject(invoiced, kind="circuit-breaker", threshold=1, seconds=30, account="mystore")
    inject(invoiced, kind="error", status=500, count=1)
    inject(invoiced, kind="error", status=500, account="mystore", count=1)

    other = [invoiced.http.get(f"/mystore{ORDERS}").status_code for _ in range(2)]

    assert [500, 503] == other
    assert [200] == statuses(invoiced, 1)


def test_a_body_that_is_empty_cannot_be_slow(invoiced: Oms) -> None:
    inject(invoiced, kind="slow-body", seconds=3600)

    answer = invoiced.http.delete(ORDERS)

    assert (404, b"") == (answer.status_code, answer.content)


def test_a_server_whose_connections_cannot_be_reached_says_so(clock: Clock) -> None:
    app = create_sandbox(now=clock)

    async def call() -> None:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://sandbox.example") as client:
            await client.post(FAULTS, json={"kind": "drop"})
            await client.get(ORDERS)

    with pytest.raises(TypeError, match="only under uvicorn can the sandbox drop a connection"):
        asyncio.run(call())
