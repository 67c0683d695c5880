"""A hook under test: set up at a receiver, its notifications sent by hand."""

from typing import Any

import httpx

from tests.sandbox.conftest import Oms
from tests.sandbox.receiver import Receiver

CONFIG = "/api/orders/hook/config"
WORKFLOW = {"type": "FromWorkflow", "status": ["invoiced"]}
SHIPPED = "$count(packageAttachment.packages[trackingNumber != null]) > 0"
DAY = 24 * 3600


def from_orders(expression: str, **fields: object) -> dict[str, object]:
    return {"type": "FromOrders", "expression": expression, **fields}


def configure(oms: Oms, receiver: Receiver, filter_: object = WORKFLOW, **headers: str) -> httpx.Response:
    return oms.http.post(CONFIG, json={"filter": filter_, "hook": {"url": receiver.url, "headers": headers}})


def hooked(oms: Oms, receiver: Receiver, filter_: object = WORKFLOW, **headers: str) -> Oms:
    answer = configure(oms, receiver, filter_, **headers)
    assert 200 == answer.status_code, answer.text
    receiver.received.clear()
    return oms


def send(oms: Oms, **query: object) -> list[Any]:
    answer = oms.http.post(
        "/sandbox/api/notifications/send", params={name: str(value) for name, value in query.items()}
    )
    assert 200 == answer.status_code
    items: list[Any] = answer.json()["items"]
    return items


def waiting(oms: Oms) -> list[Any]:
    items: list[Any] = oms.http.get("/sandbox/api/notifications").json()["items"]
    return items
