"""The programs that the relay is held against: ``python -m tests.bench.targets.yardsticks NAME PORT DATABASE …``."""

import sqlite3
import sys
import threading
from collections.abc import Callable
from typing import Any, Final

import uvicorn
from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from tests.bench.targets.least import Least
from tests.bench.targets.least_way import LeastWay

__all__ = ["APPS"]

_ANSWER: Final = b'{"id": "wh_0123456789ABC", "status": "accepted"}'
_HEADERS: Final = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(_ANSWER))]


async def bare(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the body and answer: what a server costs when the application does nothing."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _ANSWER})


def route() -> FastAPI:
    """Make an ordinary route that takes the request and stores nothing."""
    app = FastAPI()

    @app.post("/{path:path}")  # noqa: FAST003 - any path will do
    async def take(request: Request) -> dict[str, str]:
        await request.body()
        return {"id": "wh_0123456789ABC", "status": "accepted"}

    return app


def commit(file: str) -> FastAPI:
    """Make an ordinary route that stores each request in a transaction of its own before it answers."""
    connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS webhooks (id INTEGER PRIMARY KEY, body BLOB NOT NULL)")
    lock = threading.Lock()

    def store(body: bytes) -> int | None:
        with lock:
            return connection.execute("INSERT INTO webhooks (body) VALUES (?)", (body,)).lastrowid

    app = FastAPI()

    @app.post("/{path:path}")  # noqa: FAST003 - any path will do
    async def take(request: Request) -> dict[str, Any]:
        return {"id": await run_in_threadpool(store, await request.body()), "status": "accepted"}

    return app


APPS: Final[dict[str, Callable[..., Any]]] = {
    "bare": lambda _file: bare,
    "route": lambda _file: route(),
    "commit": commit,
    "least": Least,
    "least-way": LeastWay,
}


def main() -> None:
    """Serve one of them until it is ended."""
    name, port, given = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    uvicorn.run(
        APPS[name](*given),
        port=port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
        lifespan="off",
    )


if __name__ == "__main__":
    main()
