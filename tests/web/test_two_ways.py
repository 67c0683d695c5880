"""A webhook is answered alike whichever way its bytes take: without a task where it is whole, with one otherwise."""

import asyncio
import itertools
import json
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.server import ServerState

from app.web import LimitedProtocol, Limits
from tests.web.conftest import Start
from tests.web.stage import LIMIT, PATH_KEY, Relay, sign, webhook_body

Then = Callable[[LimitedProtocol], Awaitable[None]]
"""What happens to a connection on which something was sent."""

_ID = re.compile(rb"(wh|ref|err)_[0-9A-Za-z]+")
_UNLIKE = {"id", "ms"}


class Wire(asyncio.Transport):
    """What a server writes on a connection, in memory: so a test decides how the bytes come."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 40000), "sockname": ("127.0.0.1", 80)})
        self.written = b""
        self._is_closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += b"" if self._is_closing else data

    def close(self) -> None:
        self._is_closing = True

    def is_closing(self) -> bool:
        return self._is_closing

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None:
        """Go on: whatever is told to wait comes in one piece with what did not wait."""

    def resume_reading(self) -> None:
        """Go on as before."""


def request(
    body: bytes, *headers: bytes, path: str = "/webhooks/signed/mystore", method: str = "POST", chunked: bool = False
) -> bytes:
    """Write a request that is signed unless its headers say something else."""
    signature = (
        () if any(each.startswith(b"X-Signature") for each in headers) else (b"X-Signature: %s" % sign(body).encode(),)
    )
    length = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % len(body)
    head = (f"{method} {path} HTTP/1.1".encode(), b"Host: relay.example", length, *signature, *headers)
    sent = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked else body
    return b"\r\n".join(head) + b"\r\n\r\n" + sent


def content(number: int) -> bytes:
    return json.dumps(webhook_body(f"N{number:06}")).encode()


KINDS: dict[str, Callable[[int], bytes]] = {
    "good": lambda n: request(content(n), b"Content-Type: application/json"),
    "the same again": lambda _: request(content(0)),
    "chunked": lambda n: request(content(n), chunked=True),
    "asks first": lambda n: request(content(n), b"Expect: 100-continue"),
    "closes": lambda n: request(content(n), b"Connection: close"),
    "by its alias": lambda n: request(content(n), path="/w/p7f3?mode=live&token=invented"),
    "with a path key": lambda n: request(content(n), path=f"/webhooks/keyed/mystore/{PATH_KEY}/"),
    "answered in the carrier's words": lambda n: request(content(n), path="/webhooks/strict/mystore"),
    "answered without a body": lambda n: request(content(n), path="/webhooks/silent/mystore"),
    "a test call": lambda _: request(b"", path="/webhooks/curious/mystore"),
    "a test call that is read": lambda _: request(b"", path="/webhooks/curious/mystore", method="GET"),
    "a test call that asks for the head": lambda _: request(b"", path="/webhooks/curious/mystore", method="HEAD"),
    "put": lambda n: request(content(n), path="/webhooks/curious/mystore", method="PUT"),
    "our fault": lambda _: request(b'"explode"', path="/webhooks/curious/mystore"),
    "only verified": lambda n: request(content(n), path="/webhooks/signed/mystore/verify"),
    "unproven": lambda n: request(content(n), b"X-Signature: " + b"0" * 64),
    "unproven, in the carrier's status": lambda n: request(
        content(n), b"X-Signature: " + b"0" * 64, path="/webhooks/strict/mystore"
    ),
    "nobody's": lambda n: request(content(n), path="/webhooks/nobody/nowhere"),
    "a wrong path key": lambda n: request(content(n), path="/webhooks/keyed/mystore/another"),
    "of another method": lambda n: request(content(n), method="DELETE"),
    "of another type": lambda n: request(content(n), b"Content-Type: text/csv"),
    "of another encoding": lambda n: request(content(n), b"Content-Encoding: br"),
    "as long as may be": lambda n: request(b"%06d" % n + b"x" * (LIMIT - 6)),
    "too long": lambda _: request(b"x" * (LIMIT + 1)),
    "too long, chunked": lambda _: request(b"x" * (LIMIT + 1), chunked=True),
    "not of HTTP": lambda _: b"\x00\r\n\r\n",
    "elsewhere": lambda _: request(b"{}", path="/livez", method="GET"),
}


HASTY = ("closes", "too long", "too long, chunked", "not of HTTP", "elsewhere", "asks first")
"""What ends its connection, or is answered otherwise beside others: when it does depends on how fast it is."""


def always_with_a_task(application: ASGIApp) -> ASGIApp:
    """Make an application of which a server does not see that it could do without."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        await application(scope, receive, send)

    return serve


