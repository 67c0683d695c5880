"""The processes of a benchmark: each on its core, in a folder of its own, and ended with its context."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.bench.databases import processor_of
from tests.bench.targets.machine import LOAD_CORE, RELAY_CORE, Watch, pause, pinned
from tests.bench.targets.seeding import ACCOUNT, fill
from tests.e2e.parcels import SECRET
from tests.e2e.relay import COMMAND, Relay, free_port
from tests.postgresql.server import Server

__all__ = ["ACCOUNT", "PATH", "Place", "Scale", "Stage", "destination", "log_of", "relay", "yardstick"]

PATH: Final = f"/webhooks/easypost/{ACCOUNT}"
_CHECKOUT: Final = Path(__file__).parents[3]
_PATIENCE: Final = 30.0
_SETTINGS: Final = f"""
[accounts.{ACCOUNT}]
app_key = "vtexappkey-bench-EXAMPLE"
app_token = "an-invented-app-token"
base_url = "{{url}}"
history = "delta"
first_read = false
# What is measured is the relay, not the rate that a VTEX account allows.
rate_per_second = 5000
concurrency = 64
[accounts.{ACCOUNT}.carriers.easypost]
secrets = ["{SECRET}"]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How much of everything: the real thing, or the smallest that still runs."""

    seconds: int = 4
    known: int = 1_000_000
    pending: tuple[int, int] = (100_000, 1_000_000)
    webhooks: int = 6_000
    shipments: int = 1_000
    at_work_seconds: float = 6.0
    puts: int = 12_800
    punctual: int = 300
    replays: int = 100_000
    replay_seconds: float = 12.0

    @property
    def signed(self) -> int:
        """How many webhooks there must be for all the seconds of one run."""
        return self.seconds * 60_000  # A bare server takes half as many.


SMALL: Final = Scale(
    seconds=1,
    known=1_000,
    pending=(2_500, 5_000),
    at_work_seconds=1.0,
    webhooks=100,
    shipments=20,
    puts=256,
    punctual=10,
    replays=200,
    replay_seconds=0.5,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A folder for one measurement, and its database."""

    folder: Path
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where scenarios run: a folder, how much of everything, and the server whose databases are used, if any."""

    folder: Path
    scale: Scale
    server: Server | None = None

    @property
    def engine(self) -> str:
        return "sqlite" if self.server is None else "postgresql"

    def filled(self, name: str, *statements: str) -> str:
        """Make a database of this release and fill it; return its name, by which it is copied, or its file."""
        if self.server is None:
            (self.folder / name).mkdir(parents=True, exist_ok=True)
            made = str(self.folder / name / "relay.db")
        else:
            made = f"filled_{name.replace('-', '_')}"
            self.server.execute(f"DROP DATABASE IF EXISTS {made} WITH (FORCE)", f"CREATE DATABASE {made}")
        fill(self.url(made), *statements)
        return made

    def url(self, filled: str) -> str:
        """Return the URL of a database that was filled."""
        return f"sqlite:///{filled}" if self.server is None else self.server.url(filled)

    def fresh(self, name: str, *, like: str | None = None) -> Place:
        """Make an empty folder, with a copy of a database that was filled before; without one SQLite's is made."""
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "data").mkdir(parents=True)
        file = folder / "data" / "relay.db"
        if like is not None and self.server is not None:
            copied = f"copy_{name.replace('-', '_')}"
            # What was copied is on disk before anything is timed.
            self.server.execute(
                f"DROP DATABASE IF EXISTS {copied} WITH (FORCE)",
                f"CREATE DATABASE {copied} TEMPLATE {like}",
                "CHECKPOINT",
            )
            return Place(folder=folder, url=self.server.url(copied))
        if like is not None:
            shutil.copyfile(like, file)
            os.sync()
        return Place(folder=folder, url=f"sqlite:///{file}")

    def server_seconds(self) -> float:
        """Return the processor seconds that the server used so far."""
        return 0.0 if self.server is None else processor_of(self.server)

    def watch(self, *pids: int) -> Watch:
        """Watch who else uses the machine from now on, beside these processes and the server."""
        return Watch(pids, also=self.server_seconds)


@contextmanager
def _running(command: Sequence[str], core: int, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program until the context is left, from when it listens."""
    with subprocess.Popen(
        [*pinned(core), *command], cwd=_CHECKOUT, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            wait_for_port(port, process)
            yield process
        finally:
            process.kill()


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until somebody listens."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        assert process.poll() is None, f"{process.args!r} ended with {process.returncode}"
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        assert time.monotonic() < deadline, f"{process.args!r} does not listen"
        pause(0.002)


@contextmanager
def yardstick(name: str, place: Place, *given: str, under: Sequence[str] = ()) -> Iterator[tuple[int, int]]:
    """Run one of the yardsticks on the relay's core, under another program if need be; its port and process.

    What is ``given`` follows its database on the command line.
    """
    port = free_port()
    command = [
        *under,
        sys.executable,
        "-m",
        "tests.bench.targets.yardsticks",
        name,
        str(port),
        place.url.removeprefix("sqlite:///"),
        *given,
    ]
    with _running(command, RELAY_CORE, port) as process:
        yield port, process.pid


@contextmanager
def destination(seconds: float = 0.0) -> Iterator[tuple[str, int]]:
    """Run a VTEX on the load's core; its address and process."""
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.targets.destination", str(port), f"{seconds:g}"]
    with _running(command, LOAD_CORE, port) as process:
        yield f"http://127.0.0.1:{port}", process.pid


def log_of(url: str) -> list[tuple[str, float]]:
    """Return which orders a destination answered since it was last asked, and when."""
    with urllib.request.urlopen(f"{url}/log", timeout=30) as answer:  # noqa: S310 - ours, on loopback
        return [(order, at) for order, at in json.load(answer)]


@contextmanager
def relay(place: Place, url: str, *, command: Sequence[str] = COMMAND, is_ready: bool = True) -> Iterator[Relay]:
    """Run a relay on its core, with everything on that is on by default; kill it in the end."""
    started = Relay(
        place.folder,
        _SETTINGS.format(url=url),
        settings=f'database_url = "{place.url}"',
        prefix=pinned(RELAY_CORE),
        command=command,
        log_level="info",
    )
    with contextlib.closing(started):
        started.start()
        if is_ready:
            started.until_ready()
        yield started
