"""An empty folder without configuration, commands run in this process, and commands started as others."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli.application import application
from tests.cli.processes import Running

Run = Callable[..., Result]
Start = Callable[..., Running]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder, with no variable of a relay set."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.upper().startswith("RELAY_"):
            monkeypatch.delenv(name)
    return tmp_path


@pytest.fixture
def run(folder: Path) -> Run:
    """Run a command in this process."""

    def run(*arguments: str, stdin: bytes | None = None) -> Result:
        return CliRunner().invoke(application, list(arguments), input=stdin)

    return run


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """Start commands that run until they are stopped; what still runs at the end of the test is stopped."""
    started: list[Running] = []

    def start(*arguments: str, **options: object) -> Running:
        running = Running(folder, *arguments, **options)  # type: ignore[arg-type]
        started.append(running)
        return running

    yield start
    for running in started:
        running.close()
