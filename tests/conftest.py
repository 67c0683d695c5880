"""What every test runs under; fixtures live beside the tests that use them."""

import os

import pytest
from hypothesis import settings

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
