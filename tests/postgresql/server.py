"""A real PostgreSQL of the tests' own: Debian's, on a port of its own, gone with the process that made it."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event
from typing import Final

import psycopg

__all__ = ["Server", "binary", "free_port", "running"]

_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
_START_SECONDS: Final = 60
_QUICK: Final = {
    "autovacuum": "off",
    "max_connections": "200",
    "max_wal_size": "512MB",
    "shared_buffers": "64MB",
    "timezone": "'Pacific/Apia'",
}
"""What makes many small databases cheap; nothing that is about keeping data is touched. No zone must be relied on."""


def binary(name: str) -> str:
    """Return the path of one of the server's programs, of the newest version that there is."""
    found = sorted(
        Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: float(path.parts[4]), reverse=True
    )
    path = str(found[0]) if found else shutil.which(name)
    assert path, f"there is no {name}: make test-tools installs PostgreSQL"
    return path


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def as_somebody() -> list[str]:
    """Return the words before a command that the server's programs need: they refuse to be root."""
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    assert setpriv
    return [setpriv, "--reuid=postgres", "--regid=postgres", "--clear-groups"]


class Server:
    """One server with its data in a folder."""

    def __init__(self, folder: Path, port: int, settings: dict[str, str] | None = None) -> None:
        """Keep data in ``folder``; it listens on a socket there and on a port of the loopback."""
        self.folder = folder
        self.port = port
        self.data = folder / "data"
        self._settings = {**_QUICK, **(settings or {})}
        self._process: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        """Make an empty cluster."""
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        self.run("initdb", "--auth=trust", "--username=relay", "--encoding=UTF8", "--no-sync", "-D", str(self.data))

    def run(self, program: str, *arguments: str) -> None:
        """Run one of the server's programs."""
        done = subprocess.run(
            [*as_somebody(), binary(program), *arguments], cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert not done.returncode, f"{program}: {done.stdout}{done.stderr}"

    def follow(self, primary: "Server") -> None:
        """Become a standby of another server: copy what it holds, and start; it answers questions only."""
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        where = ("--host=127.0.0.1", f"--port={primary.port}", "--username=relay", f"--pgdata={self.data}")
        self.run("pg_basebackup", *where, "--write-recovery-conf", "--checkpoint=fast", "--no-sync")
        self.start()

    def promote(self) -> None:
        """Take writes from now on, as whoever sees to a failover has a standby do."""
        self.execute("SELECT pg_promote()")

    def demand_standby(self) -> None:
        """Let each COMMIT wait for a standby from now on; there has to be one."""
        self.execute("ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()")
        deadline = time.monotonic() + _START_SECONDS
        while [("sync",)] != self.execute("SELECT sync_state FROM pg_stat_replication"):
            assert time.monotonic() < deadline, "no standby came"
            Event().wait(0.02)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.folder),
            **self._settings,
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value.strip(chr(39))}")]
        # When whoever started it is killed, it goes as well.
        words = [*(as_somebody() or ["setpriv"]), "--pdeathsig", "INT"]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*words, binary("postgres"), "-D", str(self.data), *options],
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + _START_SECONDS
        while True:
            assert self._process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline, (self.folder / "log").read_text()
            with suppress(psycopg.OperationalError):
                psycopg.connect(self.url("postgres"), connect_timeout=5).close()
                return
            self._process.poll()
            Event().wait(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: by SIGINT as an operator does, by SIGQUIT as a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(_START_SECONDS)
            self._process = None

    @property
    def pids(self) -> list[int]:
        """Return the server's processes, those of its sessions among them."""
        if self._process is None:
            return []
        first = self._process.pid
        children = Path(f"/proc/{first}/task/{first}/children").read_text("ascii").split()
        return [first, *map(int, children)]

    def url(self, database: str, *, host: str | None = None) -> str:
        """Return the URL of a database, over TCP."""
        return f"postgresql://relay@{host or '127.0.0.1'}:{self.port}/{database}"

    def execute(self, *statements: str, database: str = "postgres") -> Sequence[tuple[object, ...]]:
        """Run statements as the server's owner; return what the last one found."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.cursor()
            for statement in statements:
                cursor.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []


@contextmanager
def running(
    settings: dict[str, str] | None = None, *, standby_of: Server | None = None, on_disk: bool = False
) -> Iterator[Server]:
    """Run a server, an empty one or a standby of another, until the context is left; in memory unless ``on_disk``."""
    memory = _MEMORY if not on_disk and "TMPDIR" not in os.environ and os.access(_MEMORY, os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="relay-pg-", dir=memory) as name:
        folder = Path(name)
        server = Server(folder, free_port(), settings)
        try:
            if standby_of is None:
                server.create()
                server.start()
            else:
                server.follow(standby_of)
            yield server
        finally:
            server.stop(signal.SIGQUIT)
