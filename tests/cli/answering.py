"""A server for commands to call: it answers as it is told, and remembers what it was asked."""

import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import NamedTuple, Self


class Asked(NamedTuple):
    method: str
    path: str
    headers: Mapping[str, str]  # names in lower case


class Answering:
    """Answer every request with one status, and the body that belongs to its path."""

    def __init__(self, status: int = 200, bodies: Mapping[str, bytes] | None = None) -> None:
        self.status, self.bodies, self.ahead = status, dict(bodies or {}), timedelta()
        self.asked: list[Asked] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        answering = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"] or 0))
                path = self.path.partition("?")[0]
                answering.asked.append(
                    Asked(self.command, path, {name.lower(): value for name, value in self.headers.items()})
                )
                body = answering.bodies.get(path, b"")
                self.send_response_only(answering.status)
                self.send_header("Date", format_datetime(datetime.now(UTC) + answering.ahead, usegmt=True))
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = answer  # noqa: N815 - the library's names

            def log_message(self, *_: object) -> None:
                """Write nothing."""

        return Handler

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
