"""A store for tests of where events end."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.store import Store


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """Name an empty database."""
    return f"sqlite:///{tmp_path}/relay.db"


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """Open an empty database, and close it."""
    opened = Store.open(database_url, lock_wait_seconds=0)
    yield opened
    await opened.close()
