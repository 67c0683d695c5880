"""A copy is made while a relay runs, and what was erased since stays erased when the copy takes its place."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg

from app.store import AdvanceErasure, EraseOrder, Erasure, Store, search_bodies
from app.store.holding import HoldOrder, ReleaseOrder
from tests.postgresql.databases import Databases
from tests.postgresql.server import binary
from tests.store.making import NOW, adding, event, put, recording, shipment

ORDER, NUMBER = "v9027103-01", "QX904512345BR"


def run(folder: Path, *words: str, url: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command as an operator would."""
    environment = {"RELAY_DATABASE_URL": url or f"sqlite:///{folder}/relay.db", "RELAY_LOCK_WAIT_SECONDS": "0"}
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-m", "app", *words],
        env=kept | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


async def lived(store: Store) -> None:
    await store.write(adding(store, shipment(ORDER, "1", NUMBER)))
    await store.write(adding(store, shipment("v2-01", "2", "OTHER000001")))
    for number in (NUMBER, "OTHER000001"):
        wanted = put(store, number)
        await store.write(wanted)
        await store.write(recording(store, event(number), webhook=wanted.id))


async def erased(store: Store) -> None:
    begun = await store.write(
        EraseOrder(
            account="demo",
            owners=("demo",),
            order_id=ORDER,
            number=None,
            actor="ana",
            reason="asked",
            numbers_until=NOW.replace(year=2090),
            ids=store.ids,
            now=NOW,
        )
    )
    assert isinstance(begun, Erasure)
    found = await store.read(lambda c: search_bodies(c, begun, 500, after=0))
    await store.write(AdvanceErasure(erasure=begun, searched=found, now=NOW))


def test_what_was_erased_after_the_copy_stays_erased_when_it_is_restored(tmp_path: Path) -> None:
    copies = tmp_path / "copies"

    async def live() -> None:
        store = Store.open(f"sqlite:///{tmp_path}/relay.db", lock_wait_seconds=0)
        await lived(store)
        # The relay owns the file, and the copy is made all the same.
        made = await asyncio.to_thread(run, tmp_path, "backup", str(copies))
        assert (0, "") == (made.returncode, made.stderr)
        refused = await asyncio.to_thread(run, tmp_path, "restore", str(next(copies.glob("*.db"))), "--yes")
        assert refused.returncode
        assert "is owned by another process" in refused.stderr
        await erased(store)
        await store.close()

    asyncio.run(live())
    (copy,) = copies.glob("*.db")
    assert NUMBER.encode() in copy.read_bytes()

    restored = run(tmp_path, "restore", str(copy), "--yes")

    assert 0 == restored.returncode, restored.stderr
    assert "erased orders and parcels of it were erased again" in restored.stdout
    files = b"".join(
        Path(f"{tmp_path}/relay.db{end}").read_bytes()
        for end in ("", "-wal")
        if Path(f"{tmp_path}/relay.db{end}").exists()
    )
    assert [False, False, True] == [text.encode() in files for text in (ORDER, NUMBER, "OTHER000001")]


