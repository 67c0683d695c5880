"""The processes of a run: VTEX's emulator and the relay. Only what was started here is ever ended here."""

import asyncio
import hashlib
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Final, Self

import httpx

from tests.chaos.parcels import ACCOUNT

__all__ = ["Emulator", "Relay", "RelayFault", "free_port", "told_by"]

_CHECKOUT: Final = Path(__file__).parents[2]
_START_SECONDS: Final = 90.0
_STOP_SECONDS: Final = 40.0
_POLL_SECONDS: Final = 0.05
_LIST_LIMIT: Final = 500


class RelayFault(Exception):
    """The relay did what it must never do, and the run ends there."""


def told_by(group: BaseExceptionGroup[RelayFault]) -> list[str]:
    """List what a group of faults says, however deep, each thing once."""
    found: dict[str, None] = {}
    for error in group.exceptions:
        found |= dict.fromkeys(told_by(error) if isinstance(error, BaseExceptionGroup) else [str(error)])
    return list(found)


def free_port() -> int:
    """Take a port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert isinstance(port, int)
        return port


class Emulator:
    """The emulator as a process, and its control endpoints."""

    def __init__(self, mode: str, log: IO[bytes]) -> None:
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.emulator", "--port", "0", "--mode", mode),
                *("--latency-seconds", "0.02", "--read-lag-seconds", "0.1"),
            ],
            cwd=_CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
        )
        assert self._process.stdout
        self.url = self._process.stdout.readline().decode().split()[-1]
        self._client = httpx.Client(base_url=self.url, timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()
        self._process.kill()
        self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()

    def tell(self, method: str, path: str, body: Any) -> None:
        """Change something."""
        answer = self._client.request(method, f"/control/{path}", json=body)
        assert 200 == answer.status_code, answer.text

    def ask(self, path: str, **query: str) -> Any:
        """Ask what happened."""
        answer = self._client.get(f"/control/{path}", params=query)
        assert 200 == answer.status_code, answer.text
        return answer.json()


class Relay:
    """``carrier-relay serve`` as a process that is killed and started again, always on the same file and port."""

    def __init__(
        self,
        folder: Path,
        vtex_url: str,
        history: str,
        *,
        database_url: str = "",
        keys: tuple[str, str] | None = None,
        variables: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """Configure it; ``variables`` are added to its environment."""
        secret, self.token = keys or (secrets.token_urlsafe(24), secrets.token_urlsafe(24))
        self.secrets: tuple[str, ...] = (secret,)
        """What it accepts from its next start on, the newest first."""
        self._database_url = database_url or f"sqlite:///{folder / 'relay.db'}"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.urls = (self.url,)
        self.log = folder / "relay.log"
        self.kills = 0
        self.pids: list[int] = []
        """Of all processes that were started."""
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._environment = {**self._variables(vtex_url, history), **variables}

    @property
    def secret(self) -> str:
        """Return what carriers sign with."""
        return self.secrets[0]

    @property
    def pid(self) -> int | None:
        """Return its process's number, None when there is none."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def _variables(self, vtex_url: str, history: str) -> Mapping[str, str]:
        digest = hashlib.sha256(self.token.encode()).hexdigest()
        account = {
            "BASE_URL": vtex_url,
            "APP_KEY": "vtexappkey-demo-EXAMPLE",
            "APP_TOKEN": "invented-token",
            "HISTORY": history,
            "RETRY_BASE_SECONDS": "0.1",
            "READ_LAG_SECONDS": "0.2",
            "REQUEST_TIMEOUT_SECONDS": "2",
            # The ordinary rate would stretch the run without testing anything else.
            "RATE_PER_SECOND": "200",
        }
        # Nothing that this machine configures for a relay of its own may reach the one under test.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("RELAY_")}
        return {
            **inherited,
            # The relay of this checkout, whichever is installed.
            "PYTHONPATH": str(_CHECKOUT),
            "RELAY_DATABASE_URL": self._database_url,
            "RELAY_LISTEN": f"127.0.0.1:{self.port}",
            "RELAY_LOG_LEVEL": "warning",
            "RELAY_TOKENS": json.dumps([{"name": "chaos", "role": "operator", "sha256": digest}]),
            **{f"RELAY_ACCOUNTS__{ACCOUNT.upper()}__{name}": value for name, value in account.items()},
        }

    def start(self) -> None:
        """Start it; it may take a while until it is ready."""
        accepted = {f"RELAY_ACCOUNTS__{ACCOUNT.upper()}__CARRIERS__EASYPOST__SECRETS": json.dumps(self.secrets)}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "app", "serve"],
                cwd=self._folder,
                env={**self._environment, **accepted},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.pids.append(self._process.pid)

    async def until_ready(self) -> None:
        """Wait until it says that it can do its work."""
        deadline = time.monotonic() + _START_SECONDS
        async with httpx.AsyncClient(base_url=self.url, timeout=30) as client:
            while time.monotonic() < deadline:
                self.demand_life()
                with suppress(httpx.TransportError):
                    if (await client.get("/readyz")).is_success:
                        return
                await asyncio.sleep(_POLL_SECONDS)
        raise RelayFault(f"the relay is not ready after {_START_SECONDS:g} s; see {self.log}")

    def demand_life(self) -> None:
        """Raise when its process has ended by itself."""
        if self._process is None or self._process.poll() is not None:
            raise RelayFault(f"the relay ended by itself; see {self.log}")

    def kept(self) -> set[str]:
        """Ask under which names webhooks are kept."""
        ids: set[str] = set()
        query: dict[str, Any] = {"limit": _LIST_LIMIT}
        headers = {"Authorization": f"Bearer {self.token}"}
        with httpx.Client(base_url=self.url, headers=headers, timeout=60) as client:
            while True:
                page = client.get("/ops/v1/webhooks", params=query).raise_for_status().json()
                ids |= {webhook["id"] for webhook in page["items"]}
                if page["next"] is None:
                    return ids
                query["cursor"] = page["next"]

    def kill(self) -> None:
        """End it as a power cut would."""
        self.demand_life()
        self.discard()
        self.kills += 1

    def stop(self) -> int:
        """Ask it to stop, and return its exit code."""
        assert self._process
        self._process.terminate()
        try:
            return self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            return self.discard()

    def discard(self) -> int:
        """End it whatever its state."""
        if self._process is None:
            return 0
        self._process.kill()
        return self._process.wait()
