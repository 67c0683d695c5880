"""Which engine a URL names, and what the store must know of it: everything else is the same on both."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Engine

from app.errors import ConfigurationError
from app.store import sqlite

__all__ = ["Database", "database_of"]

_POSTGRESQL: Final = ("postgresql://", "postgresql+psycopg://")
_LANES: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A database that can be opened.

    Args:
        place: Where it is, for people: without credentials.
        url: Its URL.
        file: The file that one process owns; None where several processes share a server.
        lanes: How many transactions one process has open at the same time at most, to write.
        readers: How many it has to read.
        pooled: Whether each transaction may get another session, as behind PgBouncer.

    """

    place: str
    url: str
    file: Path | None
    lanes: int
    readers: int
    pooled: bool
    _writer: Callable[[], Engine]
    _reader: Callable[[], Engine]
    _failover_risk: Callable[[], str | None] = lambda: None

    @property
    def is_shared(self) -> bool:
        """Tell whether other processes may write to it as well."""
        return self.file is None

    @property
    def data_folder(self) -> Path | None:
        """Return the folder whose disk it needs, None when it is elsewhere."""
        return None if self.file is None else self.file.absolute().parent

    def failover_risk(self) -> str | None:
        """Say why an answer might not outlast a failover; None when it does, there is none, or nobody can be asked."""
        return self._failover_risk()

    def open_writer(self) -> Engine:
        """Make the engine of the writing connections."""
        return self._writer()

    def open_reader(self) -> Engine:
        """Make the engine of the reading connections."""
        return self._reader()


def database_of(database_url: str, *, pooled: bool = False) -> Database:
    """Read ``database_url``.

    Raises:
        ConfigurationError: It names no database that keeps anything.

    """
    if database_url.startswith(_POSTGRESQL):
        from app.store import postgresql  # noqa: PLC0415 - its driver is large, and a file needs none of it

        return Database(
            place=postgresql.place_of(database_url),
            url=database_url,
            file=None,
            lanes=_LANES,
            readers=postgresql.READERS,
            pooled=pooled,
            _writer=lambda: postgresql.open_writer(database_url, pooled=pooled),
            _reader=lambda: postgresql.open_reader(database_url, pooled=pooled),
            _failover_risk=lambda: postgresql.failover_risk(database_url, pooled=pooled),
        )
    if pooled:
        raise ConfigurationError("database_pooled is about PostgreSQL, and database_url names a file")
    file = sqlite.file_of(database_url)
    return Database(
        place=str(file),
        url=database_url,
        file=file,
        lanes=1,
        readers=sqlite.READERS,
        pooled=False,
        _writer=lambda: sqlite.open_writer(database_url),
        _reader=lambda: sqlite.open_reader(database_url),
    )
