import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any, Final

import pytest

from tests.chaos.processes import RelayFault
from tests.soak.asking import Asking

TOKEN: Final = "pv_invented"
LOST: Final = -1
"""What was asked is done, and the connection closed without a word."""
SILENT: Final = -2
"""Nothing is done, and nothing said for as long as the test goes on."""


@dataclass
class Slow:
    """A relay that answers as it is told to, and else as it must."""

    says: dict[str, list[int]] = field(default_factory=dict)
    """What becomes of the next questions, by path; those beyond are answered."""
    ready: list[str] = field(default_factory=list)
    begun: list[str] = field(default_factory=list)
    """Reasons of the replays that were begun."""
    asked: list[str] = field(default_factory=list)
    over: Event = field(default_factory=Event)
    url: str = ""

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        if path == "/readyz":
            return 200, {"checks": {"disk": self.ready.pop(0) if len(self.ready) > 1 else self.ready[0]}}
        if path.endswith("/preview"):
            return 200, {"token": TOKEN, "count": 7}
        if path.endswith("/import"):
            return 200, {"kind": "summary", "refused": 0}
        if method == "GET":
            return 200, {"items": [{"reason": each} for each in self.begun]}
        if self.begun:
            return 409, {"detail": "This preview was run already"}
        self.begun.append(json.loads(body)["reason"])
        return 201, {}


@contextmanager
def listening(relay: Slow) -> Iterator[Slow]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            relay.asked.append(self.path)
            body = self._body()
            status = (relay.says.get(self.path) or [0]).pop(0)
            if status == SILENT:
                relay.over.wait(30)
            answered, document = (status, {"detail": "no"})
            if status in {LOST, 0}:
                answered, document = relay.answer(self.command, self.path, body)
            if status in {LOST, SILENT}:
                self.close_connection = True
                return
            content = json.dumps(document).encode()
            self.send_response(answered)
            if answered == 503:
                self.send_header("Retry-After", "1")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST  # noqa: N815 - the name that the library looks for

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's word
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever)
    thread.start()
    relay.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield relay
    finally:
        relay.over.set()
        server.shutdown()
        thread.join()
        server.server_close()


def lives() -> None:
    pass


def asking(relay: Slow, *, patience: float = 20.0, demand_life: Callable[[], None] = lives) -> Asking:
    return Asking(relay.url, "invented", demand_life, patience=patience, answer_within=0.2)


@pytest.mark.parametrize("first", [SILENT, LOST, 503])
@pytest.mark.parametrize("path", ["/ops/v1/replays/preview", "/ops/v1/replays"])
def test_a_replay_is_begun_once_whatever_answer_is_late_or_lost(first: int, path: str) -> None:
    with listening(Slow(says={path: [first]})) as relay:
        assert 7 == asyncio.run(asking(relay).replay({"account": "loja"}, rate=100))

    assert 1 == len(relay.begun)


def test_replays_have_reasons_of_their_own() -> None:
    async def twice() -> None:
        one = asking(relay)
        await one.replay({}, rate=100)
        relay.begun, first = [], relay.begun
        await one.replay({}, rate=100)
        assert first != relay.begun

    with listening(Slow()) as relay:
        asyncio.run(twice())


@pytest.mark.parametrize(
    ("relay", "problem"),
    [
        (Slow(says={"/ops/v1/replays/preview": [422]}), "422"),
        (Slow(says={"/ops/v1/replays": [500]}), "500"),
        # Nothing was asked twice: this refusal is the relay's own.
        (Slow(begun=["another"]), "409"),
        (Slow(says={"/ops/v1/replays": [SILENT]}, begun=["another"]), "409"),
    ],
    ids=["refused", "failed", "in conflict", "in conflict, asked twice"],
)
def test_a_wrong_answer_is_a_fault_at_once(relay: Slow, problem: str) -> None:
    with listening(relay), pytest.raises(RelayFault, match=problem):
        asyncio.run(asking(relay).replay({"account": "loja"}, rate=100))

    assert relay.asked.count("/ops/v1/replays/preview") == 1


def test_no_answer_is_a_fault_when_patience_has_ended_or_the_process() -> None:
    def ended() -> None:
        raise RelayFault("the relay ended by itself")

    silent = {"/ops/v1/replays/preview": [SILENT] * 9}
    with listening(Slow(says=silent)) as relay:
        with pytest.raises(RelayFault, match="by itself"):
            asyncio.run(asking(relay, demand_life=ended).replay({}, rate=1))
        with pytest.raises(RelayFault, match=r"no answer within 0\.5 s: ReadTimeout"):
            asyncio.run(asking(relay, patience=0.5).replay({}, rate=1))


def test_what_is_waited_for_may_be_told_late_but_must_become_so() -> None:
    def is_full(answer: Any) -> bool:
        return bool(answer["checks"]["disk"] == "full")

    with listening(Slow(says={"/readyz": [SILENT, LOST]}, ready=["ok", "ok", "full"])) as relay:
        one = asking(relay)
        asyncio.run(one.until(is_full, "a full disk is not noticed", within=20.0))
        assert 2 == one.slow

    with listening(Slow(ready=["ok"])) as relay, pytest.raises(RelayFault, match=r"not noticed: .*ok"):
        asyncio.run(asking(relay).until(is_full, "a full disk is not noticed", within=0.0))


def test_an_import_whose_answer_is_lost_is_sent_again_from_its_beginning() -> None:
    sent: list[int] = []

    async def rows() -> AsyncIterator[bytes]:
        sent.append(1)
        yield b"account;order_id\n"

    with listening(Slow(says={"/ops/v1/shipments/import": [LOST]})) as relay:
        asyncio.run(asking(relay).import_csv(rows))

    assert 2 == len(sent)
