"""``carrier-relay gaps``: when webhooks were not taken, for people and for scripts."""

import json
from pathlib import Path

import pytest

from tests.cli.answering import Answering
from tests.cli.conftest import Run

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
