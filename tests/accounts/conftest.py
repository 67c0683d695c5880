"""One sandbox for each test, with the options that the test names, and a relay when the test starts it."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from app.sandbox import SandboxOptions
from tests.accounts.stage import Stage, Start


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start a sandbox with the given options."""
    with ExitStack() as stack:

        def start(**options: Any) -> Stage:
            return stack.enter_context(Stage(tmp_path, SandboxOptions(**options)))

        yield start


@pytest.fixture
def stage(start: Start) -> Stage:
    return start()


@pytest.fixture
def observed(stage: Stage) -> Stage:
    """Observe account ``demo``, of which one order is known."""
    stage.start_relay(mode="observe")
    stage.seed()
    return stage
