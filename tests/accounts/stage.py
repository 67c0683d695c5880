"""A relay and the bundled VTEX on real HTTP, in a loop of their own, under a clock that only a test moves."""

import asyncio
import hashlib
import json
import threading
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from app.main import Listener, Relay, relay, serve
from app.sandbox import SandboxOptions, create_sandbox
from app.settings import load_settings
from app.web import create_app

T = TypeVar("T")

NOW = datetime(2026, 3, 4, 18, 0, tzinfo=UTC)
PATH_KEY = "k3y-of-the-path-0001"
ORDER, INVOICE, NUMBER = "1527103869572-01", "000045781", "QX004512345BR"
TOKENS = {
    "viewer": ("viewer", None),
    "support": ("support", None),
    "operator": ("operator", None),
    "admin": ("admin", None),
    "other-operator": ("operator", ["other"]),
}
_TRIES = 2000


class Clock:
    """A time that only moves when a test says so."""

    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **duration: float) -> None:
        self.time += timedelta(**duration)


class Stage:
    """Start a sandbox at once and a relay when asked; both stop with the context."""

    def __init__(self, folder: Path, options: SandboxOptions) -> None:
        self.clock = Clock()
        self.folder = folder
        self._options = options
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="stage")
        self._stack = AsyncExitStack()
        self._relay_stack = AsyncExitStack()
        self.vtex_url = self.url = ""
        self.running: Relay | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self.vtex_url = self._run(self._serve(self._stack, create_sandbox(self._options, self.clock)))
        self.vtex = httpx.Client(base_url=self.vtex_url)
        self.http = httpx.Client()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop_relay()
        self.vtex.close()
        self.http.close()
        self._run(self._stack.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout=30)

    async def _serve(self, stack: AsyncExitStack, application: object) -> str:
        listener = Listener(application=application, host="127.0.0.1", port=0, setting="listen")
        (port,) = await stack.enter_async_context(serve([listener], shutdown_seconds=5))
        return f"http://127.0.0.1:{port}"

    # --- the relay -------------------------------------------------------------------------------

    def environment(self, **account: object) -> dict[str, str]:
        """Return variables that configure account ``demo`` at the sandbox, and ``other`` nowhere."""
        given = {"base_url": self.vtex_url, "app_key": "an-app-key", "app_token": "an-app-token", **account}
        variables = {f"RELAY_ACCOUNTS__DEMO__{name.upper()}": _text(value) for name, value in given.items()}
        frenet = "RELAY_ACCOUNTS__DEMO__CARRIERS__FRENET__"
        tokens = [
            {"name": name, "role": role, "sha256": digest(f"token-of-{name}")}
            | ({"accounts": accounts} if accounts else {})
            for name, (role, accounts) in TOKENS.items()
        ]
        return variables | {
            "RELAY_DATABASE_URL": f"sqlite:///{self.folder}/relay.db",
            "RELAY_ACCOUNTS__OTHER__APP_KEY": "another-app-key",
            "RELAY_ACCOUNTS__OTHER__APP_TOKEN": "another-app-token",
            frenet + "PATH_KEY": PATH_KEY,
            frenet + "UNSIGNED": "true",
            "RELAY_TOKENS": json.dumps(tokens),
        }

    def start_relay(self, **account: object) -> None:
        """Start a relay for account ``demo`` with these settings, on the database of the one before."""
        # What these tests count is not to be mixed with sweeps.
        quick = {"retry_base_seconds": 1, "read_lag_seconds": 0, "sweep_minutes": 0}
        settings = load_settings(self.environment(**(quick | account)))

        async def start() -> None:
            self.running = await self._relay_stack.enter_async_context(
                relay(settings, now=self.clock, steady=lambda: self.clock().timestamp())
            )
            application = create_app(self.running.dependencies)
            self._relay_stack.push_async_callback(application.close)
            self.url = await self._serve(self._relay_stack, application)

        self._run(start())

    def stop_relay(self) -> None:
        """Stop the relay, if one runs, as a signal would."""
        self._run(self._relay_stack.aclose())
        self.running = None

    def restart_relay(self, **account: object) -> None:
        """Stop the relay and start it with other settings."""
        self.stop_relay()
        self.start_relay(**account)

    def advance(self, **duration: float) -> None:
        """Let time pass, and let the relay notice."""
        self.clock.advance(**duration)
        running = self.running
        assert running is not None
        self._loop.call_soon_threadsafe(running.dependencies.wake)

    def ops(self, method: str, path: str, *, token: str = "operator", **more: Any) -> httpx.Response:
        """Call the operators' interface."""
        headers = {"Authorization": f"Bearer token-of-{token}"}
        return self.http.request(method, f"{self.url}/ops/v1{path}", headers=headers, **more)

    def account(self, name: str = "demo") -> dict[str, Any]:
        """Read an account."""
        return _ok(self.ops("GET", f"/accounts/{name}"))

    def comparison(self, **query: str | float) -> dict[str, Any]:
        """Compare account ``demo``."""
        return _ok(self.ops("GET", "/accounts/demo/comparison", params=query))

    def until(self, true: Callable[[], bool]) -> None:
        """Ask until something is so; each question is a call over HTTP, which takes its time."""
        for _ in range(_TRIES):
            if true():
                return
        raise AssertionError("what the test waits for did not come about")

    def until_called(self, times: int) -> None:
        """Wait until VTEX got so many calls in all, and see that it does not get more of them."""
        self.until(lambda: len(self.calls()) >= times)
        assert times == len(self.calls())

    def settled(self) -> None:
        """Wait until the relay has mapped every webhook and has nothing to do now."""
        self.until(lambda: not _ok(self.ops("GET", "/webhooks", params={"state": "stored"}))["items"])
        self.until(lambda: (account := self.account())["due"] == account["in_flight"] == 0)

    # --- carriers and VTEX -----------------------------------------------------------------------

    def seed(self, order: str = ORDER, invoice: str = INVOICE, number: str = NUMBER) -> None:
        """Create an order at VTEX, and let the relay know of it."""
        package = {"invoice_number": invoice, "tracking_number": number}
        _ok(self.vtex.post("/sandbox/api/orders", json={"order_id": order, "invoices": [package]}))
        if self.running is not None:
            self.index(order, invoice, number)

    def index(self, order: str = ORDER, invoice: str = INVOICE, number: str = NUMBER) -> None:
        """Let the relay know of an order."""
        document = {"account": "demo", "order_id": order, "invoice_number": invoice, "tracking_numbers": [number]}
        _ok(self.ops("POST", "/shipments", json=document))

    def scan(self, text: str, at: str, number: str = NUMBER) -> None:
        """Let the carrier tell of one scan; ``at`` is local time as ``dd/mm/yyyy HH:MM``."""
        event = {"EventDateTime": at, "EventDescription": text, "EventLocation": "Campinas/SP"}
        body = {"TrackingNumber": number, "TrackingEvents": [event]}
        _ok(self.http.post(f"{self.url}/webhooks/frenet/demo/{PATH_KEY}", json=body))
        self.settled()

    def other_writer(self, text: str, at: str, order: str = ORDER, invoice: str = INVOICE, **more: str) -> None:
        """Let somebody else write a row; ``at`` is ISO 8601."""
        row = {"description": text, "date": at, "city": "Campinas", "state": "SP", **more}
        _ok(self.vtex.post(f"/sandbox/api/orders/{order}/invoices/{invoice}/rows", json=row))

    def put(self, order: str = ORDER, invoice: str = INVOICE, **body: object) -> None:
        """Let somebody else PUT tracking."""
        document = {"isDelivered": False, "deliveredDate": None, "events": [], **body}
        headers = {"X-VTEX-API-AppKey": "someone", "X-VTEX-API-AppToken": "else"}
        path = f"/api/oms/pvt/orders/{order}/invoice/{invoice}/tracking"
        _ok(self.vtex.put(path, json=document, headers=headers))

    def fault(self, **fault: object) -> int:
        """Let VTEX's calls go wrong from now on."""
        return int(_ok(self.vtex.post("/sandbox/api/faults", json=fault))["id"])

    def mend(self) -> None:
        """Take all faults back."""
        assert 204 == self.vtex.delete("/sandbox/api/faults").status_code

    def calls(self, **query: str) -> list[dict[str, Any]]:
        """List the calls that VTEX got."""
        items: list[dict[str, Any]] = _ok(self.vtex.get("/sandbox/api/journal", params=query))["items"]
        return items

    def puts(self) -> list[dict[str, Any]]:
        """List the PUTs that VTEX got."""
        return [call for call in self.calls() if call["method"] == "PUT"]

    def timeline(self, order: str = ORDER) -> list[str]:
        """List the descriptions that an order's first package shows, oldest first."""
        orders = _ok(self.vtex.get("/sandbox/api/orders"))["items"]
        document = next(each["document"] for each in orders if each["order_id"] == order)
        rows = document["packageAttachment"]["packages"][0]["courierStatus"]["data"]
        return [row["description"] for row in sorted(rows, key=lambda row: str(row["lastChange"]))]


def numbers(totals: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out of a comparison's totals what is zero or not known."""
    return {name: value for name, value in totals.items() if value}


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _ok(answer: httpx.Response) -> dict[str, Any]:
    assert answer.is_success, f"{answer.status_code} {answer.text}"
    document: dict[str, Any] = answer.json()
    return document


Start = Callable[..., Stage]
