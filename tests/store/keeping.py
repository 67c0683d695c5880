"""An open store for tests of what stands on it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.store import Store
from tests.postgresql.databases import sqlite_file


@asynccontextmanager
async def kept_in(folder: Path) -> AsyncIterator[Store]:
    """Open the database of a folder, an empty one at first, and close it."""
    store = Store.open(sqlite_file(folder), lock_wait_seconds=0)
    try:
        yield store
    finally:
        await store.close()
