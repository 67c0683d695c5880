"""One webhook and one shipment as the commands tell them, of a relay at work with the bundled VTEX."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli.application import application
from app.sandbox import SandboxOptions
from tests.accounts.stage import Stage


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    with Stage(tmp_path, SandboxOptions()) as stage:
        stage.start_relay()
        stage.seed()
        stage.scan("Em trânsito \x1b[2J", "04/03/2026 10:00")
        stage.settled()
        monkeypatch.setenv("RELAY_OPS_URL", stage.url)
        monkeypatch.setenv("RELAY_OPS_TOKEN", "token-of-operator")
        yield stage


def run(*arguments: str) -> Any:
    return CliRunner().invoke(application, arguments)


def test_a_webhook_is_told_with_what_became_of_it(stage: Stage) -> None:
    known = stage.ops("GET", "/webhooks").json()["items"][0]

    listed = run("webhooks", "list", "--carrier", "frenet", "--state", "mapped")
    told = run("webhooks", "show", known["id"])

    assert (0, 0) == (listed.exit_code, told.exit_code), told.output
    assert known["id"] in listed.output
    assert "Nothing fits." in run("webhooks", "list", "--state", "unmappable").output
    first, *rest = told.output.splitlines()
    assert f"{known['id']} of {known['owner']}/frenet is mapped" == first
    assert any("Came again  never" in line for line in rest)
    assert all(title in rest for title in ("Events:", "Rows:", "Calls to VTEX:"))
    assert "applied" in told.output
    assert "\x1b" not in told.output
    assert known["id"] == json.loads(run("webhooks", "show", known["id"], "--json").output)["id"]


def test_a_shipment_is_told_with_its_timeline(stage: Stage) -> None:
    known = stage.ops("GET", "/shipments").json()["items"][0]

    told = run("shipments", "show", known["id"])

    assert 0 == told.exit_code, told.output
    assert told.output.startswith(f"{known['id']}, order {known['order_id']}, invoice {known['invoice_number']}")
    assert known["tracking_numbers"][0] in told.output
    assert "applied" in told.output
    assert "\x1b" not in told.output
    assert known["id"] == json.loads(run("shipments", "show", known["id"], "--json").output)["id"]


def test_what_is_not_there_is_told(stage: Stage) -> None:
    assert stage.url
    missing = run("webhooks", "show", "wh_nowhere")

    assert 1 == missing.exit_code
    assert "There is no webhook 'wh_nowhere'" in missing.output
