"""A store for tests of where events end."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from app.store import Store
from tests.postgresql.databases import ENGINES, Databases


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path, databases: Databases) -> Iterator[str]:
    """Name an empty database, of each engine."""
    with databases.one(str(request.param), tmp_path) as url:
        yield url


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """Open an empty database, and close it."""
    opened = Store.open(database_url, lock_wait_seconds=0)
    yield opened
    await opened.close()
