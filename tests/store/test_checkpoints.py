"""The write-ahead log is taken in when it has become long, again when a reader held it, and stays bounded."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Connection

from app.store import Store
from app.store.checkpoints import Checkpoints
from app.store.sqlite import open_reader, open_writer
from tests.store.keeping import kept_in
from tests.store.making import put

PAGE = 4096 + 24
LONG = 1000


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/relay.db"


class Log:
    """A connection that writes ten pages at a time, and its log."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._checkpoints = Checkpoints(connection.engine)
        self._file = Path(f"{connection.engine.url.database}-wal")
        self.write("CREATE TABLE pages (content BLOB)")

    def write(self, statement: str = "INSERT INTO pages VALUES (zeroblob(40000))") -> bool:
        with self._connection.begin():
            self._connection.exec_driver_sql(statement)
        return self._checkpoints.make(self._connection)

    @property
    def pages(self) -> int:
        return self._file.stat().st_size // PAGE


@pytest.fixture
def log(url: str) -> Iterator[Log]:
    with open_writer(url).connect() as connection:
        yield Log(connection)


def test_it_is_taken_in_once_it_is_long_and_starts_anew(log: Log) -> None:
    tried = [log.write() for _ in range(500)]

    # Ten pages of content each, and one or two of the table's own.
    assert 5 <= sum(tried) <= 6
    assert LONG <= log.pages <= LONG + 20


def test_it_is_tried_again_while_a_reader_holds_it_but_not_at_every_commit(url: str, log: Log) -> None:
    log.write()
    with open_reader(url).connect() as reader, reader.begin():
        reader.exec_driver_sql("SELECT count(*) FROM pages").scalar()
        tried = [log.write() for _ in range(400)]
        held = log.pages

    assert 4 <= sum(tried) <= 5
    assert held > 4 * LONG
    while not log.write():
        pass
    again = [log.write() for _ in range(300)]
    assert 3 <= sum(again) <= 4
    assert log.pages < held + 2 * LONG


def test_one_that_was_cut_to_nothing_is_not_long(url: str, log: Log) -> None:
    log.write()
    with closing(open_writer(url).raw_connection()) as other:
        other.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")

    assert 0 == log.pages
    assert not log.write()


@pytest.mark.anyio
async def test_the_log_of_a_store_stays_short_however_much_is_written(tmp_path: Path) -> None:
    async with kept_in(tmp_path) as store:
        longest = 0
        for number in range(1000):
            await store.write(put(store, f"{number}" + "x" * 20_000))
            longest = max(longest, _pages(store))

    # What 64 of them write comes on top: six pages of content each, and some of tables and indexes.
    assert LONG <= longest <= 2 * LONG


def _pages(store: Store) -> int:
    file = store.database.file
    assert file is not None
    return Path(f"{file}-wal").stat().st_size // PAGE
