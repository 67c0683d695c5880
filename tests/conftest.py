"""What every test runs under; fixtures live beside the tests that use them."""

import gc
import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

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


# Counting lines doubles what these take, which go hundreds of times through lines that other tests go through.
_UNCOUNTED: Final = (
    "tests/carriers/test_contract.py::test_a_body_with_anything_anywhere",
    "tests/cli/test_try.py::test_every_sample",
    "tests/gathering/test_garbage.py",
    "tests/machine/",
    "tests/resolution/test_machine.py",
    "tests/store/test_growth.py",
    "tests/store/test_list_growth.py",
    "tests/store/test_machine.py",
    "tests/store/test_told_orders.py::test_more_than_one_statement_takes",
    "tests/store/test_told_orders.py::test_no_change_that_was_told",
    # Goes through no line of the relay, and through all of their syntax.
    "tests/test_architecture.py",
    "tests/web/test_personal_data.py::test_no_route_shows",
)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Look for what is run without counting lines only where it is: looking everywhere takes a quarter of a minute."""
    if config.getoption("markexpr") != "uncounted" or collection_path.suffix != ".py":
        return None
    file = collection_path.relative_to(config.rootpath).as_posix()
    return None if file.endswith(("conftest.py", "__init__.py")) or _is_uncounted(file) else True


def _is_uncounted(file: str) -> bool:
    return any(file.startswith(each) or each.startswith(f"{file}::") for each in _UNCOUNTED)


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Tell `make check` what is run without counting lines."""
    for item in items:
        if item.nodeid.startswith(_UNCOUNTED):
            item.add_marker(pytest.mark.uncounted)
        elif item.get_closest_marker("uncounted"):
            raise pytest.UsageError(f"{item.nodeid}: list it in tests/conftest.py, or `make check` never runs it")


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
