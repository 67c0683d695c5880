"""Two releases on one database: the next one migrates it, and this one goes on, or says that it cannot."""

import re
import shutil
import sys
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Final

import httpx
import psycopg
import pytest

from app.store.revisions import HEAD
from tests.e2e.conftest import StartEmulator
from tests.e2e.parcels import SCANS, add_orders, deviations, misdeeds, parcels
from tests.e2e.relay import COMMAND, Relay, account, until
from tests.postgresql.databases import Databases

pytestmark = pytest.mark.timeout(300)

CHECKOUT: Final = Path(__file__).parents[2]
NEXT: Final = f'''"""What the next release adds."""

import sqlalchemy as sa
from alembic import op

revision = "9000"
down_revision = "{HEAD}"


def upgrade() -> None:
    op.add_column("webhooks", sa.Column("weight", sa.Integer(), nullable=True))
    op.add_column("shipments", sa.Column("colour", sa.Text(), server_default="", nullable=False))
    op.create_table("moods", sa.Column("name", sa.Text(), primary_key=True))
'''
AsThisRelease: Final = COMMAND
AsTheNext: Final = (sys.executable, "-m", "app", "serve")
"""Run in a folder with a copy of the source, it takes that one."""
Start = Callable[..., Relay]


@pytest.fixture
def url(tmp_path: Path, databases: Databases) -> Iterator[str]:
    with databases.one("postgresql", tmp_path) as made:
        yield made


@pytest.fixture
def run(tmp_path: Path, url: str) -> Iterator[Start]:
    """Start relays of this release or the next; they end with the test."""
    relays: list[Relay] = []

    def start(name: str, vtex_url: str, *, is_next: bool = False, breaks: bool = False) -> Relay:
        folder = tmp_path / name
        folder.mkdir()
        if is_next:
            make_next_release(folder, breaks=breaks)
        command = AsTheNext if is_next else AsThisRelease
        relays.append(Relay(folder, account(vtex_url), settings=f'database_url = "{url}"', command=command))
        relays[-1].start()
        return relays[-1]

    yield start
    for relay in relays:
        relay.close()


def make_next_release(folder: Path, *, breaks: bool) -> None:
    """Copy the source, and give it one migration more."""
    shutil.copytree(CHECKOUT / "app", folder / "app", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "app/store/migrations/versions/9000_next.py").write_text(NEXT, "utf-8")
    revisions = folder / "app/store/revisions.py"
    text = revisions.read_text("utf-8")
    text, found = re.subn(rf'(REVISIONS: Final = \(.*?"{HEAD}")', r'\1, "9000"', text, flags=re.DOTALL)
    assert found == 1
    if breaks:
        text = text.replace("BREAKING: Final = frozenset({", 'BREAKING: Final = frozenset({"9000", ')
    revisions.write_text(text, "utf-8")


def revision_in(url: str) -> str:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        assert row
        return str(row[0])


def test_this_release_takes_webhooks_and_calls_vtex_beside_the_next_one_and_starts_again_on_its_database(
    start_emulator: StartEmulator, run: Start, url: str
) -> None:
    emulator = start_emulator(mode="append")
    sent = parcels(6)
    add_orders(emulator, sent)
    old = run("old", emulator.url)
    old.until_ready()
    old.register(*sent)
    for parcel in sent:
        old.accept(parcel.webhook(1))

    new = run("new", emulator.url, is_next=True)
    new.until_ready()

    assert "9000" == revision_in(url)
    turns = cycle((old, new))
    for length in (2, 3):
        for parcel in sent:
            next(turns).accept(parcel.webhook(length))
    old.until_ready()
    # A release that was put back starts on what the newer one made of the database.
    assert 0 == old.stop()
    old.start()
    old.until_ready()
    for length in range(4, SCANS + 1):
        for parcel in sent:
            next(turns).accept(parcel.webhook(length))
    until(lambda: deviations(emulator, sent) == [], seconds=60, failing=lambda: str(deviations(emulator, sent)))
    assert [] == misdeeds(emulator)
    assert "9000" == revision_in(url)
    assert [0, 0] == [relay.stop() for relay in (old, new)]


def test_this_release_is_not_ready_beside_one_that_breaks_it_and_does_not_start_on_its_database(
    start_emulator: StartEmulator, run: Start
) -> None:
    emulator = start_emulator()
    old = run("old", emulator.url)
    old.until_ready()
    run("new", emulator.url, is_next=True, breaks=True).until_ready()

    until(lambda: readiness(old).status_code == 503, seconds=30, failing=lambda: readiness(old).text)
    assert "this release does not work on it" in readiness(old).text
    assert 0 == old.stop()
    old.start()
    assert 3 == old.running.wait(60)
    assert "which this release does not know and does not work on" in old.log.read_text("utf-8")


def readiness(relay: Relay) -> httpx.Response:
    return httpx.get(f"{relay.url}/readyz", timeout=30)


def test_a_migration_gives_up_when_a_table_is_in_use_for_long_and_webhooks_go_on(
    start_emulator: StartEmulator, run: Start, url: str
) -> None:
    emulator = start_emulator()
    old = run("old", emulator.url)
    old.until_ready()
    with psycopg.connect(url) as connection:
        # Somebody's report of an afternoon.
        connection.execute("SELECT count(*) FROM webhooks")
        new = run("new", emulator.url, is_next=True)

        assert 4 == new.running.wait(60)
        assert "a table that is to be changed is in use by another transaction" in new.log.read_text("utf-8")
        assert HEAD == revision_in(url)
        old.accept(parcels(1)[0].webhook(1))
        old.until_ready()
    new.start()
    new.until_ready()
    assert "9000" == revision_in(url)
