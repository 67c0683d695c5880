"""Every outgoing call: bounded in time and size, never redirected, never anywhere but where it should go."""

import asyncio
import time

import httpx
import pytest

from app.egress import Egress
from app.errors import CallFailed, EgressRefused

pytestmark = pytest.mark.anyio

URL = "https://vtex.example/api"


def answering(response: httpx.Response) -> Egress:
    return Egress(transport=httpx.MockTransport(lambda _: response))


async def test_an_answer_is_read_whole_or_said_to_be_cut() -> None:
    async with answering(httpx.Response(200, content=b"x" * 100, headers={"X-A": "1"})) as egress:
        whole = await egress.call("GET", URL, headers={}, total_seconds=5, max_bytes=100)
        cut = await egress.call("GET", URL, headers={}, total_seconds=5, max_bytes=99)

    assert (200, "1", b"x" * 100, False) == (whole.status, whole.headers["x-a"], whole.body, whole.cut)
    assert (b"x" * 99, True) == (cut.body, cut.cut)


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async with answering(httpx.Response(302, headers={"Location": "https://elsewhere.example"})) as egress:
        assert 302 == (await egress.call("GET", URL, headers={}, total_seconds=5)).status


@pytest.mark.parametrize("url", ["ftp://vtex.example", "file:///etc/passwd", "//vtex.example", "https://", "vtex", ""])
async def test_what_is_no_address_of_the_web_is_refused(url: str) -> None:
    async with answering(httpx.Response(200)) as egress:
        with pytest.raises(EgressRefused):
            await egress.call("GET", url, headers={}, total_seconds=5)


async def silent_server(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer a head and then a byte now and then, for ever."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    try:
        while not reader.at_eof():
            writer.write(b".")
            await writer.drain()
            await asyncio.sleep(0.02)
    except ConnectionError:
        pass
    finally:
        writer.close()


async def test_a_call_ends_in_time_even_if_its_answer_goes_on_for_ever() -> None:
    server = await asyncio.start_server(silent_server, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    started = time.monotonic()

    async with server, Egress() as egress:
        with pytest.raises(CallFailed, match=r"no answer within 0\.3 s"):
            await egress.call("GET", f"http://127.0.0.1:{port}", headers={}, total_seconds=0.3)

    assert 0.3 <= time.monotonic() - started < 5


async def test_a_connection_that_nobody_accepts_is_a_failed_call() -> None:
    async with Egress() as egress:
        with pytest.raises(CallFailed):
            await egress.call("GET", "http://127.0.0.1:1", headers={}, total_seconds=5)
