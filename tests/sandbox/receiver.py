"""What a hook is pointed at: a server that keeps what it was sent, and answers as a test says."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver(ThreadingHTTPServer):
    """Answer 200, or the statuses that were asked for; keep body and headers of each request."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.received: list[tuple[Any, dict[str, str]]] = []
        self.status = 200
        self.statuses: list[int] = []
        self.pause = threading.Event()
        self.pause.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hook"

    @property
    def notifications(self) -> list[Any]:
        """What came, without the pings."""
        return [body for body, _ in self.received if "hookConfig" not in body]

    def states(self) -> list[tuple[str, str]]:
        return [(body["OrderId"], body["State"]) for body in self.notifications]


class _Request(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        server = self.server
        server.received.append((json.loads(body), {name.lower(): value for name, value in self.headers.items()}))
        server.pause.wait(20)
        self.send_response(server.statuses.pop(0) if server.statuses else server.status)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the standard library's
        """Keep quiet."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.pause.set()
        receiver.shutdown()
        receiver.server_close()
        thread.join(timeout=10)
