"""A relay at work, for eyes and browsers: the bundled VTEX, real carriers' samples, and some of what goes wrong."""

import asyncio
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import pi, sin
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from sqlalchemy import Connection

from app.carriers import adapters
from app.cli.demo.configuration import demo_variables
from app.cli.demo.conversation import Conversation
from app.cli.demo.parcels import ACCOUNT, PARCELS
from app.cli.samples import signed_request
from app.cli.serving import listening
from app.cli.tokens import digest_of
from app.egress import Egress
from app.examples import example
from app.main import Listener, relay, serve, utc_now
from app.sandbox import Credential, SandboxOptions, create_sandbox
from app.settings import ListenAddress, load_settings, variable
from app.store.console_schema import tallies
from app.store.tallies import hour_of

TOKENS: Final = {role: f"relay_{role}-of-the-scene" for role in ("viewer", "support", "operator", "admin")}
HELD: Final = "aurora"
PARKED: Final = "QX004512345BR"
_SILENT_HOURS: Final = 60
GIVEN_UP: Final = "PED1502240771934LG"
_KEY: Final = "vtexappkey-demo"
_CASES: Final = (
    ("correios", "in-transit"),
    ("jt-express-br", "unknown-codes"),
    ("correios", "delivered"),
    ("loggi", "delivered"),
)


@dataclass(frozen=True, kw_only=True)
class Scene:
    """Where the relay is, and what there is to see."""

    url: str
    vtex_url: str
    parked: str
    parked_order: str


class _Stage:
    """The loop on which everything runs, in a thread of its own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._ready = threading.Event()
        self._scene: Scene | None = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def open(self) -> Scene:
        self._thread.start()
        self._ready.wait(60)
        if self._error is not None:
            raise self._error
        assert self._scene is not None, "the scene was not set within a minute"
        return self._scene

    def close(self) -> None:
        # Where the stage could not be set there is nothing to end.
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(30)

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._play())
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            self._error = error
        finally:
            self._loop.close()
            self._ready.set()

    async def _play(self) -> None:
        async with AsyncExitStack() as stack:
            self._scene = await _set(stack, Path(stack.enter_context(TemporaryDirectory())))
            self._ready.set()
            await self._over.wait()


@contextmanager
def scene() -> Iterator[Scene]:
    """Play while the context is open."""
    played = _Stage()
    try:
        yield played.open()
    finally:
        played.close()


async def _set(stack: AsyncExitStack, folder: Path) -> Scene:
    credential = Credential(account=ACCOUNT, app_key=_KEY, app_token="t")
    sandbox = create_sandbox(SandboxOptions(default_account=ACCOUNT, credentials=(credential,)))
    listener = Listener(application=sandbox, host="127.0.0.1", port=0, setting="sandbox")
    (port,) = await stack.enter_async_context(serve([listener], shutdown_seconds=1))
    vtex = f"http://127.0.0.1:{port}"
    settings = load_settings({**_outside(), **_variables(folder, vtex)})
    running = await stack.enter_async_context(
        relay(settings.model_copy(update={"listen": ListenAddress("127.0.0.1", 0), "shutdown_seconds": 2.0}))
    )
    listens = settings.model_copy(update={"listen": ListenAddress("127.0.0.1", 0), "shutdown_seconds": 2.0})
    (ours,) = await listening(listens, running.dependencies, stack)
    url = f"http://127.0.0.1:{ours}"
    egress = await stack.enter_async_context(Egress())
    talk = Conversation(
        egress=egress,
        sources=running.dependencies.sources,
        url=url,
        ops_url=url,
        vtex_url=vtex,
        ops_token=TOKENS["admin"],
        now=utc_now,
    )
    await talk.hold(PARCELS)
    await _trouble(_Teller(egress=egress, talk=talk))
    await running.dependencies.store.write(_Yesterday(now=utc_now()))
    return Scene(url=url, vtex_url=vtex, parked=PARKED, parked_order="1502240779001-01")


def _outside() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.upper().startswith("RELAY_")}


def _variables(folder: Path, vtex: str) -> dict[str, str]:
    known = demo_variables(
        adapters(), folder=folder, vtex_url=vtex, app_key=_KEY, app_token="t", ops_token=TOKENS["admin"]
    )
    tokens = [{"name": f"{role}.maria", "role": role, "sha256": digest_of(token)} for role, token in TOKENS.items()]
    values: dict[tuple[str, ...], str] = {
        ("tokens",): json.dumps(tokens),
        ("accounts", HELD, "base_url"): vtex,
        ("accounts", HELD, "app_key"): "vtexappkey-aurora-retired",
        ("accounts", HELD, "app_token"): "t",
        ("accounts", HELD, "carriers", "easypost"): json.dumps({"secrets": ["a secret of the scene"]}),
    }
    return known | {variable(path): value for path, value in values.items()}


@dataclass(frozen=True, kw_only=True)
class _Yesterday:
    """What was counted before the scene began: a day and a week with their mornings and nights."""

    now: datetime

    def run(self, connection: Connection) -> None:
        """Count it."""
        for back in range(1, 240):
            hour = self.now - timedelta(hours=back)
            busy = round(70 + 60 * sin((hour.hour - 11) * pi / 12)) + back * 7 % 23
            lags = {"lag-01": busy // 2, "lag-02": busy // 3, "lag-03": busy // 8, "lag-05": busy // 40, "lag-07": 1}
            counts = {"applied": busy, "failed": busy // 25, **lags}
            rows = [("", kind, count) for kind, count in counts.items()]
            rows += [("correios", "mapped", busy), ("correios", "ignored", busy // 12)]
            # It spoke every hour, and then no more.
            rows += [("superfrete", "mapped", busy // 3)] if back > _SILENT_HOURS else []
            values = {"owner": ACCOUNT, "hour": hour_of(hour), "node": 0}
            connection.execute(
                tallies.insert(),
                [{**values, "carrier": carrier, "kind": kind, "count": count} for carrier, kind, count in rows],
            )


@dataclass(frozen=True, kw_only=True)
class _Teller:
    """Whoever makes trouble: over the relay's own interfaces, as carriers and operators do."""

    egress: Egress
    talk: Conversation

    async def ask(self, method: str, path: str, document: object = None, role: str = "operator") -> Any:
        """Ask the operators' interface for something."""
        reply = await self.egress.call(
            method,
            f"{self.talk.url}/ops/v1{path}",
            headers={"authorization": f"Bearer {TOKENS[role]}", "content-type": "application/json"},
            content=None if document is None else json.dumps(document).encode(),
            total_seconds=10,
            max_bytes=10**6,
        )
        assert reply.status < 300, reply.body
        return json.loads(reply.body)

    async def refuse(self, order_id: str) -> None:
        """Have VTEX refuse whatever is asked of an order."""
        fault = json.dumps({"kind": "error", "status": 400, "order_id": order_id}).encode()
        address = f"{self.talk.vtex_url}/sandbox/api/faults"
        headers = {"content-type": "application/json"}
        reply = await self.egress.call(
            "POST", address, headers=headers, content=fault, total_seconds=10, max_bytes=10**6
        )
        assert reply.status < 300, reply.body

    async def post(self, carrier: str, case: str, owner: str = ACCOUNT, *, spoil: bool = False, **more: Any) -> None:
        """Deliver a sample; a spoilt one says something else than what was signed."""
        source = self.talk.sources.find(carrier, owner)
        assert source is not None
        request = signed_request(source, replace(example(carrier, case).webhook, **more), utc_now())
        if spoil:
            request = replace(request, body=request.body + b" ")
        await self.egress.call(
            request.method,
            self.talk.url + request.path,
            headers=request.headers,
            content=request.body,
            total_seconds=10,
            max_bytes=10**6,
        )

    async def until(self, path: str, is_so: Callable[[Any], bool]) -> None:
        """Wait for what the relay does by itself."""
        for _ in range(200):
            if is_so(await self.ask("GET", path)):
                return
            await asyncio.sleep(0.05)
        raise AssertionError(path)


