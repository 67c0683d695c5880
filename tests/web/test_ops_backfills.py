"""Backfills over the operators' interface, up to what VTEX is asked."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli.application import application
from app.sandbox import SandboxOptions
from tests.accounts.stage import Stage
from tests.emulator import VtexEmulator

SINCE = "2026-01-01T00:00:00-03:00"


@pytest.fixture
def stage(tmp_path: Path) -> Any:
    with Stage(tmp_path, SandboxOptions()) as stage:
        yield stage


def asked(**more: object) -> Mapping[str, object]:
    return {"account": "demo", "since": SINCE, **more}


def test_a_backfill_is_started_followed_changed_and_seen_by_those_who_may(stage: Stage) -> None:
    stage.start_relay()
    stage.vtex.post("/sandbox/api/orders", json={"order_id": "1527103869572-01", "invoices": [{"invoice_number": "1"}]})

    started = stage.ops("POST", "/backfills", json=asked(reason="first day", rate=50))
    assert (201, "running", 50) == (started.status_code, started.json()["state"], started.json()["rate"])
    id_ = started.json()["id"]
    path = f"/backfills/{id_}"
    stage.until(lambda: stage.ops("GET", path).json()["resume_at"] is not None)

    assert 403 == stage.ops("POST", "/backfills", json=asked(), token="viewer").status_code
    assert 404 == stage.ops("POST", "/backfills", json=asked(), token="other-operator").status_code
    assert 404 == stage.ops("GET", path, token="other-operator").status_code
    assert 404 == stage.ops("POST", f"{path}/cancel", token="other-operator").status_code
    assert 404 == stage.ops("GET", "/backfills/bf_0000000000000").status_code
    assert 422 == stage.ops("POST", "/backfills", json=asked(until="2025-01-01T00:00:00Z")).status_code
    assert 422 == stage.ops("POST", "/backfills", json=asked(rate=0)).status_code
    assert 422 == stage.ops("POST", "/backfills", json={"account": "demo", "since": "2026-01-01"}).status_code
    assert [] == stage.ops("GET", "/backfills", token="other-operator").json()["items"]

    states = []
    for change in ("pause", "pause", "resume", "cancel", "resume"):
        answer = stage.ops("POST", f"{path}/{change}", json={"reason": "because"})
        states.append(answer.json().get("state") or answer.json()["type"])
    refused = "/problems/backfill-state"
    assert ["paused", refused, "running", "cancelled", refused] == states
    listed = stage.ops("GET", "/backfills", params={"state": "cancelled"}).json()["items"]
    assert [id_] == [item["id"] for item in listed]

    run_commands(stage, id_)


def run_commands(stage: Stage, cancelled: str) -> None:
    variables = {"RELAY_OPS_URL": stage.url, "RELAY_OPS_TOKEN": "token-of-operator"}

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(application, list(arguments), env=os.environ | variables)
        return done.exit_code, done.output

    code, text = run("backfill", "demo", "--since", "2026-01-01", "--detach", "--json")
    assert 0 == code, text
    assert ("demo", "2026-01-01T03:00:00Z") == (json.loads(text)["account"], json.loads(text)["since"])
    code, text = run("backfill", "cancel", json.loads(text)["id"], "--reason", "enough")
    assert (0, True) == (code, "cancelled" in text)
    assert cancelled in run("backfill", "list")[1]
    assert "from 2026-01-01" in run("backfill", "show", cancelled)[1]
    assert (1, True) == ((found := run("backfill", "resume", cancelled))[0], "cannot resume" in found[1])
    assert 2 == run("backfill", "demo", "--since", "yesterday")[0]


def test_a_feed_is_configured_where_there_is_none_and_one_of_others_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with VtexEmulator() as emulator:
        for name, value in {"APP_KEY": "a-key", "APP_TOKEN": "a-token", "BASE_URL": emulator.url}.items():
            monkeypatch.setenv(f"RELAY_ACCOUNTS__DEMO__{name}", value)

        def run(*arguments: str) -> tuple[int, str]:
            done = CliRunner().invoke(application, ["feed", *arguments])
            return done.exit_code, done.output

        assert (0, "null\n") == run("show", "demo", "--json")
        assert 0 == run("install", "demo")[0]
        ours = emulator.feed().config
        assert "configured already" in run("install", "demo")[1]
        assert json.loads(run("show", "demo", "--json")[1])["ours"]
        assert 0 == run("remove", "demo")[0]
        assert emulator.feed().config is None

        assert ours is not None
        foreign = ours | {"filter": {"type": "FromWorkflow", "status": ["invoiced"]}}
        emulator.feed().config = foreign
        assert (1, True) == ((found := run("install", "demo"))[0], "not this relay's" in found[1])
        assert 1 == run("remove", "demo")[0]
        assert foreign == emulator.feed().config
        assert 2 == run("show", "nobody")[0]
    assert 4 == run("show", "demo")[0]
