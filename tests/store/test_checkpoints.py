"""The write-ahead log is taken in when it has become long, again when a reader held it, and stays bounded."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from app.crowd import Crowd
from app.store import Store
from app.store.checkpoints import Checkpoints, EmptyLog
from app.store.sqlite import open_reader, open_writer
from app.store.writer import Writer
from tests.store.keeping import kept_in
from tests.store.making import put

HEAD, PAGE = 32, 4096 + 24
MOMENT = 0.05
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

    def write(self, statement: str = "INSERT INTO pages VALUES (zeroblob(40000))", *, patient: bool = False) -> bool:
        with self._connection.begin():
            self._connection.exec_driver_sql(statement)
        return self._checkpoints.make(self._connection, patient=patient)

    def empty(self) -> bool:
        return EmptyLog().run(self._connection)

    def patience(self) -> object:
        driver = self._connection.connection.driver_connection
        assert driver is not None
        return driver.execute("PRAGMA busy_timeout").fetchone()

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


def test_whoever_is_patient_lets_it_become_twice_as_long(log: Log) -> None:
    tried = [log.write(patient=True) for _ in range(500)]

    assert 2 <= sum(tried) <= 3
    assert 2 * LONG <= log.pages <= 2 * LONG + 20


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


def test_one_that_was_cut_to_nothing_is_not_long(log: Log) -> None:
    log.write()
    assert log.empty()

    assert 0 == log.pages
    assert not log.write()


def test_it_is_not_cut_while_a_reader_needs_it_and_the_connection_is_as_patient_as_before(url: str, log: Log) -> None:
    log.write()
    patience = log.patience()
    with open_reader(url).connect() as reader, reader.begin():
        reader.exec_driver_sql("SELECT count(*) FROM pages").scalar()
        log.write()
        assert not log.empty()
        assert log.pages

    assert patience == log.patience()
    assert log.empty()


@pytest.mark.anyio
async def test_it_is_cut_among_writes_by_the_one_connection_that_makes_them(url: str) -> None:
    engine, made = open_writer(url), list[object]()
    event.listen(engine, "connect", lambda connection, _record: made.append(connection))
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE pages (content BLOB)")
    made.clear()
    writer = Writer(engine)

    tickets = [writer.submit(EmptyLog() if number % 3 == 1 else _Page()) for number in range(300)]
    outcomes = [await ticket.outcome for ticket in tickets]
    assert await writer.submit(EmptyLog()).outcome
    await asyncio.to_thread(writer.close)

    assert 1 == len(made)
    assert all(outcomes[number] is (True if number % 3 == 1 else None) for number in range(300))
    with open_reader(url).connect() as reader:
        assert 200 == reader.exec_driver_sql("SELECT count(*) FROM pages").scalar()


class _Page:
    """A write of ten pages."""

    def run(self, connection: Connection) -> None:
        connection.exec_driver_sql("INSERT INTO pages VALUES (zeroblob(40000))")


@pytest.mark.anyio
async def test_the_log_of_a_store_stays_short_however_much_is_written(tmp_path: Path) -> None:
    async with kept_in(tmp_path) as store:
        longest = 0
        for number in range(1000):
            await store.write(put(store, f"{number}" + "x" * 20_000))
            longest = max(longest, _pages(store))

    # What 64 of them write comes on top: six pages of content each, and some of tables and indexes.
    assert LONG <= longest <= 2 * LONG


@pytest.mark.anyio
async def test_it_is_taken_in_once_nothing_is_to_be_written_for_a_moment(tmp_path: Path) -> None:
    async with kept_in(tmp_path) as store:
        crowd = Crowd()
        store.give_way(crowd)
        longest = 0
        async with asyncio.timeout(30):
            # One that begins anew is written from its start, and its file stays as long as it was.
            while (pages := _written(store)) >= longest:
                crowd.join()
                crowd.leave()
                await store.write(put(store, f"{longest} {pages}" + "x" * 20_000))
                longest = pages
                await asyncio.sleep(MOMENT if pages > LONG else 0)

    assert LONG <= longest < 2 * LONG


def _pages(store: Store) -> int:
    file = store.database.file
    assert file is not None
    return Path(f"{file}-wal").stat().st_size // PAGE


def _written(store: Store) -> int:
    """Count the pages since its last beginning: each repeats the salts of the head."""
    file, count = Path(f"{store.database.file}-wal"), 0
    log = file.read_bytes() if file.exists() else b""
    while log[HEAD + count * PAGE + 8 :][:8] == log[16:24] != b"":
        count += 1
    return count