def test_the_list_beside_the_copies_is_enough_when_the_database_is_lost(tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    url = f"sqlite:///{tmp_path}/relay.db"

    async def live() -> None:
        store = Store.open(url, lock_wait_seconds=0)
        await lived(store)
        await asyncio.to_thread(run, tmp_path, "backup", str(copies))
        await erased(store)
        await asyncio.to_thread(run, tmp_path, "backup", str(copies))
        await store.close()

    asyncio.run(live())
    for end in ("", "-wal", "-shm"):
        Path(f"{tmp_path}/relay.db{end}").unlink(missing_ok=True)

    restored = run(tmp_path, "restore", str(min(copies.glob("*.db"))), "--yes")

    assert 0 == restored.returncode, restored.stderr
    with closing(sqlite3.connect(tmp_path / "relay.db")) as connection:
        assert [("v2-01",)] == connection.execute("SELECT order_id FROM shipments").fetchall()


def test_a_broken_copy_is_refused_and_nothing_is_touched(tmp_path: Path) -> None:
    async def live() -> None:
        store = Store.open(f"sqlite:///{tmp_path}/relay.db", lock_wait_seconds=0)
        await lived(store)
        await store.close()

    asyncio.run(live())
    broken = tmp_path / "broken.db"
    broken.write_bytes(b"no database at all, only words" * 100)

    refused = run(tmp_path, "restore", str(broken), "--yes")

    assert refused.returncode
    assert "is no whole database" in refused.stderr
    with closing(sqlite3.connect(tmp_path / "relay.db")) as connection:
        assert 2 == connection.execute("SELECT count(*) FROM shipments").fetchone()[0]


def test_what_the_copy_holds_is_named_and_not_erased_again(tmp_path: Path) -> None:
    copies = tmp_path / "copies"
    who = {"account": "demo", "order_id": ORDER, "actor": "ana", "reason": "disputed"}

    async def live() -> None:
        store = Store.open(f"sqlite:///{tmp_path}/relay.db", lock_wait_seconds=0)
        await lived(store)
        await store.write(HoldOrder(**who, ids=store.ids, now=NOW))
        await asyncio.to_thread(run, tmp_path, "backup", str(copies))
        await store.write(ReleaseOrder(**who, ids=store.ids, now=NOW))
        await erased(store)
        await store.close()

    asyncio.run(live())
    (copy,) = copies.glob("*.db")

    restored = run(tmp_path, "restore", str(copy), "--yes")

    assert 0 == restored.returncode, restored.stderr
    assert "0 erased orders and parcels of it were erased again" in restored.stdout
    assert f"held when the copy was made: {ORDER} of demo." in restored.stderr


def test_what_was_erased_after_a_dump_stays_erased_when_it_is_restored(tmp_path: Path, databases: Databases) -> None:
    copies = tmp_path / "copies"
    dump = copies / "relay.dump"

    async def live(url: str) -> None:
        store = Store.open(url)
        await lived(store)
        noted = await asyncio.to_thread(run, tmp_path, "backup", str(copies), url=url)
        assert (0, "") == (noted.returncode, noted.stderr)
        assert f"pg_dump --format=custom --file={dump} URL" in noted.stdout
        await asyncio.to_thread(tool, "pg_dump", "--format=custom", f"--file={dump}", url)
        await erased(store)
        noted = await asyncio.to_thread(run, tmp_path, "backup", str(copies), url=url)
        assert 0 == noted.returncode, noted.stderr
        await store.close()

    with databases.one("postgresql", tmp_path) as url:
        asyncio.run(live(url))
    with databases.one("postgresql", tmp_path, migrated=False) as url:
        tool("pg_restore", "--no-owner", "--exit-on-error", f"--dbname={url}", str(dump))
        assert {"v9027103-01", "v2-01"} == orders_in(url)

        restored = run(tmp_path, "restore", str(copies), "--yes", url=url)

        assert 0 == restored.returncode, restored.stderr
        assert "erased orders and parcels that the database held were erased again" in restored.stdout
        assert {"v2-01"} == orders_in(url)
        plain = tmp_path / "afterwards.sql"
        tool("pg_dump", "--inserts", f"--file={plain}", url)
        text = plain.read_text("utf-8")
        # PostgreSQL writes bytes as hexadecimal digits.
        held = [word in text or word.encode().hex() in text for word in (ORDER, NUMBER, "OTHER000001")]
        assert [False, False, True] == held
        again = run(tmp_path, "restore", str(copies), "--yes", url=url)
        assert "0 erased orders and parcels" in again.stdout


def test_a_restored_dump_without_the_list_of_what_was_erased_is_not_called_right(
    tmp_path: Path, databases: Databases
) -> None:
    with databases.one("postgresql", tmp_path) as url:
        refused = run(tmp_path, "restore", str(tmp_path), "--yes", url=url)

    assert refused.returncode
    assert "erased.json, which says what is to stay erased" in refused.stderr


def tool(name: str, *words: str) -> None:
    """Run one of PostgreSQL's programs as an operator would."""
    done = subprocess.run([binary(name), *words], capture_output=True, text=True, check=False, timeout=120)
    assert not done.returncode, done.stderr


def orders_in(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {str(row[0]) for row in connection.execute("SELECT order_id FROM shipments")}
