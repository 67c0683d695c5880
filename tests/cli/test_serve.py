"""`serve` says what it serves, is ready when it says so, and ends with 0 when it is asked to."""

import json
import signal
import socket
from pathlib import Path

import httpx
import pytest

from app.store.sqlite import Ownership
from tests.cli.conftest import Run, Start

CONFIGURATION = """
lock_wait_seconds = 0
[accounts.mystore]
app_key = "key"
app_token = "token"
base_url = "http://127.0.0.1:9"
[accounts.mystore.carriers.easypost]
secrets = ["an-invented-secret"]
[accounts.mystore.carriers.mandae]
path_key = "an-invented-path-key"
unsigned = true
"""


@pytest.fixture
def configured(folder: Path) -> Path:
    (folder / "relay.toml").write_text(CONFIGURATION)
    return folder


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_is_ready_when_it_says_so_and_ends_with_0(start: Start, configured: Path, number: int) -> None:
    running = start("serve", "--port", "0").until_ready()
    url = running.find(r"(http://127\.0\.0\.1:\d+)/livez")

    ready = httpx.get(f"{url}/readyz")
    described = httpx.get(f"{url}/openapi.json", timeout=30)

    assert (200, 200) == (ready.status_code, described.status_code)
    assert 0 == running.stop(number)
    assert "Traceback" not in running.errors


def test_it_says_where_each_carrier_posts_and_keeps_path_keys_to_itself(start: Start, configured: Path) -> None:
    running = start("serve", "--port", "0").until_ready()

    assert "mystore/easypost: http://127.0.0.1:" in running.output
    assert "/webhooks/mandae/mystore/<path_key>" in running.output
    assert "data/relay.db, revision " in running.output
    assert "an-invented" not in running.output


def test_operators_can_have_a_listener_of_their_own(start: Start, configured: Path) -> None:
    (configured / "relay.toml").write_text('ops_listen = "127.0.0.1:0"\n' + CONFIGURATION)
    running = start("serve", "--port", "0").until_ready()
    url, ops_url = running.find(r"(\S+)/livez"), running.find(r"(\S+)/docs")

    statuses = {
        (where, path): httpx.get(base + path, timeout=30).status_code
        for where, base in (("webhooks", url), ("ops", ops_url))
        for path in ("/livez", "/metrics", "/ops/v1/webhooks", "/webhooks/easypost/mystore")
    }

    assert url != ops_url
    assert {
        ("webhooks", "/livez"): 200,
        ("webhooks", "/metrics"): 404,
        ("webhooks", "/ops/v1/webhooks"): 404,
        ("webhooks", "/webhooks/easypost/mystore"): 405,
        ("ops", "/livez"): 200,
        ("ops", "/metrics"): 200,
        ("ops", "/ops/v1/webhooks"): 401,
        ("ops", "/webhooks/easypost/mystore"): 404,
    } == statuses


def test_log_lines_are_json_beside_the_announcement(start: Start, configured: Path) -> None:
    running = start("serve", "--port", "0").until_ready()
    httpx.post(running.find(r"easypost: (\S+)"), json={})
    running.stop()

    events = [json.loads(line)["event"] for line in running.errors.splitlines()]
    assert "webhook.received" in events


def test_a_database_in_use_ends_with_4(run: Run, configured: Path) -> None:
    owned = Ownership(configured / "data" / "relay.db", wait_seconds=0)

    result = run("serve", "--port", "0")
    owned.release()

    assert 4 == result.exit_code
    assert "is owned by another process" in result.stderr
    assert "Ready." not in result.stdout


def test_a_port_in_use_ends_with_3_and_names_the_setting(run: Run, configured: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("serve", "--port", str(port))

    assert 3 == result.exit_code
    assert f"listen: cannot listen on 127.0.0.1:{port}" in result.stderr


def test_a_source_that_could_not_verify_stops_the_start(run: Run, configured: Path) -> None:
    (configured / "relay.toml").write_text(CONFIGURATION.replace("unsigned = true", ""))

    result = run("serve", "--port", "0")

    assert 3 == result.exit_code
    assert "accounts.mystore.carriers.mandae.unsigned must be true" in result.stderr
