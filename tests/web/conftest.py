"""A relay's web application on real HTTP: one server for the session, a fresh relay for each test."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from app.store import Store
from app.web import LimitedProtocol, create_app
from tests.postgresql.databases import sqlite_file
from tests.web.stage import Clock, Relay, Stage, composed

Start = Callable[..., Relay]


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    played = Stage()
    config = uvicorn.Config(
        played, http=LimitedProtocol, log_config=None, lifespan="off", access_log=False, proxy_headers=False
    )
    server = uvicorn.Server(config)
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        played.port = listener.getsockname()[1]
        played.url = f"http://127.0.0.1:{played.port}"
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield played
        server.should_exit = True
        thread.join(timeout=10)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(sqlite_file(tmp_path))
    yield opened
    asyncio.run(opened.close())


@pytest.fixture
def start(stage: Stage, store: Store, clock: Clock) -> Iterator[Start]:
    """Start a relay; what a test names replaces what the application is given."""
    running: list[Relay] = []

    def start(**given: Any) -> Relay:
        woken: list[datetime] = []
        dependencies = replace(composed(store, clock, woken), **given)
        application = create_app(dependencies)
        stage.app = application
        relay = Relay(stage, application, dependencies, httpx.Client(base_url=stage.url, timeout=30), woken)
        running.append(relay)
        # The first request tells on which loop the server runs.
        assert 200 == relay.http.get("/livez").status_code
        return relay

    yield start
    for relay in running:
        relay.http.close()
        relay.on_the_loop(relay.application.close())


@pytest.fixture
def relay(start: Start) -> Relay:
    return start()
