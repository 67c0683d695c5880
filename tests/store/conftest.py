"""One suite for every engine: a test is given a store, and never asks which."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.store import Store

ENGINES = ("sqlite",)


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name an empty database."""
    assert request.param in ENGINES
    return f"sqlite:///{tmp_path}/relay.db"


@pytest.fixture
def commits() -> list[int]:
    """Collect how many operations each transaction of the store held."""
    return []


@pytest.fixture
async def store(database_url: str, commits: list[int]) -> AsyncIterator[Store]:
    """Open an empty database, and close it."""
    opened = Store.open(database_url, lock_wait_seconds=0, observe=lambda count, _seconds: commits.append(count))
    try:
        yield opened
    finally:
        await opened.close()
