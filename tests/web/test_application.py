"""The applications: with operators beside the webhooks, or each on its own."""

import subprocess
import sys

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from app.web import create_app, ops_app
from app.web.body import send_whole
from app.web.late import Late
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


NEEDLESS = (
    # The web framework, templates, a server's driver and dialect, migrations, terminals and the command line.
    *("fastapi", "jinja2", "psycopg", "sqlalchemy.dialects.postgresql", "alembic", "rich", "typer"),
    # Outgoing calls and public keys.
    *("httpx", "cryptography"),
    # What works behind webhooks, and what operators ask for.
    *("app.forwarder", "app.gathering", "app.indexing", "app.mapping", "app.resolution", "app.retention", "app.vtex"),
    *("app.web.console", "app.web.ops", "app.declared", "app.egress", "app.store.queue", "app.store.mappings"),
    *("app.store.queries.told", "app.carriers.loggi"),
)
"""What takes no webhook in, and would be most of what a start imports."""


def test_a_start_imports_what_takes_webhooks_in_and_nothing_more() -> None:
    program = f"""
import sys
from app.cli import main
import app.cli.serving
from app.carriers import known
known()["easypost"]
print([name for name in {NEEDLESS!r} if name in sys.modules])
"""

    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert "[]" == run.stdout.strip()


def test_ordinary_routes_are_made_when_they_are_first_asked_for_and_once(relay: Relay) -> None:
    made: list[int] = []

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await send_whole(send, 200, [], b"made")

    async def make() -> ASGIApp:
        made.append(1)
        return answer

    relay.stage.app = Late(make)
    assert not made
    assert {"made"} == {relay.http.get("/docs").text for _ in range(3)}
    assert [1] == made


def test_routes_that_cannot_be_made_are_our_fault_and_are_tried_again(relay: Relay) -> None:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await send_whole(send, 200, [], b"made")

    waiting = [RuntimeError("a template is broken")]

    async def make() -> ASGIApp:
        if waiting:
            raise waiting.pop()
        return answer

    relay.stage.app = Late(make)
    refused = relay.http.get("/docs")

    assert 503 == refused.status_code
    assert "no-store" == refused.headers["Cache-Control"]
    assert "template" not in refused.text
    assert 200 == relay.http.get("/docs").status_code
