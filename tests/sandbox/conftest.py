"""A sandbox on real HTTP: one server for the session, a fresh application for each test."""

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from app.sandbox import SandboxOptions, create_sandbox

ORDERS = "/api/oms/pvt/orders"
_PATIENCE = 30.0
TARGET = f"{ORDERS}/1527103869572-01/invoice/000045781/tracking"
KEYS = {"X-VTEX-API-AppKey": "vtexappkey-demo-EXAMPLE", "X-VTEX-API-AppToken": "invented-token"}

COLLECTED = {"city": "Campinas", "state": "SP", "description": "Coletado", "date": "2026-03-02T10:00:00-03:00"}
ON_ROUTE = {"city": "Campinas", "state": "SP", "description": "Saiu para entrega", "date": "2026-03-04T08:00:00-03:00"}
LEFT = {"city": "Jundiaí", "state": "SP", "description": "Em trânsito", "date": "2026-03-03T09:30:00-03:00"}
COLLECTED_ROW = ("Coletado", "2026-03-02T13:00")
LEFT_ROW = ("Em trânsito", "2026-03-03T12:30")
ON_ROUTE_ROW = ("Saiu para entrega", "2026-03-04T11:00")


class Clock:
    """A time that only moves when a test says so."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 4, 18, 4, 31, 52123, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **duration: float) -> None:
        self.time += timedelta(**duration)


class Stage:
    """The application that the session's server plays now."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


class Oms:
    """A client of a sandbox, with the calls that tests make often."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def seed(self, **order: object) -> str:
        answer = self.http.post("/sandbox/api/orders", json=order)
        assert 201 == answer.status_code, answer.text
        order_id = answer.json()["order_id"]
        assert isinstance(order_id, str)
        return order_id

    def seed_invoiced(self, **invoice: object) -> str:
        invoice = {"invoice_number": "000045781", "tracking_number": "QX004512345BR", **invoice}
        return self.seed(order_id="1527103869572-01", invoices=[invoice])

    def put(self, *events: Mapping[str, object], invoice: str = "000045781", **fields: object) -> httpx.Response:
        body = {"isDelivered": False, "deliveredDate": None, "events": list(events), **fields}
        return self.http.put(f"{ORDERS}/1527103869572-01/invoice/{invoice}/tracking", json=body)

    def order(self, order_id: str = "1527103869572-01") -> Any:
        answer = self.http.get(f"{ORDERS}/{order_id}")
        assert 200 == answer.status_code, answer.text
        return answer.json()

    def package(self) -> Any:
        return self.order()["packageAttachment"]["packages"][0]

    def courier_status(self) -> Any:
        return self.package()["courierStatus"]

    def rows(self) -> list[tuple[str, str]]:
        return [(row["description"], row["lastChange"][:16]) for row in self.courier_status()["data"]]

    def mails(self) -> list[str]:
        orders = self.http.get("/sandbox/api/orders").json()["items"]
        return [mail["template"].removeprefix("vtexcommerce-order-") for mail in orders[0]["mails"]]

    def journal(self) -> list[Any]:
        items = self.http.get("/sandbox/api/journal").json()["items"]
        assert isinstance(items, list)
        return items


@pytest.fixture(scope="session")
def stage() -> Iterator[tuple[Stage, str]]:
    played = Stage()
    config = uvicorn.Config(played, log_config=None, lifespan="off", access_log=False)
    server = uvicorn.Server(config)
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield played, f"http://127.0.0.1:{port}"
        server.should_exit = True
        thread.join(timeout=10)


@pytest.fixture
def clock() -> Clock:
    return Clock()


Start = Callable[..., Oms]


@pytest.fixture
def start(stage: tuple[Stage, str], clock: Clock) -> Iterator[Start]:
    """Start a sandbox with the given options; the list lags by nothing unless a test wants it."""
    played, url = stage
    clients: list[httpx.Client] = []

    def start(**options: Any) -> Oms:
        options.setdefault("list_lag_seconds", 0)
        played.app = create_sandbox(SandboxOptions(**options), clock)
        clients.append(httpx.Client(base_url=url, headers=KEYS, timeout=_PATIENCE))
        return Oms(clients[-1])

    yield start
    for client in clients:
        client.close()


@pytest.fixture
def oms(start: Start) -> Oms:
    return start()


@pytest.fixture
def invoiced(oms: Oms) -> Oms:
    oms.seed_invoiced()
    return oms
