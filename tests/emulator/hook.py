"""VTEX's order hook: one per application key, pinged before it is taken, and told of orders at once."""

import http.client
import json
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from tests.emulator.calls import Reply

ANSWER_SECONDS = 5.0
_LOOPBACK = "127.0.0.1"


@dataclass(slots=True)
class Hooks:
    """The hooks of all keys, by account and key."""

    configs: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    overwritten: list[str] = field(default_factory=list)
    """The addresses of hooks that another one took the place of."""
    told: list[tuple[str, str, int | None]] = field(default_factory=list)
    """Each notification: the order, where to, and what it was answered."""
    post: Callable[[Mapping[str, Any], object], int | None] = field(default_factory=lambda: post)
    """Sends a document to a hook's address, with its headers; returns what it was answered."""

    def answer(self, account: str, key: str, method: str, body: Any) -> Reply:
        """Answer a call of ``/api/orders/hook/config``."""
        at = (account, key)
        match method:
            case "GET":
                return Reply(200, self.configs[at]) if at in self.configs else _problem(404, "Not Found")
            case "DELETE":
                return Reply(204) if self.configs.pop(at, None) else _problem(404, "Not Found")
            case "POST":
                return self._configure(at, body)
            case _:
                return Reply(405)

    def _configure(self, at: tuple[str, str], body: Any) -> Reply:
        refusal = _wrong_filter(body) or _wrong_address(body)
        if refusal is not None:
            return refusal
        if self.post(body["hook"], {"hookConfig": "ping"}) != 200:
            return _problem(400, "Unable to check address")
        if at in self.configs:
            self.overwritten.append(self.configs[at]["hook"]["url"])
        self.configs[at] = body
        return Reply(200, {"Domain": "Marketplace", "OrderId": "v40484048naf-01", "State": "payment-approved"})

    def tell(self, account: str, order: str, *, patched: bool = False) -> None:
        """Notify the hooks of an account whose filter lets a change of an invoiced order pass."""
        for (owner, key), config in tuple(self.configs.items()):
            if owner == account and _passes(config["filter"], patched=patched):
                now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
                document = {
                    "Domain": "Fulfillment",
                    "OrderId": order,
                    "State": "invoiced",
                    "LastChange": now,
                    "Origin": {"Account": account, "Key": key},
                }
                self.told.append((order, config["hook"]["url"], self.post(config["hook"], document)))


def post(hook: Mapping[str, Any], document: object) -> int | None:
    """Send a document as VTEX does."""
    parts = urlsplit(hook["url"])
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=ANSWER_SECONDS)
    headers = {**hook.get("headers", {}), "Content-Type": "application/json"}
    try:
        with closing(connection):
            connection.request("POST", parts.path, json.dumps(document), headers)
            return connection.getresponse().status
    except OSError:
        return None


def _passes(wanted: Mapping[str, Any], *, patched: bool) -> bool:
    if wanted["type"] == "FromWorkflow":
        return not patched and "invoiced" in wanted["status"]
    return "packageAttachment" in wanted["expression"] and (wanted["disableSingleFire"] or not patched)


def _wrong_filter(body: Any) -> Reply | None:
    wanted = body.get("filter") if isinstance(body, dict) else None
    if not isinstance(wanted, dict) or wanted.get("type") not in {"FromWorkflow", "FromOrders"}:
        return _problem(400, "The Filter field is required.")
    of_other_kind = {"expression", "disableSingleFire"} if wanted["type"] == "FromWorkflow" else {"status"}
    return _problem(409, "The types of filter exclude each other.") if of_other_kind & set(wanted) else None


def _wrong_address(body: Any) -> Reply | None:
    hook = body.get("hook")
    if not isinstance(hook, dict) or not hook.get("url"):
        return _problem(400, "The Hook field is required.")
    parts = urlsplit(hook["url"])
    # VTEX takes https only; here the other side is on this machine.
    return None if parts.hostname == _LOOPBACK else _problem(400, "Only https scheme is accepted")


def _problem(status: int, title: str) -> Reply:
    return Reply(status, {"type": f"https://httpstatuses.com/{status}", "title": title, "status": status})
