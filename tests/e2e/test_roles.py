"""Processes that share a database, each with a part of the work."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.e2e.conftest import StartEmulator
from tests.e2e.parcels import SCANS, add_orders, deviations, misdeeds, parcels
from tests.e2e.relay import Relay, account, until
from tests.postgresql.databases import Databases

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def url(tmp_path: Path, databases: Databases) -> Iterator[str]:
    with databases.one("postgresql", tmp_path) as made:
        yield made


def test_what_one_process_takes_in_another_one_brings_to_vtex_and_a_third_one_shows(
    start_emulator: StartEmulator, tmp_path: Path, url: str
) -> None:
    emulator = start_emulator(mode="append")
    sent = parcels(3)
    add_orders(emulator, sent)
    relays = {}
    with ExitStack() as stack:
        for role in ("ingest", "forward", "ops"):
            folder = tmp_path / role
            folder.mkdir()
            settings = f'database_url = "{url}"'
            relays[role] = Relay(folder, account(emulator.url), settings=settings, arguments=("--role", role))
            stack.callback(relays[role].close)
            relays[role].start()
        for relay in relays.values():
            relay.until_ready()
        relays["ops"].register(*sent)

        for parcel in sent:
            for length in range(1, SCANS + 1):
                relays["ingest"].accept(parcel.webhook(length))

        until(lambda: deviations(emulator, sent) == [], seconds=60, failing=lambda: str(deviations(emulator, sent)))
        assert [] == misdeeds(emulator)
        assert {"ingest": True, "forward": False, "ops": False} == {
            role: relay.post(sent[0].webhook(1)).is_success for role, relay in relays.items()
        }
        shown = {
            role: httpx.get(f"{relay.url}/console/login", timeout=30).status_code for role, relay in relays.items()
        }
        assert {"ingest": 404, "forward": 404, "ops": 200} == shown
        assert [0, 0, 0] == [relay.stop() for relay in relays.values()]


def test_a_file_is_one_process_s_whole(start_emulator: StartEmulator, tmp_path: Path) -> None:
    relay = Relay(tmp_path, account(start_emulator().url), arguments=("--role", "ops"))
    relay.start()
    try:
        assert 3 == relay.running.wait(60)
    finally:
        relay.close()
    assert "--role ops needs a database that processes share" in relay.log.read_text()
