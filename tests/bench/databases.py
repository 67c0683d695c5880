"""A database of either engine for a benchmark, on disk, and what a PostgreSQL server did for it."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self, cast

from tests.bench.busy import used_by, used_by_ended
from tests.postgresql.server import Server, running

__all__ = ["AS_IN_USE", "ENGINES", "Database", "Growth", "Served", "Totals", "database", "processor_of"]

ENGINES: Final = ("sqlite", "postgresql")
AS_IN_USE: Final = {"autovacuum": "on", "max_wal_size": "2GB", "shared_buffers": "256MB"}
"""What the tests' server leaves out because it is short-lived, and a server that is kept has."""
_NAME: Final = "relay"


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What a server did so far: processor seconds of all its processes, bytes of WAL, and commits that wrote."""

    processor: float = 0.0
    wal: int = 0
    commits: int = 0

    def since(self, before: Self) -> "Served":
        """Return what it did since an earlier reading."""
        return Served(
            processor=self.processor - before.processor,
            wal=self.wal - before.wal,
            commits=self.commits - before.commits,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What the server counted from the relay's start to its end: ``commits`` with those that only read.

    ``updated`` says of each table how often a row was changed, and how often without a new entry in any index.
    """

    commits: int
    rollbacks: int
    wal: int
    full_pages: int
    syncs: int
    sync_seconds: float
    updated: dict[str, tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """What is in the database at the end: all bytes, rows by table, and bytes by table with its indexes."""

    bytes_in_file: int
    rows: dict[str, int]
    sizes: dict[str, int]


class Database:
    """An empty database; without a server it is SQLite's, in a file."""

    def __init__(self, file: Path, server: Server | None = None) -> None:
        self.file = file
        self._server = server

    @property
    def url(self) -> str:
        return f"sqlite:///{self.file}" if self._server is None else self._server.url(_NAME)

    def processor(self) -> float:
        """Return the processor seconds that the server used so far; none without one."""
        return 0.0 if self._server is None else processor_of(self._server)

    def served(self) -> Served:
        """Read what the server did so far; zeros without one."""
        if self._server is None:
            return Served()
        ((wal, commits),) = self._server.execute(
            "SELECT pg_current_wal_insert_lsn() - '0/0', pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
        )
        return Served(processor=self.processor(), wal=int(cast("int", wal)), commits=int(cast("int", commits)))

    def count_from_now(self) -> None:
        """Forget what the server counted before."""
        if self._server is not None:
            self._server.execute("CHECKPOINT", "SELECT pg_stat_reset_shared('wal')")
            self._server.execute("SELECT pg_stat_reset()", database=_NAME)

    def totals(self) -> Totals | None:
        """Read what was counted; sessions that ended have told all of theirs."""
        if self._server is None:
            return None
        ((commits, rollbacks),) = self._server.execute(
            f"SELECT xact_commit, xact_rollback FROM pg_stat_database WHERE datname = '{_NAME}'"  # noqa: S608 - ours
        )
        ((wal, full_pages, syncs, waited),) = self._server.execute(
            "SELECT wal_bytes, wal_fpi, wal_sync, wal_sync_time FROM pg_stat_wal"
        )
        changed = self._server.execute(
            "SELECT relname, n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE n_tup_upd > 0", database=_NAME
        )
        numbers = [int(cast("int", each)) for each in (commits, rollbacks, wal, full_pages, syncs)]
        return Totals(
            commits=numbers[0],
            rollbacks=numbers[1],
            wal=numbers[2],
            full_pages=numbers[3],
            syncs=numbers[4],
            sync_seconds=float(cast("float", waited)) / 1000,
            updated={str(name): (int(cast("int", all_)), int(cast("int", hot))) for name, all_, hot in sorted(changed)},
        )

    def growth(self) -> Growth:
        """Count what is stored."""
        return _file_growth(self.file) if self._server is None else _server_growth(self._server)


def processor_of(server: Server) -> float:
    """Return the processor seconds of all of a server's processes, those that ended among them."""
    first, *others = server.pids
    used = used_by(first) + used_by_ended(first)
    for pid in others:
        # One that ended meanwhile is told of by the first process from now on.
        with suppress(OSError):
            used += used_by(pid)
    return used


def _file_growth(file: Path) -> Growth:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        rows = {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608
        (size,) = connection.execute(
            "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        ).fetchone()
    return Growth(bytes_in_file=size, rows=_filled(rows), sizes={})


def _server_growth(server: Server) -> Growth:
    sized = server.execute(
        "SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND relnamespace ="
        " 'public'::regnamespace",
        database=_NAME,
    )
    sizes = {str(name): int(cast("int", size)) for name, size in sized}
    rows = {}
    for name in sizes:
        ((count,),) = server.execute(f'SELECT count(*) FROM "{name}"', database=_NAME)  # noqa: S608
        rows[name] = int(cast("int", count))
    filled = _filled(rows)
    return Growth(bytes_in_file=sum(sizes.values()), rows=filled, sizes={name: sizes[name] for name in filled})


def _filled(rows: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in sorted(rows.items()) if count}


@contextmanager
def database(engine: str, folder: Path) -> Iterator[Database]:
    """Make an empty database; PostgreSQL's has a server of its own, on disk and set as one in use is."""
    file = folder / "data" / "relay.db"
    if engine == "sqlite":
        yield Database(file)
        return
    with running({**AS_IN_USE, "track_wal_io_timing": "on"}, on_disk=True) as server:
        server.execute(f"CREATE DATABASE {_NAME}")
        yield Database(file, server)
