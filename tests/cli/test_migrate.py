"""`migrate` owns the database while it works on it, and says what it did."""

import asyncio
from pathlib import Path

import pytest

from app.store import Store
from app.store.revisions import HEAD
from app.store.sqlite import Ownership
from tests.cli.conftest import Run


def test_a_new_database_is_brought_to_this_release_and_then_left_alone(run: Run, folder: Path) -> None:
    first, second = run("migrate"), run("migrate")

    assert (0, 0) == (first.exit_code, second.exit_code)
    assert f"data/relay.db went from an empty file to {HEAD}.\n" == first.stdout
    assert "nothing to do" in second.stdout
    assert (folder / "data" / "relay.db").exists()


def test_a_database_that_is_in_use_ends_with_4_and_names_the_process(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELAY_LOCK_WAIT_SECONDS", "0")
    owned = Ownership(folder / "data" / "relay.db", wait_seconds=0)

    result = run("migrate")
    owned.release()

    assert (4, "") == (result.exit_code, result.stdout)
    assert "is owned by another process (pid " in result.stderr
    assert 0 == run("migrate").exit_code


def test_a_database_of_a_newer_release_ends_with_3(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("migrate")
    monkeypatch.setattr("app.store.migrate.REVISIONS", ())
    monkeypatch.setattr("app.store.migrate.HEAD", "0000")

    result = run("migrate")

    assert 3 == result.exit_code
    assert f"is at revision {HEAD}, which this release does not know" in result.stderr


def test_the_store_is_usable_afterwards(run: Run, folder: Path) -> None:
    run("migrate")
    store = Store.open(f"sqlite:///{folder / 'data' / 'relay.db'}", lock_wait_seconds=0)

    async def check() -> None:
        await store.check()
        await store.close()

    asyncio.run(check())
    assert (HEAD, HEAD) == store.revisions
