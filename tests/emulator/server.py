"""HTTP on loopback, one thread a connection, with connections that can be left hanging."""

import json
import re
import select
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.emulator.calls import Call, Reply

Serve = Callable[[Call, Mapping[str, str]], Reply]
Ask = Callable[[Call, str, Mapping[str, str], Mapping[str, str]], Reply]
Control = Callable[[str, Mapping[str, str], Any], Reply]

_PATH = re.compile(
    r"(?:/(?P<account>[a-z0-9-]+))?/api/oms/pvt/orders/(?P<order>[^/]+)(?:/invoice/(?P<invoice>[^/]+)(?P<tracking>/tracking)?)?"
)

_ASKED = re.compile(
    r"(?:/(?P<account>[a-z0-9-]+))?(?P<path>/api/oms/pvt/orders|/api/orders/feed(?:/config)?|/api/orders/hook/config)"
)


class Server(ThreadingHTTPServer):
    """Passes calls of VTEX's API on, and everything under ``/control`` to whoever took that over."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, port: int, serve: Serve, ask: Ask, stopping: threading.Event) -> None:
        super().__init__(("127.0.0.1", port), Connection)
        self.serve = serve
        self.ask = ask
        self.control: Control | None = None
        self.stopping = stopping
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02})

    def start(self) -> None:
        self._thread.start()

    def join(self) -> None:
        """Wait until someone stops the server."""
        self._thread.join()

    def stop(self) -> None:
        """Close the listener and every connection, and wait for their threads."""
        self.stopping.set()
        self.shutdown()
        self._thread.join()
        for connection in tuple(self._open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serve one connection; a client that goes away is no error of ours."""
        self._open.add(request)
        # One of a connection's thread and `stop` sees the other, so no connection outlives it.
        if not self.stopping.is_set():
            with suppress(OSError):
                super().finish_request(request, client_address)
        self._open.discard(request)


class Connection(BaseHTTPRequestHandler):
    """One connection, kept alive over many calls."""

    server: Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def answer(self) -> None:
        started = time.monotonic()
        url = urlsplit(self.path)
        length = int(self.headers.get("Content-Length", 0))
        raw = self.rfile.read(length)
        if len(raw) < length:
            # Its client died in the middle: half a request is none.
            self.close_connection = True
            return
        # As VTEX does, decode first and take apart later: %2F parts a path like a slash.
        path = unquote(url.path)
        if self.server.control and path.startswith("/control/"):
            query = dict(parse_qsl(url.query))
            self._send(self.server.control(f"{self.command} {path}", query, _decoded(raw)))
            return
        if asked := _ASKED.fullmatch(path):
            self._answer_question(asked, dict(parse_qsl(url.query)), raw, started)
            return
        match = _PATH.fullmatch(path)
        wanted = ("PUT" if match["tracking"] else "PATCH" if match["invoice"] else "GET") if match else None
        if match is None or self.command != wanted:
            self._send(Reply(404))
            return
        account, order, invoice = match["account"] or "demo", match["order"], match["invoice"]
        body = _decoded(raw) if raw else None
        call = Call(method=self.command, account=account, order=order, invoice=invoice, body=body, started=started)
        self._end(call, self.server.serve(call, self._headers()))

    def _answer_question(self, asked: re.Match[str], query: Mapping[str, str], raw: bytes, started: float) -> None:
        """Answer a call that is about no single order."""
        body = _decoded(raw) if raw else None
        account, path = asked["account"] or "demo", asked["path"]
        call = Call(method=self.command, account=account, order="", invoice=None, body=body, started=started)
        self._end(call, self.server.ask(call, path, query, self._headers()))

    def _headers(self) -> dict[str, str]:
        return {name.lower(): value for name, value in self.headers.items()}

    def _end(self, call: Call, reply: Reply) -> None:
        if call.fault in {"hang-before", "hang-after"}:
            self._await_hang_up()
        # Before the first byte goes out: what the client does next is after the end.
        call.status, call.ended = reply.status, time.monotonic()
        self._send(reply)

    do_GET = do_PUT = do_PATCH = do_POST = do_DELETE = answer  # noqa: N815 - the names http.server looks for

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in http.server
        """Say nothing: the calls are remembered."""

    def _send(self, reply: Reply) -> None:
        if reply.status is None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        content = b"" if reply.body is None else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        if content:
            self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        for name, value in reply.headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _await_hang_up(self) -> None:
        while not self.server.stopping.is_set():
            readable, _, _ = select.select([self.connection], [], [], 0.02)
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                return


def _decoded(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return None
