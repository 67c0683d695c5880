"""One suite for every engine: a test is given a store, and never asks which."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from app.store import Store
from tests.postgresql.databases import ENGINES, Databases


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Name the engine."""
    return str(request.param)


@pytest.fixture
def database_url(engine: str, tmp_path: Path, databases: Databases) -> Iterator[str]:
    """Name an empty database."""
    with databases.one(engine, tmp_path) as url:
        yield url


@pytest.fixture
def bare_database_url(engine: str, tmp_path: Path, databases: Databases) -> Iterator[str]:
    """Name a database that no release was ever started on."""
    with databases.one(engine, tmp_path, migrated=False) as url:
        yield url


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
