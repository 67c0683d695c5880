"""What every test runs under; fixtures live beside the tests that use them."""

import gc
import logging
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.postgresql.databases import databases

__all__ = ["databases"]

# No deadline: a shared machine's pauses are not the code's. CI repeats the same examples, so that
# a red run is about the change; everywhere else each run looks at new ones.
settings.register_profile(
    "relay",
    deadline=None,
    derandomize=os.environ.get("CI") == "true",
    print_blob=True,
)
settings.load_profile("relay")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make carrier SLUG=x` narrow the carriers' tests to one of them."""
    parser.addoption("--carrier", metavar="SLUG", help="run only this carrier's checks")


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run coroutine tests (`@pytest.mark.anyio`) on the loop that the relay runs on."""
    return "asyncio"


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """Take back what a command run in this process made of the logs: its lines would land in later tests."""
    root = logging.getLogger()
    handlers = root.handlers[:]
    levels = {name: logging.getLogger(name).level for name in (None, "httpx", "httpcore", "uvicorn.access")}
    yield
    root.handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(capture=False)


@pytest.fixture(autouse=True)
def garbage_as_before() -> Iterator[None]:
    """Look among everything for garbage again: a relay leaves out for ever what is there when it has started."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)
    gc.enable()
