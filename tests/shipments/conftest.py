"""A relay in this process, and commands run against it from a folder that knows nothing of it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli.application import application
from app.sandbox import SandboxOptions
from tests.accounts.stage import Stage

Run = Callable[..., Result]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Start a sandbox and a relay."""
    with Stage(tmp_path, SandboxOptions()) as stage:
        stage.start_relay()
        yield stage


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: Stage) -> Run:
    """Run a command against the stage's relay."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in os.environ:
        if name.upper().startswith("RELAY_"):
            monkeypatch.delenv(name)

    def run(*arguments: str, token: str = "operator", stdin: bytes | None = None) -> Result:
        environment = {"RELAY_OPS_URL": stage.url, "RELAY_OPS_TOKEN": f"token-of-{token}"}
        return CliRunner().invoke(application, list(arguments), env=environment, input=stdin)

    return run
