"""Behind a real PgBouncer in transaction mode, where each transaction may get another session of the server."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import psycopg
import pytest
from sqlalchemy import text

from app.store import AddShipment, Settle, Settlement, Store
from tests.postgresql.databases import Databases
from tests.postgresql.server import as_somebody, free_port
from tests.store.making import NOW, adding, claim, event, put, recording, shipment

pytestmark = pytest.mark.anyio

_TRIES = 600


@pytest.fixture
def url(databases: Databases, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Iterator[str]:
    """Name an empty database, by way of a pooler with fewer sessions than the relay has connections."""
    program = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/sbin:/bin:/usr/local/bin")
    assert program, "there is no pgbouncer: make test-tools installs it"
    port = free_port()
    with databases.one("postgresql", tmp_path) as direct:
        # Whoever runs it must be able to read this, whatever folders it lies in.
        file = databases.server.folder / f"pgbouncer-{port}.ini"
        file.write_text(
            f"[databases]\n* = host=127.0.0.1 port={databases.server.port} user=relay\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
            "pool_mode = transaction\ndefault_pool_size = 5\nmax_client_conn = 100\n"
        )
        pooled = direct.replace(f":{databases.server.port}/", f":{port}/")
        with subprocess.Popen(
            [*as_somebody(), program, str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            try:
                _until_it_answers(pooled)
                yield pooled
            finally:
                process.kill()


def _until_it_answers(url: str) -> None:
    for _ in range(_TRIES):
        try:
            psycopg.connect(url, connect_timeout=5).close()
        except psycopg.OperationalError:
            Event().wait(0.05)
        else:
            return
    pytest.fail("pgbouncer does not answer")


async def test_two_processes_do_all_their_work_through_a_pooler(url: str) -> None:
    left, right = Store.open(url, pooled=True), Store.open(url, pooled=True)
    try:
        received = await asyncio.gather(
            *(store.write(put(store, str(number))) for number in range(20) for store in (left, right))
        )
        assert 20 == sum(not each.duplicate for each in received)
        for number in range(10):
            store, other = (left, right) if number % 2 else (right, left)
            added: AddShipment = adding(other, shipment(f"v{number}-01", "1", f"N{number}"))
            await asyncio.gather(store.write(recording(store, event(f"N{number}"))), other.write(added))

        claimed = await asyncio.gather(*(store.write(claim(store, slots=5)) for store in (left, right, left, right)))
        held = [each for some in claimed for each in some]
        assert 10 == len(held) == len({each.work.shipment_id for each in held})
        settled = [Settle(claimed=each, settlement=Settlement(outcome="applied"), now=NOW) for each in held]
        assert all([await right.write(each) for each in settled])
        await left.check()
    finally:
        await asyncio.gather(left.close(), right.close())


async def test_what_limits_a_transaction_is_said_to_each_and_left_with_no_session(url: str) -> None:
    store = Store.open(url, pooled=True)
    try:
        asked = text("SHOW statement_timeout")
        assert ["30s"] == await store.read(lambda connection: list(connection.execute(asked).scalars()))
    finally:
        await store.close()
    with psycopg.connect(url, prepare_threshold=None) as connection:
        assert [("0",)] * 8 == [connection.execute("SHOW statement_timeout").fetchone() for _ in range(8)]
