"""The applications: with operators beside the webhooks, or each on its own."""

import httpx
import pytest

from app.web import create_app, ops_app
from tests.web.conftest import Start
from tests.web.stage import Relay

OPERATORS = ("/ops/v1/webhooks", "/metrics", "/docs", "/openapi.json", "/console/login")
EVERYBODY = ("/livez", "/readyz", "/problems", "/problems/pages.css")


def statuses(relay: Relay, paths: tuple[str, ...]) -> set[int]:
    return {relay.http.get(path, headers={"Authorization": "Bearer token-of-viewer"}).status_code for path in paths}


def test_one_listener_serves_everybody(relay: Relay) -> None:
    assert {200} == statuses(relay, OPERATORS + EVERYBODY)


def test_what_carriers_call_can_do_without_operators(start: Start) -> None:
    relay = start()
    relay.stage.app = create_app(relay.dependencies, with_ops=False)

    assert {404} == statuses(relay, OPERATORS)
    assert {200} == statuses(relay, EVERYBODY)
    assert 200 == relay.deliver().status_code


def test_what_operators_call_takes_no_webhooks(start: Start) -> None:
    relay = start()
    relay.stage.app = ops_app(relay.dependencies)

    assert {200} == statuses(relay, OPERATORS + EVERYBODY)
    assert 404 == relay.deliver().status_code


@pytest.mark.anyio
async def test_an_application_can_be_called_without_a_server(relay: Relay) -> None:
    transport = httpx.ASGITransport(app=create_app(relay.dependencies))
    async with httpx.AsyncClient(transport=transport, base_url="http://relay.example") as client:
        assert 200 == (await client.get("/livez")).status_code