class Two:
    """A relay that is asked in both ways."""

    def __init__(self, relay: Relay, caplog: pytest.LogCaptureFixture) -> None:
        self.relay = relay
        self._lines = caplog
        self._count = 0

    def numbers(self, count: int) -> range:
        """Number webhooks, none of which came before."""
        self._count += count
        return range(self._count - count + 1, self._count + 1)

    def asked(
        self, application: ASGIApp, pieces: list[bytes], *, then: Then | None = None
    ) -> tuple[bytes, list[dict[str, Any]], str]:
        """Send bytes; return what was answered, logged and counted."""
        self._lines.clear()
        before = self._counted()
        answered = self.relay.on_the_loop(self._sent(application, pieces, then))
        lines = [
            {name: value for name, value in fields.items() if name not in _UNLIKE}
            for record in self._lines.records
            if (fields := vars(record).get("relay_fields")) is not None
        ]
        told = sorted(json.dumps(line, sort_keys=True, default=str) for line in lines)
        counted = self._counted()
        grown = {name: value - before.get(name, 0.0) for name, value in counted.items()}
        return _ID.sub(rb"\1", answered), [json.loads(line) for line in told], str(sorted(grown.items()))

    async def _sent(self, application: ASGIApp, pieces: list[bytes], then: Then | None) -> bytes:
        config = uvicorn.Config(application, log_config=None, access_log=False, proxy_headers=False)
        config.load()
        state = ServerState()
        protocol = LimitedProtocol(config, state, {}, asyncio.get_running_loop())
        wire = Wire()
        protocol.connection_made(wire)
        for piece in pieces:
            if not wire.is_closing():
                protocol.data_received(piece)
                await asyncio.sleep(0)
        if then is not None:
            await then(protocol)
        while state.tasks:  # noqa: ASYNC110 - nobody tells when a server has nothing more to do
            await asyncio.sleep(0)
        if not wire.is_closing():
            protocol.connection_lost(None)
        return wire.written

    def _counted(self) -> dict[str, float]:
        metrics = self.relay.dependencies.metrics.exposition()[0].decode()
        counted = (line.rpartition(" ") for line in metrics.splitlines() if line.startswith("relay_"))
        return {name: float(value) for name, _, value in counted if re.match(r"\w+_(total|count)\b", name)}


@pytest.fixture
def two(start: Start, caplog: pytest.LogCaptureFixture) -> Two:
    caplog.set_level(logging.INFO)
    asked = Two(start(limits=Limits(body_bytes=LIMIT)), caplog)
    # From here on the sender is known, and what it does wrong is refused one by one; and this webhook is one that came.
    asked.asked(asked.relay.application, [request(content(0))])
    return asked


@pytest.mark.parametrize("kind", KINDS)
def test_a_request_is_answered_alike_with_and_without_a_task(two: Two, kind: str) -> None:
    without, with_one = (KINDS[kind](number) for number in two.numbers(2))

    found = two.asked(two.relay.application, [without])

    assert two.asked(always_with_a_task(two.relay.application), [with_one]) == found
    assert found[0].startswith(b"HTTP/1.1 ")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kinds=st.lists(st.sampled_from([kind for kind in KINDS if kind not in HASTY]), min_size=1, max_size=5),
    cuts=st.lists(st.floats(0, 1), max_size=6),
)
def test_requests_are_answered_alike_however_their_bytes_are_split(
    two: Two, kinds: list[str], cuts: list[float]
) -> None:
    first, second = two.numbers(len(kinds)), two.numbers(len(kinds))
    whole = b"".join(KINDS[kind](number) for kind, number in zip(kinds, first, strict=True))
    again = b"".join(KINDS[kind](number) for kind, number in zip(kinds, second, strict=True))
    places = [0, *sorted(int(cut * len(again)) for cut in cuts), len(again)]
    pieces = [again[begin:end] for begin, end in itertools.pairwise(places) if begin < end]

    answered = two.asked(always_with_a_task(two.relay.application), [whole])

    assert answered == two.asked(two.relay.application, pieces)
    assert len(kinds) == answered[0].count(b"x-content-type-options")


def test_a_sender_that_goes_away_before_its_webhook_is_on_disk_has_it_stored(two: Two) -> None:
    (number,) = two.numbers(1)

    async def leave(protocol: LimitedProtocol) -> None:
        protocol.transport.close()
        protocol.connection_lost(None)

    answered, lines, _ = two.asked(two.relay.application, [request(content(number))], then=leave)

    assert b"" == answered
    assert ["accepted"] == [line["outcome"] for line in lines]


def test_a_server_that_stops_waiting_has_senders_come_back(two: Two) -> None:
    async def give_up(protocol: LimitedProtocol) -> None:
        for task in protocol.tasks:
            task.cancel(msg="the server stops")
        await asyncio.sleep(0)

    answered, _, _ = two.asked(two.relay.application, [request(content(*two.numbers(1)))], then=give_up)

    assert answered.startswith(b"HTTP/1.1 503 ")
    assert b"retry-after: 5" in answered
    assert b"connection: close" in answered


def test_an_answer_waits_until_its_reader_takes_more(two: Two) -> None:
    async def read_on(protocol: LimitedProtocol) -> None:
        protocol.pause_writing()
        while any(not isinstance(task, asyncio.Task) for task in protocol.tasks):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0)
        protocol.resume_writing()

    answered, _, _ = two.asked(two.relay.application, [request(content(*two.numbers(1)))], then=read_on)

    assert answered.startswith(b"HTTP/1.1 200 ")
    assert b'"accepted"' in answered
