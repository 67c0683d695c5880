"""What happens to a relay's disk and file: nothing that was answered 2xx is lost, and the message names the cause."""

import json
from collections import Counter
from pathlib import Path

import httpx
import pytest

from tests.e2e.parcels import SECRET
from tests.e2e.relay import Relay, until

pytestmark = pytest.mark.timeout(300)

ACCOUNT = f"""
[accounts.demo]
app_key = "vtexappkey-demo-EXAMPLE"
app_token = "an-invented-app-token"
base_url = "http://127.0.0.1:9"
mode = "observe"
[accounts.demo.carriers.easypost]
secrets = ["{SECRET}"]
"""
_LARGEST_FILE = 4 * 1024 * 1024


def large(number: int) -> bytes:
    return json.dumps({"id": f"evt_{number}", "object": "Event", "padding": "x" * 300_000}).encode()


def test_a_full_disk_is_answered_503_and_nothing_that_was_answered_2xx_is_lost(tmp_path: Path) -> None:
    """No file of the relay may grow beyond some MiB: for the database that is a full disk."""
    limit = ("bash", "-c", f'ulimit -f {_LARGEST_FILE // 1024}; exec "$@"', "bash")
    relay = Relay(tmp_path, ACCOUNT, prefix=limit)
    try:
        relay.start()
        relay.until_ready()
        answers = [relay.post(large(number)) for number in range(30)]
        statuses = Counter(answer.status_code for answer in answers)
        taken = {answer.json()["id"] for answer in answers if answer.is_success}

        assert {200, 503} == set(statuses)
        refused = next(answer for answer in answers if answer.status_code == 503)
        assert "/problems/store-unavailable" == refused.json()["type"]
        assert "Retry-After" in refused.headers
        assert 200 == httpx.get(f"{relay.url}/livez").status_code
        relay.kill()
    finally:
        relay.close()
    roomy = Relay(tmp_path, ACCOUNT)
    try:
        roomy.start()
        roomy.until_ready()

        assert taken <= {str(webhook["id"]) for webhook in roomy.webhooks()}
        assert 200 == roomy.post(large(99)).status_code
    finally:
        roomy.close()


def test_a_database_that_is_deleted_under_the_relay_is_noticed_and_nothing_more_is_taken_in(tmp_path: Path) -> None:
    file = tmp_path / "data" / "relay.db"
    relay = Relay(tmp_path, ACCOUNT)
    try:
        relay.start()
        relay.until_ready()
        assert 200 == relay.post(large(1)).status_code
        file.unlink()

        until(lambda: relay.post(large(2)).status_code == 503, seconds=20, failing=lambda: "it goes on")
        ready = httpx.get(f"{relay.url}/readyz")
        assert 503 == ready.status_code
        assert "was deleted or replaced under the relay" in ready.json()["checks"]["disk"]
    finally:
        relay.close()


@pytest.mark.parametrize("broken", [b"", b"this is no database, and never was one\n" * 200])
def test_a_database_that_was_overwritten_stops_the_start_with_a_message_that_names_it(
    tmp_path: Path, broken: bytes
) -> None:
    file = tmp_path / "data" / "relay.db"
    relay = Relay(tmp_path, ACCOUNT)
    try:
        relay.start()
        relay.until_ready()
        assert 0 == relay.stop()
        file.write_bytes(broken + file.read_bytes()[len(broken) :] if broken else b"not a database" * 1000)
        relay.start()

        assert 3 == relay.running.wait(timeout=60)
        assert f"{file} cannot be opened and written" in relay.log.read_text("utf-8")
    finally:
        relay.close()
