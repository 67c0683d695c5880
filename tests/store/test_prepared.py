"""A prepared statement says what the ordinary one says, to whoever asks and to whoever listens."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, delete, event, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.store import Store
from app.store.prepared import Prepared
from app.store.schema import subjects
from tests.store.keeping import kept_in

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 3, 2, 12, 30, 0, 250_000, tzinfo=UTC)
BY_IDS = select(subjects).where(subjects.c.id.in_(bindparam("ids", expanding=True))).order_by(subjects.c.id)
ADD = Prepared(lambda insert: insert(subjects).on_conflict_do_nothing())
READ = Prepared(BY_IDS)
CHANGE = Prepared(update(subjects).where(subjects.c.id == bindparam("of"), subjects.c.linked_to.is_(None)))
FORGET = Prepared(delete(subjects).where(subjects.c.id == bindparam("of")).returning(subjects.c.subject))


def subject(number: int) -> dict[str, object]:
    """Describe a subject with a value of every kind."""
    return {
        "id": number,
        "owner": "mystore",
        "carrier": "loggi",
        "subject": f"QX{number}",
        "numbers": [f"QX{number}"],
        "references": {"order_id": None, "invoice_number": "ç"},
        "state": "parked",
        "since": NOW,
        "created_at": NOW,
        "placed_at": None,
    }


class Asking:
    """Run whatever a test wants in a transaction."""

    def __init__(self, count: int) -> None:
        self.count = count

    def run(self, connection: Connection) -> None:
        ADD.run_all(connection, [subject(number) for number in range(1, self.count + 1)])
        for length in range(self.count + 1):
            asked = {"ids": list(range(1, length + 1))}
            expected = connection.execute(BY_IDS, asked).all()
            found = READ.all(connection, asked)
            assert [tuple(row) for row in expected] == [tuple(row) for row in found]
            assert [row.references for row in expected] == [row.references for row in found]
        assert READ.first(connection, {"ids": []}) is None
        assert READ.scalar(connection, {"ids": []}) is None
        assert READ.scalar(connection, {"ids": [2, 1]}) == 1
        assert READ.scalars(connection, {"ids": [2, 1]}) == [1, 2]


@pytest.mark.parametrize("count", [2, 12])
async def test_rows_are_those_of_the_ordinary_statement_for_lists_of_every_length(store: Store, count: int) -> None:
    await store.write(Asking(count))


async def test_lists_of_many_lengths_are_few_statements_on_sqlite(tmp_path: Path) -> None:
    reading = Prepared(BY_IDS)
    asked: set[str] = set()

    def ask(connection: Connection) -> None:
        driver: Any = connection.connection.driver_connection
        driver.set_trace_callback(lambda statement: asked.add(re.sub(r"\d+", "?", statement)))
        for length in range(9):
            reading.all(connection, {"ids": range(length)})
        driver.set_trace_callback(None)

    async with kept_in(tmp_path) as store:
        await store.read(ask)
    assert 5 == len({statement for statement in asked if statement.startswith("SELECT")})


async def test_an_update_sets_the_columns_that_are_named_and_tells_how_many_rows_it_changed(store: Store) -> None:
    class Changing:
        def run(self, connection: Connection) -> None:
            ADD.run(connection, subject(1))
            assert CHANGE.run(connection, {"of": 1, "state": "placed", "placed_at": NOW, "linked_to": 7}) == 1
            assert CHANGE.run(connection, {"of": 1, "state": "skipped"}) == 0
            assert CHANGE.run(connection, {"of": 2, "state": "skipped"}) == 0
            row = READ.first(connection, {"ids": [1]})
            assert (row.state, row.placed_at, row.linked_to, row.since) == ("placed", NOW, 7, NOW)
            assert FORGET.scalars(connection, {"of": 1}) == ["QX1"]
            assert FORGET.all(connection, {"of": 1}) == []

    await store.write(Changing())


async def test_what_the_database_refuses_is_told_in_the_words_of_the_ordinary_statement(store: Store) -> None:
    class Refused:
        def run(self, connection: Connection) -> None:
            Prepared(insert(subjects)).run(connection, subject(1))
            Prepared(insert(subjects)).run(connection, subject(1))

    with pytest.raises(IntegrityError) as refused:
        await store.write(Refused())
    assert "QX1" not in str(refused.value)
    assert await store.read(lambda connection: READ.all(connection, {"ids": [1]})) == []


async def test_whoever_listens_to_statements_hears_prepared_ones(store: Store) -> None:
    heard: list[str] = []

    def listened_to(connection: Connection) -> None:
        event.listen(connection, "before_cursor_execute", lambda *given: heard.append(str(given[2])))
        READ.all(connection, {"ids": [1]})

    await store.read(listened_to)
    assert [statement.startswith("SELECT subjects.id") for statement in heard] == [True]


async def test_the_driver_is_given_statements_as_they_are_on_either_engine(store: Store) -> None:
    around: list[str] = []

    class Asked:
        def run(self, connection: Connection) -> None:
            event.listen(connection, "after_cursor_execute", lambda *given: around.append(str(given[2])))
            ADD.run(connection, subject(1))
            ADD.run_all(connection, [subject(2), subject(3)])
            assert 3 == len(READ.all(connection, {"ids": [1, 2, 3]}))

    await store.write(Asked())
    assert [] == [statement for statement in around if statement.startswith("SELECT")]
