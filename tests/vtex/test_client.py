"""Calls to VTEX: what is sent, and what each answer means."""

import asyncio
import gc
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.egress import Egress
from app.vtex import Answered, Client, Outcome
from tests.forwarder.making import KEY, account

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 10, tzinfo=UTC)
BODY = {"isDelivered": False, "deliveredDate": None, "events": [{"city": "", "description": "Em trânsito"}]}
Answer = Callable[[httpx.Request], httpx.Response]


async def call(answer: Answer, *, order: str = "v1-01", invoice: str | None = "45781", **more: Any) -> Answered:
    async with Egress(transport=httpx.MockTransport(answer)) as egress:
        client = Client(account(**more), egress, lambda: NOW)
        if invoice is None:
            return await client.get_order(order)
        return await client.put_tracking(order, invoice, BODY)


def answering(status: int, body: Any = None, **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda _: httpx.Response(status, content=content, headers=headers)


async def test_nothing_is_kept_of_what_vtex_answers() -> None:
    numbers = count()

    def answer(_: httpx.Request) -> httpx.Response:
        number = next(numbers)
        receipt = {"date": f"2026-03-10T00:00:00.{number:07}Z", "orderId": f"v{number}-01", "receipt": f"{number:032x}"}
        return httpx.Response(200, json=receipt)

    async with Egress(transport=httpx.MockTransport(answer)) as egress:
        client = Client(account(), egress, lambda: NOW)

        async def blocks_after(calls: int) -> int:
            for _ in range(calls):
                assert Outcome.APPLIED is (await client.put_tracking("v1-01", "45781", BODY)).outcome
                # Timers that were cancelled are forgotten by the event loop's next round.
                await asyncio.sleep(0)
            gc.collect()
            return sys.getallocatedblocks()

        before = await blocks_after(100)
        assert await blocks_after(1000) - before < 300


async def test_a_request_is_what_vtex_documents() -> None:
    seen: list[httpx.Request] = []

    def keep(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"date": "2026-03-10", "orderId": "00-v1-01", "receipt": "0f3b"})

    answered = await call(keep, order="v1/../01", invoice="000045781")
    await call(keep, order="v1-01", invoice=None)

    put, get = seen
    assert ("PUT", "/api/oms/pvt/orders/v1%2F..%2F01/invoice/000045781/tracking") == (
        put.method,
        put.url.raw_path.decode(),
    )
    assert ("GET", "/api/oms/pvt/orders/v1-01") == (get.method, get.url.raw_path.decode())
    assert ("application/json", "application/json", KEY, "token") == tuple(
        put.headers[name] for name in ("content-type", "accept", "x-vtex-api-appkey", "x-vtex-api-apptoken")
    )
    assert json.loads(put.content) == BODY
    assert "trânsito".encode() in put.content
    receipted_at = datetime(2026, 3, 10, tzinfo=UTC)
    assert Answered(outcome=Outcome.APPLIED, status=200, receipt="0f3b", receipted_at=receipted_at) == answered


@given(order=st.text(max_size=8), invoice=st.text("./%?#\\ 1a", max_size=4))
@example(order="..", invoice="..")
@example(order="", invoice="1")
@example(order="../..", invoice=".")
async def test_whatever_an_order_or_invoice_is_called_it_stays_one_segment_of_the_path(
    order: str, invoice: str
) -> None:
    seen: list[str] = []

    def keep(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.raw_path.decode())
        return httpx.Response(404)

    answered = await call(keep, order=order, invoice=invoice)

    if {order, invoice} & {"", ".", ".."}:
        assert ([], Outcome.REFUSED) == (seen, answered.outcome)
    else:
        expected = f"/api/oms/pvt/orders/{quote(order, safe='')}/invoice/{quote(invoice, safe='')}/tracking"
        assert [expected] == seen


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.APPLIED),
        (204, Outcome.UNKNOWN),
        (302, Outcome.UNKNOWN),
        (400, Outcome.REFUSED),
        (401, Outcome.UNAUTHORISED),
        (403, Outcome.FORBIDDEN),
        (404, Outcome.MISSING),
        (408, Outcome.UNKNOWN),
        (409, Outcome.REFUSED),
        (415, Outcome.REFUSED),
        (425, Outcome.NOT_APPLIED),
        (429, Outcome.NOT_APPLIED),
        (500, Outcome.UNKNOWN),
        (502, Outcome.UNKNOWN),
        (503, Outcome.UNKNOWN),
    ],
)
async def test_a_status_says_whether_the_call_took_effect(status: int, outcome: Outcome) -> None:
    answered = await call(answering(status, b'"words"'))

    assert (outcome, status) == (answered.outcome, answered.status)


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ReadTimeout, httpx.RemoteProtocolError, TimeoutError])
async def test_without_an_answer_nothing_is_known(error: type[Exception]) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error("gone")

    answered = await call(fail)

    assert (Outcome.UNKNOWN, None) == (answered.outcome, answered.status)
    assert answered.detail


