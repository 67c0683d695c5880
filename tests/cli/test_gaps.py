"""``carrier-relay gaps``: when webhooks were not taken, for people and for scripts."""

import hashlib
import json
import signal
from pathlib import Path

import httpx
import pytest

from tests.cli.answering import Answering
from tests.cli.conftest import Run, Start

SOURCE = {
    "name": "mystore/loggi",
    "owner": "mystore",
    "carrier": "loggi",
    "verdict": "heals",
    "retries_until": None,
    "lost_until": "2026-03-04T12:00:00Z",
    "ask": "",
    "letter": "Hello, send it again.",
}
RETRYING = SOURCE | {
    "name": "mystore/easypost",
    "verdict": "resend",
    "retries_until": "2026-03-05T12:00:00Z",
    "ask": "Ask for each tracker again.",
}
GAP = {
    "kind": "down",
    "cause": "vanished",
    "since": "2026-03-04T11:00:00Z",
    "until": None,
    "requests": None,
    "sources": [SOURCE, RETRYING],
}


@pytest.fixture
def page(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    assert folder.is_dir()
    monkeypatch.setenv("RELAY_OPS_TOKEN", "an-invented-token")
    return {"since": "2026-02-02T00:00:00Z", "items": [GAP], "is_more": False}


def test_a_gap_is_shown_with_what_becomes_of_it_source_by_source(run: Run, page: dict[str, object]) -> None:
    with Answering(bodies={"/ops/v1/gaps": json.dumps(page).encode()}) as relay:
        shown = run("gaps", "--url", relay.url)
        written = run("gaps", "--url", relay.url, "--letters", "--lang", "pt-BR")
        as_json = run("gaps", "--url", relay.url, "--json")

    assert shown.output.splitlines() == [
        "2026-03-04T11:00:00Z to now (it goes on): nobody was there, vanished",
        "  mystore/loggi     heals   the next webhook of each parcel tells what is missing",
        (
            "  mystore/easypost  resend  ask for it again; tries again until 2026-03-05T12:00:00Z; not what came before"
            " 2026-03-04T12:00:00Z; Ask for each tracker again"
        ),
        "",
    ]
    assert "To mystore/loggi:\n\nHello, send it again." in written.output
    assert page == json.loads(as_json.output)


def test_without_a_gap_it_says_since_when_there_was_none(run: Run, page: dict[str, object]) -> None:
    none = json.dumps(page | {"items": []}).encode()
    more = json.dumps(page | {"is_more": True, "items": [GAP | {"requests": 3}]}).encode()
    with Answering(bodies={"/ops/v1/gaps": none}) as relay:
        assert "all the time since 2026-02-02T00:00:00Z" in run("gaps", "--url", relay.url).output
        relay.bodies["/ops/v1/gaps"] = more
        shown = run("gaps", "--url", relay.url).output

    assert "vanished, 3 requests" in shown
    assert "There are earlier ones" in shown


CONFIGURATION = """
listen = "127.0.0.1:0"
[accounts.mystore]
app_key = "key"
app_token = "token"
base_url = "http://127.0.0.1:9"
[accounts.mystore.carriers.easypost]
secrets = ["an-invented-secret"]
[accounts.mystore.carriers.mandae]
path_key = "an-invented-path-key"
unsigned = true
[[tokens]]
name = "ops"
role = "viewer"
sha256 = "{digest}"
"""


def test_a_stop_and_a_kill_are_told_apart(start: Start, run: Run, folder: Path) -> None:
    digest = hashlib.sha256(b"an-invented-token").hexdigest()
    (folder / "relay.toml").write_text(CONFIGURATION.format(digest=digest))
    for number in (signal.SIGTERM, signal.SIGKILL):
        running = start("serve").until_ready()
        # Who answers has come to wait for signals.
        assert 200 == httpx.get(running.find(r"(http://127\.0\.0\.1:\d+/livez)")).status_code
        running.stop(number)
    url = start("serve").until_ready().find(r"(http://127\.0\.0\.1:\d+)/livez")

    found = json.loads(run("gaps", "--url", url, "--token", "an-invented-token", "--json").output)

    assert [("down", "vanished"), ("down", "stopped")] == [(gap["kind"], gap["cause"]) for gap in found["items"]]
    for gap in found["items"]:
        assert gap["until"] is not None
        assert {"mystore/easypost": "retries", "mystore/mandae": "heals"} == {
            source["name"]: source["verdict"] for source in gap["sources"]
        }
