"""What a driver is given past SQLAlchemy arrives as it was, and what fails there fails as it does elsewhere."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from app.errors import StoreUnavailable
from app.store import Store, postgresql
from app.store.driver import InBinary, array_of, asked_of_driver
from app.store.exclusion import of_accounts
from app.store.lasting import begin

ON_POSTGRESQL = pytest.mark.parametrize("engine", ["postgresql"])
TEXTS: Final = st.text(st.characters(exclude_categories=["Cs"]))
KINDS: Final[dict[str, st.SearchStrategy[Any]]] = {
    "BIGINT": st.integers(-(2**63), 2**63 - 1),
    "INTEGER": st.integers(-(2**31), 2**31 - 1),
    "TEXT": TEXTS,
    "VARCHAR": TEXTS,
    "BYTEA": st.binary(),
    "JSON": st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))).map(json.dumps),
}


def read(kind: str, value: Any) -> Any:
    """Say what a value is once the server kept it: documents are read, and a text has no NUL."""
    if isinstance(value, str):
        return json.loads(value) if kind == "JSON" else value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return value


def columns(values: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """Make columns of a table, among them such as say the same in every row."""
    some = st.none() | values
    return st.lists(some, min_size=1, max_size=70) | st.tuples(some, st.integers(1, 70)).map(lambda of: [of[0]] * of[1])


@ON_POSTGRESQL
@pytest.mark.parametrize("kind", KINDS)
def test_a_column_arrives_as_it_was_laid_out(database_url: str, kind: str) -> None:
    with postgresql.connect(database_url, pooled=False) as connection:

        @settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
        @given(columns(KINDS[kind]))
        def arrives(column: list[Any]) -> None:
            laid_out = array_of(column, kind)
            assert isinstance(laid_out, InBinary)
            found = connection.execute(f"SELECT %s::{kind}[]".encode(), (laid_out,)).fetchone()
            assert found is not None
            assert found[0] == [read(kind, value) for value in column]

        arrives()


@pytest.mark.parametrize(
    ("column", "kind"), [([1, "2"], "BIGINT"), ([True, True], "INTEGER"), ([{"a": 1}], "JSON"), ([0.5], "FLOAT")]
)
def test_what_there_are_no_words_for_is_left_to_the_driver(column: list[Any], kind: str) -> None:
    assert array_of(column, kind) == column


@pytest.mark.anyio
@ON_POSTGRESQL
async def test_a_session_that_ends_in_a_statement_is_an_outage_and_the_next_write_has_another(store: Store) -> None:
    lost: list[DBAPIError] = []

    class Ended:
        def run(self, connection: Connection) -> None:
            try:
                asked_of_driver(connection, "SELECT pg_terminate_backend(pg_backend_pid())")
            except DBAPIError as error:
                lost.append(error)
                assert connection.invalidated
                raise

    with pytest.raises(StoreUnavailable):
        await store.write(Ended())
    assert lost
    assert all(error.connection_invalidated for error in lost)
    assert 1 == await store.write(Asking(lambda connection: asked_of_driver(connection, "SELECT 1").fetchone()[0]))


@pytest.mark.anyio
async def test_what_is_said_wrongly_is_no_outage_and_quotes_no_value(store: Store) -> None:
    texts = {"sqlite": "SELECT ? FROM nowhere", "postgresql": "SELECT %s FROM nowhere"}

    def wrong(connection: Connection) -> None:
        with pytest.raises(DBAPIError) as refused:
            asked_of_driver(connection, texts[connection.dialect.name], ("Ana",))
        assert "nowhere" in str(refused.value)
        assert "Ana" not in str(refused.value)
        assert not refused.value.connection_invalidated

    await store.write(Asking(wrong))


class Asking:
    """Ask whatever a test wants to in a transaction."""

    def __init__(self, ask: Callable[[Connection], Any]) -> None:
        self._ask = ask

    def run(self, connection: Connection) -> Any:
        return self._ask(connection)


@ON_POSTGRESQL
@pytest.mark.parametrize("pooled", [False, True])
def test_a_transaction_begins_with_all_that_it_begins_with_in_one_message(
    database_url: str, pooled: bool, tmp_path: Path
) -> None:
    locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
    with (
        postgresql.open_writer(database_url, pooled=pooled).connect() as connection,
        (tmp_path / "told").open("wb") as told,
    ):
        driver: Any = connection.connection.dbapi_connection
        driver.pgconn.trace(told.fileno())
        transaction = begin(connection, of_accounts("demo", "other"), lasting=False, before=True)
        driver.pgconn.untrace()
        shown = [connection.exec_driver_sql(f"SHOW {name}").scalar() for name in ("synchronous_commit", "lock_timeout")]
        held = connection.exec_driver_sql(locks).scalar()
        transaction.rollback()
        left = [connection.exec_driver_sql(asked).scalar() for asked in (locks, "SHOW synchronous_commit")]

    sent = [line for line in (tmp_path / "told").read_text("utf-8").splitlines() if "\tF\t" in line]
    assert ["Query"] == [line.split("\t")[3] for line in sent]
    assert (["off", "10s"], 3) == (shown, held)
    assert [0, "on"] == left
