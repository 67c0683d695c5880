"""What every test runs under; fixtures live beside the tests that use them."""

import gc
import logging
import os
from collections.abc import Generator, Iterator, Sequence
from typing import Final

import pytest
from coverage import Coverage
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


# Counting lines doubles what a test takes. Those of these places start processes, of which nothing is counted anyhow,
# or go hundreds of times through lines that other tests go through.
_UNCOUNTED: Final = (
    "tests/bench/",
    "tests/carriers/test_contract.py::test_a_body_with_anything_anywhere",
    "tests/chaos/",
    "tests/console/test_browser.py",
    "tests/console/test_hostile.py",
    "tests/e2e/",
    "tests/fuzz/",
    "tests/gathering/test_garbage.py",
    "tests/gathering/test_slicing.py",
    "tests/machine/",
    "tests/planted/",
    "tests/resolution/test_machine.py",
    "tests/soak/",
    "tests/store/test_growth.py",
    "tests/store/test_importing.py::test_an_import_is_one_addition_after_another",
    "tests/store/test_list_growth.py",
    "tests/store/test_machine.py",
    "tests/store/test_query_plans.py",
    "tests/store/test_retention_of_lives.py",
    "tests/store/test_told_orders.py::test_more_than_one_statement_takes",
    "tests/store/test_told_orders.py::test_no_change_that_was_told",
    "tests/test_architecture.py",
    "tests/test_instructions.py",
    "tests/test_settings_equivalence.py",
    "tests/web/test_openapi.py",
    "tests/web/test_personal_data.py::test_no_route_shows",
)


_IS_COUNTED: Final = pytest.StashKey[bool]()


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Leave uncounted what would be counted twice; what runs on both engines is counted on one."""
    names = {item.nodeid for item in items}
    for item in items:
        twin = item.nodeid.replace("[postgresql", "[sqlite")
        is_second = twin != item.nodeid and twin in names
        item.stash[_IS_COUNTED] = not (is_second or item.nodeid.startswith(_UNCOUNTED))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Count no lines from a test's first fixture to its last: their threads would be counted for good."""
    counting = None if item.stash[_IS_COUNTED] else Coverage.current()
    if counting is None:
        return (yield)
    counting.stop()
    try:
        return (yield)
    finally:
        counting.start()


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
