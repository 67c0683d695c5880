"""An empty database of either engine for each test: PostgreSQL's are copies of one that is migrated already."""

import asyncio
import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from app.store import Store
from tests.postgresql.server import Server, running

__all__ = ["ENGINES", "Databases", "databases"]

ENGINES: Final = ("sqlite", "postgresql")
_TEMPLATE: Final = "relay_template"


class Databases:
    """Databases of both engines; the server starts when the first test wants it."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._server: Server | None = None
        self._running = running()

    @property
    def server(self) -> Server:
        """Return the server, with the template on it."""
        if self._server is None:
            self._server = self._running.__enter__()
            self._server.execute(f"CREATE DATABASE {_TEMPLATE}")
            # In a thread: the first test that wants the server may run in an event loop.
            with ThreadPoolExecutor(1) as elsewhere:
                elsewhere.submit(_migrate, self._server.url(_TEMPLATE)).result()
        return self._server

    @contextmanager
    def one(self, engine: str, folder: Path, *, migrated: bool = True) -> Iterator[str]:
        """Make a database and name it; afterwards it is gone."""
        if engine == "sqlite":
            yield f"sqlite:///{folder}/relay.db"
            return
        name = f"relay_{next(self._numbers)}"
        template = _TEMPLATE if migrated else "template0"
        self.server.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        yield self.server.url(name)
        self.server.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        """Stop the server, if it was started."""
        if self._server is not None:
            self._running.__exit__(None, None, None)


def _migrate(url: str) -> None:
    asyncio.run(Store.open(url).close())


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """Make databases of both engines while the session lasts."""
    made = Databases()
    yield made
    made.close()
