"""Whoever was refused too often is not read for a while, and nobody gets more turns by sending faster."""

import asyncio
import gc
from functools import partial
from ipaddress import ip_network
from itertools import pairwise
from typing import Any

import pytest
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from app.web import Budgets, LimitedProtocol, Limits
from app.web.plain import Refusal
from app.web.turns import Turns
from tests.web.conftest import Start
from tests.web.stage import Relay
from tests.web.test_connections import ASK, Answering, serving
from tests.web.test_limits import Seconds, seconds

__all__ = ["seconds"]

REFUSED, OTHER = "127.0.0.2", "127.0.0.3"
LONG, SHORT = 3600.0, 0.001
SHORTEST = b"GET / HTTP/1.1\r\n\r\n"
FEW_BYTES = 4096
"""How much of what a connection sent is parsed before the others have their turn."""


def spent(seconds: Seconds, longest: float) -> Budgets:
    """Remember one address that was refused too often."""
    budgets = Budgets(1, seconds, longest_wait_seconds=longest)
    budgets.charge(REFUSED)
    return budgets


@pytest.mark.anyio
class TestConnections:
    async def test_nothing_is_read_of_an_address_that_was_refused_too_often(self, seconds: Seconds) -> None:
        answering = Answering()
        async with serving(answering, (), spent(seconds, LONG)) as connect:
            (await connect(REFUSED)).writer.write(ASK)
            other = await connect(OTHER)

            assert [204] * 20 == [await other.ask() for _ in range(20)]
            for _ in range(20):
                await answering.asked.acquire()
            assert answering.asked.locked()

    async def test_it_is_read_when_its_wait_is_over(self, seconds: Seconds) -> None:
        async with serving(Answering(), (), spent(seconds, SHORT)) as connect:
            refused = await connect(REFUSED)

            assert [204] * 3 == [await refused.ask() for _ in range(3)]

    async def test_a_connection_that_is_kept_waits_as_well(self, seconds: Seconds) -> None:
        budgets = Budgets(1, seconds, longest_wait_seconds=LONG)
        async with serving(Answering(), (), budgets) as connect:
            refused, other = await connect(REFUSED), await connect(OTHER)
            budgets.charge(REFUSED)
            assert 204 == await refused.ask()
            refused.writer.write(ASK)

            assert [204] * 20 == [await other.ask() for _ in range(20)]
            assert b"" == refused.reader._buffer  # noqa: SLF001 - what came so far

    async def test_proxies_and_those_that_proved_themselves_do_not_wait(self, seconds: Seconds) -> None:
        proven = spent(seconds, LONG)
        proven.prove(REFUSED)
        async with serving(Answering(), (), proven) as connect:
            assert 204 == await (await connect(REFUSED)).ask()
        async with serving(Answering(), (ip_network("127.0.0.0/8"),), spent(seconds, LONG)) as connect:
            assert 204 == await (await connect(REFUSED)).ask()

    async def test_more_of_its_connections_than_may_wait_are_closed_unread(self, seconds: Seconds) -> None:
        async with serving(Answering(), (), spent(seconds, LONG), refused_connections=2) as connect:
            waiting = [await connect(REFUSED), await connect(REFUSED)]
            assert b"" == await (await connect(REFUSED)).until_closed()

            assert 204 == await (await connect(OTHER)).ask()
            assert not any(each.reader.at_eof() for each in waiting)

    async def test_those_that_wait_are_the_first_to_lose_their_places(self, seconds: Seconds) -> None:
        async with serving(Answering(), (), spent(seconds, LONG), connections=2) as connect:
            idle, waiting = await connect(OTHER), await connect(REFUSED)

            assert 204 == await (await connect(OTHER)).ask()
            assert b"" == await waiting.until_closed()
            assert 204 == await idle.ask()

    @pytest.mark.parametrize(
        ("sent", "cause"),
        [
            (b"\x16\x03\x01\r\n\r\n", "no-http"),
            (b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000, "head-too-large"),
        ],
    )
    async def test_what_the_server_itself_refuses_is_charged_and_counted_and_no_line_is_written_of_it(
        self, seconds: Seconds, sent: bytes, cause: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        budgets, counted = Budgets(1, seconds, longest_wait_seconds=LONG), list[str]()
        async with serving(Answering(), (), budgets, counted.append, refused_connections=1) as connect:
            refused = await connect(REFUSED)
            refused.writer.write(sent)
            assert (await refused.until_closed()).startswith(b"HTTP/1.1 4")
            assert b"" == [await connect(REFUSED), await (await connect(REFUSED)).until_closed()][1]

        assert counted == [cause, "left-unread", "closed-unread"]
        assert budgets.is_spent(REFUSED)
        assert not budgets.is_spent(OTHER)
        assert [] == [record for record in caplog.records if "Invalid" in record.getMessage()]

    async def test_of_many_requests_that_wait_for_no_answer_few_are_parsed_at_a_time(self) -> None:
        answering = Answering()
        answering.may_answer.clear()
        gc.collect()
        async with serving(answering) as connect:
            hasty, other = await connect(), await connect()
            hasty.writer.write(SHORTEST * 5000)
            await answering.asked.acquire()
            other.writer.write(ASK)
            await answering.asked.acquire()
            parsed = sum(type(each) is RequestResponseCycle for each in gc.get_objects())
            assert parsed <= FEW_BYTES // len(SHORTEST) + 2, "more than what a few kilobytes hold, and the other's"

            answering.may_answer.set()
            assert 204 == await other.status()
            assert [204] * 5000 == [await hasty.status() for _ in range(5000)]

    async def test_who_asks_now_and_then_does_not_wait_for_all_that_another_sent_at_once(self) -> None:
        order: list[bytes] = []

        async def answer(scope: Any, _receive: Any, send: Any) -> None:
            order.append(scope["raw_path"])
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        async with serving(answer) as connect:
            hasty, other = await connect(), await connect()
            hasty.writer.write(SHORTEST * 5000)
            other.writer.write(ASK.replace(b"/", b"/other", 1))
            await asyncio.gather(other.status(), *[hasty.status()])

            assert order.index(b"/other") < 500


@pytest.mark.anyio
class TestTurns:
    """Turns of requests: what begins when."""

    async def test_strangers_begin_a_few_in_each_round_and_in_their_order(self) -> None:
        loop, turns, begun = asyncio.get_running_loop(), Turns(2), list[int]()
        for number in range(5):
            turns.begin(loop, partial(begun.append, number))
        rounds = []
        while len(begun) < 5:
            await asyncio.sleep(0)
            rounds.append(len(begun))

        assert [0, 1, 2, 3, 4] == begun
        assert max(b - a for a, b in pairwise([0, *rounds])) == 2

    async def test_one_that_fails_to_begin_keeps_no_other_from_beginning(self) -> None:
        loop, turns, begun, failed = asyncio.get_running_loop(), Turns(2), list[int](), list[object]()
        loop.set_exception_handler(lambda _loop, context: failed.append(type(context["exception"])))
        turns.begin(loop, lambda: begun.append(1 // 0))
        for number in range(1, 4):
            turns.begin(loop, partial(begun.append, number))
        for _ in range(20):
            await asyncio.sleep(0)

        assert ([1, 2, 3], [ZeroDivisionError]) == (begun, failed)

    async def test_they_wait_for_what_goes_first_but_not_for_ever(self) -> None:
        loop, turns, begun = asyncio.get_running_loop(), Turns(2), asyncio.Queue[int]()
        turns.enter()
        turns.begin(loop, partial(begun.put_nowait, 1))
        for _ in range(20):
            await asyncio.sleep(0)
        assert begun.empty()
        # Nobody leaves: it begins all the same.
        assert 1 == await begun.get()

        turns.begin(loop, partial(begun.put_nowait, 2))
        turns.leave(loop)
        await asyncio.sleep(0)
        assert 2 == begun.get_nowait()

    async def test_whoever_proved_himself_does_not_wait_for_strangers(self, seconds: Seconds) -> None:
        order: list[bytes] = []

        async def answer(scope: Any, _receive: Any, send: Any) -> None:
            order.append(scope["raw_path"])
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b""})

        budgets = Budgets(1, seconds)
        budgets.prove(OTHER)
        async with serving(answer, (), budgets, strangers_at_a_time=1) as connect:
            strangers, carrier = [await connect(REFUSED) for _ in range(50)], await connect(OTHER)
            # Written in one go, so that all are there in the same round of the server.
            for sender in strangers:
                sender.writer.write(ASK)
            carrier.writer.write(ASK.replace(b"/", b"/carrier", 1))
            await asyncio.gather(carrier.status(), *(sender.status() for sender in strangers))

        assert 51 == len(order)
        assert order.index(b"/carrier") < 40


def test_waits_double_until_the_address_rested(seconds: Seconds) -> None:
    budgets = spent(seconds, 64.0)

    assert [1, 2, 4, 8, 16, 32, 64, 64] == [budgets.unread_seconds(REFUSED) for _ in range(8)]
    assert 0 == budgets.unread_seconds(OTHER)
    seconds.passed = 60.0
    assert 0 == budgets.unread_seconds(REFUSED)
    budgets.charge(REFUSED)
    assert 1 == budgets.unread_seconds(REFUSED)


def test_a_refused_request_leaves_nothing_that_has_to_be_sought(start: Start) -> None:
    relay: Relay = start(limits=Limits(refusals_per_minute=1000))
    relay.raw(REQUEST)
    gc.collect()
    gc.disable()
    try:
        for _ in range(30):
            assert b" 401 " in relay.raw(REQUEST)
        assert 200 == relay.http.get("/livez").status_code
        left = [each for each in gc.get_objects() if isinstance(each, Refusal | LimitedProtocol | RequestResponseCycle)]
    finally:
        gc.enable()

    assert len(left) < 10


REQUEST = (
    b"POST /webhooks/signed/mystore HTTP/1.1\r\nHost: relay.example\r\nConnection: close\r\n"
    b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
)
