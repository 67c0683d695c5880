"""What only the embedded engine has: one owner per file, its pragmas, and files that cannot be used."""

import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.errors import ConfigurationError, StoreBusy
from app.store import Store
from app.store.sqlite import Ownership, open_reader, open_writer, refuse_network_file_system

pytestmark = pytest.mark.anyio

OWNER = textwrap.dedent("""
    import asyncio, sys
    from app.store import Store
    store = Store.open(sys.argv[1], lock_wait_seconds=0)
    print("open", flush=True)
    sys.stdin.read()
    asyncio.run(store.close())
    print("closed", flush=True)
""")


@contextmanager
def owner(url: str) -> Iterator["subprocess.Popen[str]"]:
    """Let another process own the file."""
    command = [sys.executable, "-c", OWNER, url]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert "open\n" == process.stdout.readline()
        yield process
        process.kill()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/relay.db"


async def test_a_second_process_is_refused_and_told_who_owns_the_file(url: str) -> None:
    started = time.monotonic()
    with owner(url) as process, pytest.raises(StoreBusy) as refused:
        Store.open(url, lock_wait_seconds=0.2)

    assert f"pid {process.pid}" in str(refused.value)
    assert "lock_wait_seconds" in str(refused.value)
    assert 0.2 <= time.monotonic() - started


async def test_a_store_of_the_same_process_is_refused_as_well(url: str) -> None:
    store = Store.open(url)
    try:
        with pytest.raises(StoreBusy, match=f"pid {os.getpid()}"):
            Store.open(url, lock_wait_seconds=0)
    finally:
        await store.close()


@pytest.mark.parametrize("how", ["closes", "is killed"])
async def test_the_file_is_free_when_its_owner_goes(url: str, how: str) -> None:
    with owner(url) as process:
        if how == "closes":
            process.communicate("")
        else:
            process.kill()
        store = Store.open(url, lock_wait_seconds=30)
    try:
        await store.check()
    finally:
        await store.close()


def test_a_successor_waits_for_a_predecessor_that_still_drains(tmp_path: Path) -> None:
    file = tmp_path / "relay.db"
    first = Ownership(file, wait_seconds=0)
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 3:
            first.release()

    second = Ownership(file, wait_seconds=30, sleep=sleep)
    second.release()

    assert 3 == len(waits)


async def test_what_is_answered_must_survive_so_the_journal_is_synced_at_every_commit(url: str) -> None:
    store = Store.open(url)
    await store.close()
    found = {}
    for name, engine in (("writer", open_writer(url)), ("reader", open_reader(url))):
        with engine.connect() as connection:
            pragmas = ("journal_mode", "synchronous", "foreign_keys", "wal_autocheckpoint", "query_only")
            found[name] = [connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one() for pragma in pragmas]
        engine.dispose()

    assert ["wal", 2, 1, 4000, 0] == found["writer"]
    assert ["wal", 0, 1] == [found["reader"][0], found["reader"][3], found["reader"][4]]


@pytest.mark.parametrize("broken", ["below a file", "is a folder", "is no database", "in a system folder"])
async def test_a_file_that_cannot_be_used_is_a_configuration_error_that_names_it(tmp_path: Path, broken: str) -> None:
    (tmp_path / "file").write_text("not a database, but long enough to be looked at as if it were one" * 100)
    (tmp_path / "folder").mkdir()
    path = {
        "below a file": tmp_path / "file" / "relay.db",
        "is a folder": tmp_path / "folder",
        "is no database": tmp_path / "file",
        "in a system folder": Path("/proc/relay.db"),
    }[broken]

    with pytest.raises(ConfigurationError, match=f"database_url: {path} cannot be"):
        Store.open(f"sqlite:///{path}", lock_wait_seconds=0)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("oracle://db.example/relay", "names 'oracle'"),
        ("relay.db", "is not a URL"),
    ],
)
def test_a_url_that_keeps_nothing_is_refused(bad: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why):
        Store.open(bad)


@pytest.mark.parametrize(
    ("mounts", "refused"),
    [
        ("server:/x /srv nfs4 rw 0 0", True),
        ("/dev/sda1 / ext4 rw 0 0\nserver:/x /srv/data cifs rw 0 0", True),
        ("server:/x / nfs rw 0 0\n/dev/sda1 /srv/data ext4 rw 0 0", False),
        ("server:/x /srv/database nfs rw 0 0\n/dev/sda1 / ext4 rw 0 0", False),
    ],
)
def test_a_network_file_system_is_refused(tmp_path: Path, mounts: str, refused: bool) -> None:
    table = tmp_path / "mounts"
    table.write_text(mounts)
    if not refused:
        refuse_network_file_system(Path("/srv/data/relay.db"), table)
        return
    with pytest.raises(ConfigurationError, match="use a local disk"):
        refuse_network_file_system(Path("/srv/data/relay.db"), table)


def test_where_nothing_tells_the_file_system_it_is_not_refused(tmp_path: Path) -> None:
    refuse_network_file_system(Path("/srv/data/relay.db"), tmp_path / "missing")
