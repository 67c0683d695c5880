"""Target 12: how long a start takes, and what an idle relay holds."""

import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from http.client import HTTPConnection, HTTPException

from tests.bench.targets.aims import Sample
from tests.bench.targets.load import webhook
from tests.bench.targets.machine import RELAY_CORE, Watch, memory, pause, pinned
from tests.bench.targets.stage import PATH, Stage, relay
from tests.e2e.relay import free_port

__all__ = ["Starting"]

_IDLE_SECONDS = 3.0


class Starting:
    """A start of each, and a look at the relay a little later."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._place = stage.fresh("starting")
        with relay(self._place, "http://127.0.0.1:9") as running:
            assert running.stop() == 0  # The database is there: what is measured is a restart, not a migration.
        self._parcel = 0

    def round(self, number: int) -> Sample:
        """Start both; which is first alternates."""
        watch = Watch()
        took: dict[str, float] = {}
        held = 0.0
        for name in ("relay", "app") if number % 2 else ("app", "relay"):
            if name == "relay":
                took[name], held = self._relay()
            else:
                took[name] = self._app()
        facts = {"relay, start to first 2xx ms": took["relay"] * 1e3, "FastAPI app, the same ms": took["app"] * 1e3}
        values = {"12": took["relay"] / took["app"], "12b": held}
        return Sample(values=values, facts=facts, others_cores=watch.others_cores())

    def _relay(self) -> tuple[float, float]:
        began = time.monotonic()
        with relay(self._place, "http://127.0.0.1:9", is_ready=False) as running:
            took = self._first_answer(running.port) - began
            pause(_IDLE_SECONDS)
            return took, memory(running.running.pid)

    def _app(self) -> float:
        port = free_port()
        command = [sys.executable, "-m", "tests.bench.targets.yardsticks", "route", str(port), "none"]
        began = time.monotonic()
        with ExitStack() as stack:
            process = stack.enter_context(subprocess.Popen([*pinned(RELAY_CORE), *command]))
            stack.callback(process.kill)
            return self._first_answer(port) - began

    def _first_answer(self, port: int) -> float:
        self._parcel += 1
        body, signature = webhook(int(time.time() * 1000) % 900_000_000 + self._parcel)
        headers = {"Content-Type": "application/json", "X-Hmac-Signature": signature}
        while True:
            with suppress(OSError, HTTPException):
                connection = HTTPConnection("127.0.0.1", port, timeout=10)
                connection.request("POST", PATH, body, headers)
                status = connection.getresponse().status
                connection.close()
                if 200 <= status < 300:
                    return time.monotonic()
            pause(0.002)
