"""A relay that inherits its listening socket: restarts refuse nobody, and sockets that do not fit end the start."""

import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any, Self

import httpx
import pytest

from app.errors import ConfigurationError
from app.main import Listener, inherited_sockets, serve
from tests.cli.conftest import Start

CONFIGURATION = """
[accounts.mystore]
app_key = "key"
app_token = "token"
base_url = "http://127.0.0.1:9"
[accounts.mystore.carriers.mandae]
path_key = "an-invented-path-key"
unsigned = true
"""
SETTINGS = ("listen", "ops_listen")


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), backlog=512) as opened:
        yield opened


class Load:
    """Senders that post webhooks, each on a new connection, and note whatever is not a 200."""

    def __init__(self, url: str, senders: int = 4) -> None:
        self.accepted: list[str] = []
        self.failed: list[str] = []
        self._url = url
        self._number = count()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._send) for _ in range(senders)]
        for thread in self._threads:
            thread.start()

    def _send(self) -> None:
        while not self._over.is_set():
            try:
                answer = httpx.post(self._url, json={"number": next(self._number)}, timeout=60)
            except httpx.HTTPError as error:
                self.failed.append(repr(error))
                continue
            if answer.status_code == 200:
                self.accepted.append(answer.json()["id"])
            else:
                self.failed.append(f"{answer.status_code} {answer.text}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def until(self, wanted: int) -> None:
        """Wait until so many more were accepted."""
        goal = len(self.accepted) + wanted
        while len(self.accepted) < goal and not self.failed:
            threading.Event().wait(0.01)


def test_restarts_under_load_on_an_inherited_socket_refuse_nobody(
    start: Start, folder: Path, listening: socket.socket
) -> None:
    (folder / "relay.toml").write_text(CONFIGURATION)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/webhooks/mandae/mystore/an-invented-path-key"

    # Somebody who comes before the relay waits for it.
    with Load(url) as load:
        for _ in range(2):
            running = start("serve", handed={"listen": listening}).until_ready()
            load.until(50)
            assert 0 == running.stop()
            assert "Traceback" not in running.errors
        last = start("serve", handed={"listen": listening}).until_ready()
        load.until(50)

    assert [] == load.failed
    assert len(load.accepted) == len(set(load.accepted)) >= 150
    assert 0 == last.stop()


def test_each_listener_takes_the_socket_of_its_name(start: Start, folder: Path, listening: socket.socket) -> None:
    (folder / "relay.toml").write_text('ops_listen = "127.0.0.1:9"\n' + CONFIGURATION)
    with socket.create_server(("127.0.0.1", 0)) as ops:
        running = start("serve", handed={"ops_listen": ops, "listen": listening}).until_ready()
        found = {
            name: httpx.get(f"http://127.0.0.1:{where.getsockname()[1]}/metrics").status_code
            for name, where in {"listen": listening, "ops": ops}.items()
        }
        assert 0 == running.stop()

    assert {"listen": 404, "ops": 200} == found


@pytest.mark.parametrize(
    ("handed", "configured", "wanted"),
    [
        pytest.param({"ops_listen": "tcp"}, "", "which is not set", id="for a listener that is not configured"),
        pytest.param({"listen": "udp"}, "", "no listening TCP socket", id="a datagram socket"),
        pytest.param({"listen": "tcp", "admin": "tcp"}, "", "is called 'admin'", id="an unknown name"),
    ],
)
def test_a_socket_that_does_not_fit_ends_the_start_with_3(
    start: Start, folder: Path, handed: dict[str, str], configured: str, wanted: str
) -> None:
    (folder / "relay.toml").write_text(configured + CONFIGURATION)
    kinds = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
    opened = {name: socket.socket(socket.AF_INET, kinds[kind]) for name, kind in handed.items()}
    for each in opened.values():
        each.bind(("127.0.0.1", 0))
        if each.type == socket.SOCK_STREAM:
            each.listen()

    running = start("serve", handed=opened)

    assert 3 == running.wait()
    assert wanted in running.errors
    for each in opened.values():
        each.close()


def test_sockets_of_another_process_are_left_alone_and_the_announcement_is_taken_away() -> None:
    environment = {"LISTEN_PID": str(os.getpid() + 1), "LISTEN_FDS": "1", "LISTEN_FDNAMES": "listen", "HOME": "/"}

    assert {} == inherited_sockets(environment, SETTINGS)
    assert {"HOME": "/"} == environment


@pytest.mark.parametrize("told", ["-1", "many", "1000"])
def test_a_count_that_is_none_is_refused(told: str) -> None:
    with pytest.raises(ConfigurationError, match="LISTEN_FDS must be a small number"):
        inherited_sockets({"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": told}, SETTINGS)


async def _answering(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def _asked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    writer.write(b"GET / HTTP/1.1\r\nHost: relay.example\r\n\r\n")
    return await reader.readuntil(b"ok")


@pytest.mark.anyio
async def test_a_connection_made_just_before_the_stop_is_still_answered_and_then_closed(
    listening: socket.socket,
) -> None:
    port = listening.getsockname()[1]
    listener = Listener(application=_answering, host="127.0.0.1", port=0, setting="listen", inherited=listening.dup())
    serving = serve([listener], shutdown_seconds=5)
    assert (port,) == await serving.__aenter__()
    quiet = await asyncio.open_connection("127.0.0.1", port)
    # Connections are taken in order: when this one is answered, the quiet one is the relay's.
    talking = await asyncio.open_connection("127.0.0.1", port)
    await _asked(*talking)

    stopping = asyncio.create_task(serving.__aexit__(None, None, None))
    # The stop closes what is idle between two questions.
    assert b"" == await talking[0].read()
    answer = await _asked(*quiet)

    assert b"connection: close" in answer.lower()
    assert b"" == await quiet[0].read()
    await stopping
    for _, writer in (quiet, talking):
        writer.close()
        await writer.wait_closed()
