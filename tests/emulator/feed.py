"""VTEX's order feed: a queue that forgets nothing uncommitted, and promises neither order nor single copies."""

import random
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.emulator.calls import Reply

LOT = 10
_PROBLEM = "https://httpstatuses.com/"


@dataclass(slots=True, eq=False)
class Waiting:
    """A notification; its handle is new each time that it is given."""

    document: dict[str, Any]
    visible: float = 0.0
    handle: str = ""


@dataclass(slots=True)
class Feed:
    """The feed of one account's key."""

    config: dict[str, Any] | None = None
    waiting: list[Waiting] = field(default_factory=list)
    committed: int = 0
    late_commits: int = 0
    visibility_seconds: float | None = None
    """In place of the configured time-out, which cannot be short."""
    short_lots: bool = False
    copies: float = 0.0
    """How often a notification stands there twice."""
    clock: Callable[[], float] = time.monotonic
    chance: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311 - repeatable, and no secret

    def notify(self, order: str, state: str, *, workflow: bool) -> None:
        """Queue a change that the filter lets pass."""
        if self.config is None or not self._passes(state, workflow=workflow):
            return
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        document = {
            "eventId": secrets.token_hex(16).upper(),
            "handle": "",
            "domain": "Fulfillment",
            "state": state,
            "lastState": "invoice",
            "orderId": order,
            "lastChange": now,
            "currentChange": now,
        }
        for _ in range(2 if self.chance.random() < self.copies else 1):
            self.waiting.append(Waiting(document))

    def _passes(self, state: str, *, workflow: bool) -> bool:
        wanted = (self.config or {})["filter"]
        if wanted["type"] == "FromWorkflow":
            return workflow and state in wanted["status"]
        return "packageAttachment" in wanted["expression"]

    def answer(self, method: str, path: str, query: Mapping[str, str], body: Any) -> Reply:
        """Answer a call under ``/api/orders/feed``."""
        match method, path:
            case "GET", "/config":
                return Reply(404) if self.config is None else Reply(200, self._shown_config())
            case "POST", "/config":
                return self._configure(body)
            case "DELETE", "/config":
                gone, self.config = self.config, None
                self.waiting.clear()
                return Reply(404 if gone is None else 204)
            case "GET", "":
                return Reply(404) if self.config is None else self._receive(query.get("maxlot"))
            case "POST", "":
                return Reply(404) if self.config is None else self._commit(body)
            case _:
                return Reply(405)

    def _shown_config(self) -> dict[str, Any]:
        return {**(self.config or {}), "quantity": len(self.waiting), "approximateAgeOfOldestMessageInSeconds": 0}

    def _configure(self, body: Any) -> Reply:
        if not isinstance(body, dict) or "queue" not in body:
            return Reply(400, {"type": f"{_PROBLEM}400", "title": "The Queue field is required."})
        if not 345_600 <= body["queue"].get("MessageRetentionPeriodInSeconds", 0) <= 1_209_600:
            return Reply(400, {"type": f"{_PROBLEM}400", "title": "The retention period is out of range."})
        self.config = body
        return Reply(200, {})

    def _receive(self, maxlot: str | None) -> Reply:
        if maxlot is None or not 1 <= int(maxlot) <= LOT:
            return Reply(400, {"type": f"{_PROBLEM}400", "title": "maxlot"})
        now = self.clock()
        visible = [item for item in self.waiting if item.visible <= now]
        count = min(len(visible), int(maxlot))
        if self.short_lots and count:
            count = self.chance.randint(1, count)
        lot = self.chance.sample(visible, count)
        seconds = self.visibility_seconds
        if seconds is None:
            seconds = float((self.config or {})["queue"]["visibilityTimeoutInSeconds"])
        for item in lot:
            item.visible, item.handle = now + seconds, secrets.token_urlsafe(24)
        return Reply(200, [{**item.document, "handle": item.handle} for item in lot])

    def _commit(self, body: Any) -> Reply:
        handles = set(body["handles"])
        now = self.clock()
        done = [item for item in self.waiting if item.handle in handles and item.visible > now]
        self.waiting = [item for item in self.waiting if item not in done]
        self.committed += len(done)
        self.late_commits += len(handles) - len(done)
        return Reply(200, {})
