"""An open store for tests of what stands on it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from app.store import Store


@asynccontextmanager
async def kept_in(folder: Path) -> AsyncIterator[Store]:
    """Open an empty database, and close it."""
    store = Store.open(f"sqlite:///{folder}/relay.db", lock_wait_seconds=0)
    try:
        yield store
    finally:
        await store.close()
