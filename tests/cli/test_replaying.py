"""The command about replays, against a relay at work with the bundled VTEX: from the preview to VTEX's timeline."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli.application import application
from app.sandbox import SandboxOptions
from tests.accounts.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Any:
    with Stage(tmp_path, SandboxOptions()) as stage:
        yield stage


def test_a_replay_is_previewed_agreed_to_followed_and_told(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.start_relay()
    stage.seed()
    stage.scan("Em trânsito", "04/03/2026 10:00")
    monkeypatch.setenv("RELAY_OPS_URL", stage.url)
    monkeypatch.setenv("RELAY_OPS_TOKEN", "token-of-operator")
    webhook = stage.ops("GET", "/webhooks").json()["items"][0]["id"]

    def run(*arguments: str) -> Any:
        return CliRunner().invoke(application, ["replay", *arguments])

    once = run("one", webhook, "--reason", "look", "--dry-run")
    unasked = run("start", "--carrier", "frenet", "--reason", "x")
    nothing = run("start", "--carrier", "easypost", "--reason", "x", "--yes")
    everything = run("start", "--reason", "x", "--yes")
    followed = run("start", "--carrier", "frenet", "--since", "2026-03-01", "--reason", "x", "--yes", "--json")
    found = json.loads(followed.output[followed.output.index('{"id"') :])
    shown = run("show", found["id"])

    assert (0, True) == (once.exit_code, "0 events would be added, 0 read differently, 1 as before" in once.output)
    assert (2, True) == (unasked.exit_code, "give --yes" in unasked.output)
    assert (1, True) == (nothing.exit_code, "no webhook fits" in nothing.output)
    assert (1, True) == (everything.exit_code, "at least one filter" in everything.output)
    assert (0, "done", 1, 0) == (followed.exit_code, found["state"], found["done"], found["failed"])
    assert "1 webhooks would be read again; 1 orders show events of them." in followed.output
    assert (0, True) == (shown.exit_code, "is done: 1 of 1 webhooks" in shown.output)
    assert found["id"] in run("list").output
    assert 1 == run("cancel", found["id"]).exit_code
    stage.settled()
    # VTEX has its row: nothing is sent a second time.
    assert 1 == len(stage.puts())