async def _trouble(teller: _Teller) -> None:
    """Let a key be refused, parcels wait, codes be unknown, a shipment be given up, and a sender be somebody else."""
    await teller.ask(
        "POST",
        "/shipments",
        _order("1502240778801-01", "3391", account=HELD, tracking_numbers=["9400900000000000000017"]),
    )
    await teller.ask("POST", "/shipments", _order("1502240779001-01", "48301"))
    await teller.refuse("1502240779004-01")
    await teller.ask("POST", "/shipments", _order("1502240779004-01", "48304", tracking_numbers=[GIVEN_UP]))
    await teller.post("easypost", "in-transit", HELD)
    for carrier, case in _CASES:
        await teller.post(carrier, case)
    await teller.post("intelipost", "delivered", body=b'{"history": "what was sent by mistake"}')
    for _ in range(3):
        await teller.post("easypost", "delivered", spoil=True)
    await teller.post("jt-express-br", "delivered", spoil=True)
    await teller.until(f"/accounts/{HELD}", lambda account: account["state"] == "held")
    await teller.until(f"/accounts/{ACCOUNT}", lambda account: account["dead_shipments"] == 1)
    await teller.until("/webhooks?state=stored", lambda page: not page["items"])
    await teller.ask("POST", "/tokens", {"name": "night-shift", "role": "support", "expires_in_days": 90}, "admin")
    preview = await teller.ask("POST", "/replays/preview", {"carrier": "intelipost"})
    asked = {"token": preview["token"], "reason": "Intelipost changed how it writes places", "rate": 0.1}
    replay = await teller.ask("POST", "/replays", asked)
    await teller.ask("POST", f"/replays/{replay['id']}/pause", {})


def _order(order_id: str, invoice_number: str, **more: object) -> dict[str, object]:
    return {"account": ACCOUNT, "order_id": order_id, "invoice_number": invoice_number, "tracking_numbers": [], **more}
