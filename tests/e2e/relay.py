"""`carrier-relay serve` as operators start it: a process of its own, configured by a file, spoken to over HTTP."""

import hashlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import Any, Final

import httpx
import pytest

from tests.e2e.parcels import SECRET, Parcel, signature

COMMAND: Final = (str(Path(sys.executable).with_name("carrier-relay")), "serve")
READY_SECONDS: Final = 60.0
STOP_SECONDS: Final = 30.0
_POLL_SECONDS: Final = 0.02
_LIST_LIMIT: Final = 500
TOKEN: Final = "an-invented-operator-token"
_ACCOUNT: Final = """
[accounts.{name}]
app_key = "vtexappkey-demo-EXAMPLE"
app_token = "an-invented-app-token"
base_url = "{url}"
history = "{history}"
read_lag_seconds = 0.2
retry_base_seconds = 0.1
request_timeout_seconds = 1
rate_per_second = 200
[accounts.{name}.carriers.easypost]
secrets = ["{secret}"]
"""


def account(url: str, *, name: str = "demo", history: str = "auto") -> str:
    """Configure an account whose VTEX is at this address."""
    return _ACCOUNT.format(name=name, url=url, history=history, secret=SECRET)


def free_port() -> int:
    """Take a port that is free now, to be used again after a restart."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def until(condition: Callable[[], bool], *, seconds: float, failing: Callable[[], object]) -> float:
    """Wait until something is so and return how long that took; fail and say what is so instead."""
    started, pause = time.monotonic(), Event()
    while not condition():
        if time.monotonic() - started > seconds:
            pytest.fail(f"not so after {seconds:g} s: {failing()}")
        pause.wait(_POLL_SECONDS)
    return time.monotonic() - started


class Relay:
    """A relay in a folder of its own, always on the same port and database."""

    def __init__(
        self,
        folder: Path,
        *accounts: str,
        settings: str = "",
        prefix: Sequence[str] = (),
        arguments: Sequence[str] = (),
        command: Sequence[str] = COMMAND,
        log_level: str = "warning",
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.folder = folder
        self.log = folder / "relay.log"
        self._command = (*prefix, *command, *arguments)
        self._process: subprocess.Popen[bytes] | None = None
        self._client = httpx.Client(base_url=self.url, timeout=10)
        digest = hashlib.sha256(TOKEN.encode()).hexdigest()
        token = f'[[tokens]]\nname = "tests"\nrole = "operator"\nsha256 = "{digest}"\n'
        head = f'listen = "127.0.0.1:{self.port}"\npublic_url = "{self.url}"\nlog_level = "{log_level}"\n{settings}\n'
        (folder / "relay.toml").write_text(head + "".join(accounts) + token, "utf-8")

    @property
    def environment(self) -> dict[str, str]:
        """Give this process's environment without what configures a relay of this machine."""
        return {name: value for name, value in os.environ.items() if not name.upper().startswith("RELAY_")}

    @property
    def running(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, "it was not started"
        return self._process

    def start(self) -> None:
        """Start it; it is not ready yet."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A group of its own: when a tracer is killed, what it traces runs on.
                start_new_session=True,
            )

    def until_ready(self) -> None:
        until(self._is_ready, seconds=READY_SECONDS, failing=self._tail)

    def _is_ready(self) -> bool:
        if self.running.poll() is not None:
            pytest.fail(f"the relay ended with {self.running.returncode}: {self._tail()}")
        with suppress(httpx.TransportError):
            return self._client.get("/readyz").is_success
        return False

    def _tail(self) -> str:
        return self.log.read_text("utf-8", "replace")[-2000:]

    def kill(self) -> None:
        """End it as a power cut would, whatever it is doing."""
        assert self.running.poll() is None, f"the relay ended by itself: {self._tail()}"
        self._end()

    def stop(self) -> int:
        """Ask it to stop, and return its exit status."""
        self.running.send_signal(signal.SIGTERM)
        return self.running.wait(timeout=STOP_SECONDS)

    def close(self) -> None:
        """Leave nothing running."""
        self._client.close()
        if self._process is not None and self._process.poll() is None:
            self._end()

    def _end(self) -> None:
        os.killpg(self.running.pid, signal.SIGKILL)
        self.running.wait()

    # ---- as a carrier ----------------------------------------------------------------------------

    def post(self, body: bytes, *, account: str = "demo", headers: Mapping[str, str] | None = None) -> httpx.Response:
        """Post a webhook, signed unless other headers are given."""
        credentials = {"X-Hmac-Signature": signature(body)} if headers is None else headers
        return self._client.post(
            f"/webhooks/easypost/{account}", content=body, headers={"Content-Type": "application/json", **credentials}
        )

    def accept(self, body: bytes, *, account: str = "demo") -> str:
        """Post a webhook that must be taken in; return its id."""
        answer = self.post(body, account=account)
        assert answer.status_code == 200, answer.text
        assert answer.json()["status"] in {"accepted", "duplicate"}
        return str(answer.json()["id"])

    # ---- as an operator --------------------------------------------------------------------------

    def ask(self, path: str, **query: object) -> Any:
        """Read something of the operators' interface."""
        asked = {name: str(value) for name, value in query.items()}
        answer = self._client.get(f"/ops/v1/{path}", params=asked, headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def tell(self, path: str, body: Mapping[str, object]) -> Any:
        """Ask for something over the operators' interface."""
        answer = self._client.post(f"/ops/v1/{path}", json=body, headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.is_success, answer.text
        return answer.json()

    def register(self, *sent: Parcel) -> None:
        """Say which order and invoice a tracking number belongs to."""
        for parcel in sent:
            shipment = {
                "account": parcel.account,
                "order_id": parcel.order,
                "invoice_number": parcel.invoice,
                "tracking_numbers": [parcel.tracking_number],
            }
            answer = self._client.post("/ops/v1/shipments", json=shipment, headers={"Authorization": f"Bearer {TOKEN}"})
            assert answer.is_success, answer.text

    def webhooks(self) -> Iterator[dict[str, Any]]:
        """List every stored webhook, page by page."""
        query: dict[str, object] = {"limit": _LIST_LIMIT}
        while True:
            page = self.ask("webhooks", **query)
            yield from page["items"]
            if page["next"] is None:
                return
            query["cursor"] = page["next"]

    def is_idle(self) -> bool:
        """Tell whether nothing is left to be mapped, sent, looked up or tried again."""
        if self.ask("webhooks", state="stored", limit=1)["items"]:
            return False
        counts = ("due", "in_flight", "waiting", "pending_rows")
        return not any(account[count] for account in self.ask("accounts")["items"] for count in counts)

    def until_idle(self, *, seconds: float = 30.0) -> float:
        return until(self.is_idle, seconds=seconds, failing=lambda: self.ask("accounts")["items"])
