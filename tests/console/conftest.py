"""The console over the real application: the server and relay of the web layer's tests, and who visits them."""

from collections.abc import Callable, Iterator

import httpx
import pytest

from tests.console.visitor import Visitor, visiting
from tests.web.conftest import clock, relay, stage, start, store
from tests.web.stage import Relay

__all__ = ["clock", "relay", "stage", "start", "store"]

Enter = Callable[..., Visitor]


@pytest.fixture
def enter(relay: Relay) -> Iterator[Enter]:
    """Let people in; their connections are closed with the test."""
    opened: list[httpx.Client] = []

    def enter(token: str | None = "operator", **more: object) -> Visitor:
        client = httpx.Client(base_url=relay.stage.url, **more)  # type: ignore[arg-type]
        opened.append(client)
        return visiting(client, token)

    yield enter
    for client in opened:
        client.close()


@pytest.fixture
def me(enter: Enter) -> Visitor:
    """Let an operator in."""
    return enter()
