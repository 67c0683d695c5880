"""What may stand between a relay and VTEX: a gateway that passes calls on, or answers by itself and says anything."""

import ssl
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self

import httpx

__all__ = ["Gateway"]

_PASSED_ON: Final = frozenset({"content-type", "x-vtex-api-appkey", "x-vtex-api-apptoken", "accept"})
_NOTHING: Final[Mapping[str, bytes]] = {}


class Gateway:
    """Pass calls on to VTEX, and answer some of them with other bytes instead.

    Args:
        vtex: Where calls go.
        answers: The bytes of whole answers, by name.
        laps: How often each of them is given, one after the other, before all goes well. In every second lap the calls
            are passed on all the same.

    """

    def __init__(self, vtex: str, answers: Mapping[str, bytes] = _NOTHING, *, laps: int = 0) -> None:
        self.garbled: Counter[str] = Counter()
        self._answers = answers
        self._left = [(name, bool(lap % 2)) for lap in range(laps) for name in answers]
        self._lock = threading.Lock()
        self._client = httpx.Client(base_url=vtex, timeout=10)
        self._server = _Server(self._answered)
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def speak_tls(self, context: ssl.SSLContext) -> None:
        """Prove who it is to whoever connects from now on."""
        self._server.context = context

    @property
    def is_done(self) -> bool:
        """Tell whether all goes well from now on."""
        return not self._left

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._client.close()

    def _answered(self, call: "_Conversation") -> None:
        length = int(call.headers.get("Content-Length", 0))
        content = call.rfile.read(length)
        garbage, passes_on = self._drawn()
        reply = None
        if passes_on:
            headers = {name: value for name, value in call.headers.items() if name.lower() in _PASSED_ON}
            reply = self._client.request(call.command, call.path, content=content, headers=headers)
        if garbage is not None:
            call.wfile.write(garbage)
            call.close_connection = True
            return
        assert reply is not None
        call.send_response(reply.status_code)
        for name in ("Content-Type", "Retry-After"):
            if name in reply.headers:
                call.send_header(name, reply.headers[name])
        call.send_header("Content-Length", str(len(reply.content)))
        call.end_headers()
        call.wfile.write(reply.content)

    def _drawn(self) -> tuple[bytes | None, bool]:
        with self._lock:
            if not self._left:
                return None, True
            name, passes_on = self._left.pop(0)
            self.garbled[name] += 1
            return self._answers[name], passes_on


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    context: ssl.SSLContext | None = None

    def __init__(self, answered: "Callable[[_Conversation], None]") -> None:
        self.answered = answered
        super().__init__(("127.0.0.1", 0), _Conversation)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Make a connection secure first, in its own thread."""
        if self.context is None:
            super().finish_request(request, client_address)
            return
        try:
            secured = self.context.wrap_socket(request, server_side=True)
        except OSError:
            return  # Whoever it was did not believe it.
        with secured:
            super().finish_request(secured, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: relays hang up on garbage."""


class _Conversation(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _answer(self) -> None:
        self.server.answered(self)

    do_GET = do_PUT = do_PATCH = do_POST = do_DELETE = _answer  # noqa: N815 - names of http.server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name in http.server
        """Log nothing."""
