"""Listen, and stop when asked: finish the requests at hand, then the calls in flight, then leave."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import uvicorn

from app.errors import ConfigurationError
from app.web import Budgets, Limits, limited_protocol
from app.web.peer import Network

__all__ = ["Listener", "serve"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """An ASGI application and where it listens; port 0 takes a free one, and an inherited socket goes before both.

    Whom its ``budgets`` say was refused too often is not read for a while. What the server itself refuses is told to
    ``count_refusal``.
    """

    application: Any
    host: str
    port: int
    setting: str
    inherited: socket.socket | None = None
    limits: Limits = field(default_factory=Limits)
    trusted: Sequence[Network] = ()
    budgets: Budgets | None = None
    count_refusal: Callable[[str], None] = lambda _cause: None


_OF_STRANGERS: Final = ("Invalid HTTP request", "Unsupported upgrade request", "No supported WebSocket library")
"""What the server says of single requests: a flood must not become one of lines, and metrics count it."""


class _Server(uvicorn.Server):
    """A server that leaves signals to the process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


@asynccontextmanager
async def serve(listeners: Sequence[Listener], *, shutdown_seconds: float) -> AsyncIterator[tuple[int, ...]]:
    """Serve while the context is open, and hand out the ports.

    Raises:
        ConfigurationError: An address cannot be listened on.

    """
    logging.getLogger("uvicorn.error").addFilter(_is_of_ours)
    sockets = [_bind(listener) for listener in listeners]
    servers = [_Server(_config(listener, shutdown_seconds)) for listener in listeners]
    tasks = [
        asyncio.create_task(server.serve(sockets=[listening]), name=f"serve-{listener.port}")
        for server, listening, listener in zip(servers, sockets, listeners, strict=True)
    ]
    try:
        yield tuple(listening.getsockname()[1] for listening in sockets)
    finally:
        for server in servers:
            server.should_exit = True
        await asyncio.gather(*tasks)


def _is_of_ours(record: logging.LogRecord) -> bool:
    return not str(record.msg).startswith(_OF_STRANGERS)


def _config(listener: Listener, shutdown_seconds: float) -> uvicorn.Config:
    return uvicorn.Config(
        listener.application,
        http=limited_protocol(listener.limits, listener.trusted, listener.budgets, listener.count_refusal),
        log_config=None,
        # Whoever starts a server says so; its own lines would only repeat it.
        log_level="warning",
        access_log=False,
        server_header=False,
        lifespan="off",
        proxy_headers=False,
        timeout_graceful_shutdown=max(1, int(shutdown_seconds)),
    )


def _bind(listener: Listener) -> socket.socket:
    if listener.inherited is not None:
        return listener.inherited
    family = socket.AF_INET6 if ":" in listener.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((listener.host, listener.port))
        # The backlog bounds how many connections wait; listening now means that none is refused from here on.
        listening.listen(1024)
    except OSError as error:
        listening.close()
        where = f"{listener.host}:{listener.port}"
        raise ConfigurationError(f"{listener.setting}: cannot listen on {where}: {error.strerror}") from None
    listening.settimeout(0)
    return listening


async def until_signalled(*, also: Callable[[], None] = lambda: None) -> None:
    """Return when the process is asked to stop; a second signal ends it at once, as systems do by default."""
    loop = asyncio.get_running_loop()
    asked = asyncio.Event()

    def ask(number: int) -> None:
        loop.remove_signal_handler(number)
        also()
        asked.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask, number)
    try:
        await asked.wait()
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            with contextlib.suppress(ValueError):
                loop.remove_signal_handler(number)
