"""An empty database of either engine for each test: a copy of one that is migrated already.

To migrate one takes ten times as long as to copy it, and as long as many a test.
"""

import asyncio
import itertools
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from app.store import Store
from tests.postgresql.server import Server, running

__all__ = ["ENGINES", "Databases", "databases", "sqlite_file"]

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
            _migrate(self._server.url(_TEMPLATE))
        return self._server

    @contextmanager
    def one(self, engine: str, folder: Path, *, migrated: bool = True) -> Iterator[str]:
        """Make a database and name it; afterwards it is gone."""
        if engine == "sqlite":
            yield sqlite_file(folder) if migrated else f"sqlite:///{folder}/relay.db"
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


def sqlite_file(folder: Path) -> str:
    """Name the database of a folder; where there is none yet, make an empty one."""
    file = folder / "relay.db"
    if not file.exists():
        file.write_bytes(_migrated_file())
    return f"sqlite:///{file}"


@cache
def _migrated_file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        _migrate(f"sqlite:///{folder}/relay.db")
        return (Path(folder) / "relay.db").read_bytes()


def _migrate(url: str) -> None:
    # In a thread: whoever wants a database first may run in an event loop.
    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(lambda: asyncio.run(Store.open(url).close())).result()


@pytest.fixture(scope="session")
def databases() -> Iterator[Databases]:
    """Make databases of both engines while the session lasts."""
    made = Databases()
    yield made
    made.close()