@pytest.mark.parametrize("body", [b"", b" ", b'{"receipt": 1}', b"[]", b"null"])
async def test_a_receipt_of_another_form_does_not_undo_a_200(body: bytes) -> None:
    assert Outcome.APPLIED is (await call(answering(200, body))).outcome


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html>log in</html>", "<html>log in</html>"),
        (b'{"date": "2026-03-1', '{"date": "2026-03-1'),
        (b"\xff", "\ufffd"),
        (b"x" * 70_000, "x" * 2048),
    ],
)
async def test_a_200_that_is_no_json_did_not_come_from_vtex_and_tells_nothing(body: bytes, words: str) -> None:
    answered = await call(answering(200, body))

    assert (Outcome.UNKNOWN, 200, words) == (answered.outcome, answered.status, answered.detail)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("1", 1.0),
        (" 90 ", 90.0),
        ("0", 0.0),
        ("99999999999999999999999", 3600.0),
        ("Tue, 10 Mar 2026 00:02:00 GMT", 120.0),
        ("Mon, 09 Mar 2026 00:00:00 GMT", 0.0),
        ("Tue, 10 Mar 2099 00:00:00 GMT", 3600.0),
        ("-1", None),
        ("soon", None),
        ("1.5", None),
        ("", None),
        ("²", None),
        ("Tue, 10 Mar 99999 00:00:00 GMT", None),
    ],
)
async def test_the_wait_that_vtex_asks_for_is_read_in_both_its_forms_and_is_an_hour_at_most(
    value: str, seconds: float | None
) -> None:
    def asks(_: httpx.Request) -> httpx.Response:
        return httpx.Response(429, headers=[(b"retry-after", value.encode("latin-1"))])

    answered = await call(asks)

    assert seconds == answered.retry_after
    assert answered.retry_after is None or timedelta(seconds=answered.retry_after) <= timedelta(hours=1)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"code": "OMS007", "message": "Order Not Found", "exception": None}}, "OMS007: Order Not Found"),
        (b"An error has  occurred\n", "An error has occurred"),
        ({"title": "Bad Request"}, '{"title": "Bad Request"}'),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"x" * 9000, "x" * 2048),
    ],
)
async def test_vtex_s_words_are_kept_whatever_form_they_have(body: Any, words: str) -> None:
    assert words == (await call(answering(400, body))).detail


async def test_an_order_is_read_or_it_is_said_why_not() -> None:
    found = await call(answering(200, {"orderId": "v1-01"}), invoice=None)
    unreadable = await call(answering(200, b"<html>"), invoice=None)
    missing = await call(answering(404, {"error": {"code": "OMS007", "message": "Order Not Found"}}), invoice=None)
    endless = await call(answering(200, b"[" + b" " * 9 * 1024 * 1024), invoice=None)

    assert found.order is not None
    assert "v1-01" == found.order.order_id
    assert (Outcome.UNKNOWN, None) == (unreadable.outcome, unreadable.order)
    assert (Outcome.MISSING, None) == (missing.outcome, missing.order)
    assert (Outcome.UNKNOWN, "the order is larger than 8 MiB") == (endless.outcome, endless.detail)


async def test_an_address_that_must_not_be_called_is_refused_for_good() -> None:
    async with Egress() as egress:
        client = Client(account().__class__(name="x", base_url="ftp://vtex.example", app_key="", app_token=""), egress)
        answered = await client.put_tracking("v1-01", "1", BODY)

    assert Outcome.REFUSED is answered.outcome
