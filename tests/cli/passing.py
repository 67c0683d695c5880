"""A proxy before a relay: it passes requests on as they are, or as it is told to change them."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit


@dataclass(slots=True, kw_only=True)
class Passed:
    """A request on its way; with ``answer`` set it goes no further."""

    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    answer: tuple[int, bytes] | None = None


class Passing:
    """Pass requests on to the relay at ``target``."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.paths: list[str] = []
        self.change: Callable[[Passed], None] = lambda _: None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        passing = self

        class Handler(BaseHTTPRequestHandler):
            def pass_on(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"] or 0))
                passed = Passed(path=self.path, headers=dict(self.headers.items()), body=body)
                passing.paths.append(passed.path)
                passing.change(passed)
                status, kind, answer = passing.relayed(self.command, passed)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = pass_on  # noqa: N815 - the library's names

            def log_message(self, *_: object) -> None:
                """Write nothing."""

        return Handler

    def relayed(self, method: str, passed: Passed) -> tuple[int, str, bytes]:
        """Answer as the relay does, or as the proxy was told to."""
        if passed.answer is not None:
            status, body = passed.answer
            return status, "text/html", body
        connection = HTTPConnection(urlsplit(self.target).netloc, timeout=10)
        # Their length may have changed, and the client writes it anew.
        headers = {name: value for name, value in passed.headers.items() if name.lower() != "content-length"}
        connection.request(method, passed.path, passed.body, headers)
        reply = connection.getresponse()
        answered = reply.status, reply.headers.get("Content-Type", ""), reply.read()
        connection.close()
        return answered

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Listen no more; a second time does nothing."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
