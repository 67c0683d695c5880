"""Relays and emulators that end with the test that started them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.e2e.relay import Relay
from tests.emulator import VtexEmulator
from tests.postgresql.databases import Databases

StartRelay = Callable[..., Relay]
StartEmulator = Callable[..., VtexEmulator]


@pytest.fixture
def start_emulator() -> Iterator[StartEmulator]:
    """Start emulators of VTEX; reads lag behind writes, less than the relay allows for."""
    with ExitStack() as running:

        def start(**options: object) -> VtexEmulator:
            emulator = VtexEmulator(**{"read_lag_seconds": 0.1, **options})  # type: ignore[arg-type]
            return running.enter_context(emulator)

        yield start


@pytest.fixture
def engine() -> str:
    """Name the engine that relays store in, unless a test asks for another one."""
    return "sqlite"


@pytest.fixture
def database_settings(engine: str, tmp_path: Path, databases: Databases) -> Iterator[str]:
    """Say where the relays of a test store; SQLite's file is where they expect it."""
    if engine == "sqlite":
        yield ""
        return
    with databases.one(engine, tmp_path) as url:
        yield f'database_url = "{url}"\n'


@pytest.fixture
def start_relay(tmp_path: Path, start_emulator: StartEmulator, database_settings: str) -> Iterator[StartRelay]:
    """Start relays, and wait until they are ready; they end before the emulators do."""
    relays: list[Relay] = []

    def start(*accounts: str, settings: str = "", **options: object) -> Relay:
        relay = Relay(tmp_path, *accounts, settings=database_settings + settings, **options)  # type: ignore[arg-type]
        relays.append(relay)
        relay.start()
        relay.until_ready()
        return relay

    yield start
    for relay in relays:
        relay.close()
