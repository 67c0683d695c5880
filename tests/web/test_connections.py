"""Connections that are only held open lose their places to those that are used."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_network
from typing import Any

import pytest

from app.main import Listener, serve
from app.web import Budgets, Limits
from app.web.peer import Network

pytestmark = pytest.mark.anyio

ASK = b"GET / HTTP/1.1\r\nHost: relay.example\r\n\r\n"


class Answering:
    """Answer each request when it is told to, and at once otherwise."""

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.asked = asyncio.Semaphore(0)

    async def __call__(self, _scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        self.asked.release()
        await self.may_answer.wait()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})


class Sender:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self) -> int:
        self.writer.write(ASK)
        return await self.status()

    async def status(self) -> int:
        head = await self.reader.readuntil(b"\r\n\r\n")
        return int(head.split(b" ")[1])

    async def until_closed(self) -> bytes:
        async with asyncio.timeout(10):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""


@asynccontextmanager
async def serving(
    answering: Any,
    trusted: tuple[Network, ...] = (),
    budgets: Budgets | None = None,
    count: Callable[[str], None] = lambda _cause: None,
    **limits: Any,
) -> AsyncIterator[Any]:
    """Serve, and hand out what connects, from an address of this machine if one is named."""
    listener = Listener(
        application=answering,
        host="127.0.0.1",
        port=0,
        setting="listen",
        limits=Limits(**limits),
        trusted=trusted,
        budgets=budgets,
        count_refusal=count,
    )
    senders: list[Sender] = []
    async with serve([listener], shutdown_seconds=1) as (port,):

        async def connect(address: str = "127.0.0.1") -> Sender:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
            senders.append(Sender(reader, writer))
            return senders[-1]

        # A test that fails leaves nothing open either: what is not closed is told of in whatever test comes later.
        try:
            yield connect
        finally:
            if isinstance(answering, Answering):
                answering.may_answer.set()
            for sender in senders:
                sender.writer.close()


async def test_the_connection_that_is_silent_longest_gives_its_place_to_a_new_one() -> None:
    async with serving(Answering(), connections=2, address_connections=2) as connect:
        used, silent = await connect(), await connect()
        assert 204 == await used.ask()
        new = await connect()

        assert 204 == await new.ask()
        assert b"" == await silent.until_closed()
        assert 204 == await used.ask()


@pytest.mark.parametrize(
    "slow", [b"", b"POST / HTTP/1.1\r\nHost: relay", b"POST / HTTP/1.1\r\nHost: r\r\nContent-Length: 9\r\n\r\n{"]
)
async def test_whoever_sends_nothing_or_only_a_part_holds_no_place_against_others(slow: bytes) -> None:
    async with serving(Answering(), connections=20, address_connections=20) as connect:
        for number in range(60):
            (await connect(f"127.0.0.{2 + number % 30}")).writer.write(slow)

        assert [204] * 30 == [await (await connect()).ask() for _ in range(30)]


async def test_an_answer_that_is_being_made_is_not_given_up_for_a_new_connection() -> None:
    answering = Answering()
    async with serving(answering, connections=2, address_connections=2) as connect:
        answering.may_answer.clear()
        busy = [await connect(), await connect()]
        for sender in busy:
            sender.writer.write(ASK)
        for _ in busy:
            await answering.asked.acquire()
        refused = await (await connect()).until_closed()
        answering.may_answer.set()

        assert refused.startswith(b"HTTP/1.1 503")
        assert b"retry-after: 5" in refused
        assert [204, 204] == [await sender.status() for sender in busy]


async def test_one_address_cannot_take_the_places_of_others() -> None:
    async with serving(Answering(), connections=10, address_connections=3) as connect:
        other = await connect("127.0.0.9")
        many = [await connect("127.0.0.2") for _ in range(8)]

        assert 204 == await other.ask()
        assert [b""] * 5 == [await sender.until_closed() for sender in many[:5]]
        assert [204] * 3 == [await sender.ask() for sender in many[5:]]


async def test_a_trusted_proxy_has_no_share_but_all_of_it() -> None:
    trusted = (ip_network("127.0.0.0/8"),)
    async with serving(Answering(), trusted, connections=10, address_connections=1) as connect:
        assert [204] * 5 == [await sender.ask() for sender in [await connect() for _ in range(5)]]


async def test_a_place_is_free_again_when_its_connection_is_closed() -> None:
    async with serving(Answering(), connections=1, address_connections=1) as connect:
        for _ in range(5):
            sender = await connect()
            assert 204 == await sender.ask()
            sender.writer.close()
            await sender.writer.wait_closed()
