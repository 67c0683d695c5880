"""VTEX as the machine sees it: it answers when it is told to, and complains of what must never be asked of it."""

import asyncio
import json
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal
from urllib.parse import unquote

import httpx

from tests.store.making import Clock

Mode = Literal["append", "replace", "merge"]
Key = tuple[str, str]
POISON: Final = "poison"
NOT_APPLIED: Final = ("401", "403", "425", "429")
UNKNOWN: Final = ("408", "500", "503", "drop")
_WAITS: Final = {"429": "3", "503": "2"}


@dataclass(frozen=True)
class Row:
    """A row as VTEX keeps it; its date is the moment that was sent."""

    city: str
    state: str
    description: str
    at: datetime


@dataclass(frozen=True)
class Version:
    """A package after one write; readers see it at ``visible_by`` at the latest, None while its call runs."""

    rows: tuple[Row, ...] = ()
    finished: bool = False
    delivered_date: str | None = None
    visible_by: datetime | None = None


@dataclass(eq=False, repr=False)
class Call:
    """A call, from its arrival until the caller knows its end or is gone."""

    method: str
    key: Key
    body: Any
    started: datetime
    answer: asyncio.Future[httpx.Response]
    ended: datetime | None = None
    written: int | None = None

    def __repr__(self) -> str:
        return f"{self.method} {self.key} {self.body or ''}"


@dataclass
class Vtex:
    """Hold calls until `answer`; note in ``wrong`` what breaks a promise."""

    mode: Mode
    lag: timedelta
    now: Clock
    packages: dict[Key, list[Version]] = field(default_factory=dict)
    foreign: dict[Key, list[Row]] = field(default_factory=dict)
    running: list[Call] = field(default_factory=list)
    late: list[Call] = field(default_factory=list)
    unsettled: dict[Key, datetime] = field(default_factory=dict)
    delivered: set[Key] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)
    dead: Collection[Key] = ()
    wrong: list[str] = field(default_factory=list)
    healthy: bool = False

    def add_package(self, key: Key, *rows: Row) -> None:
        """Hold a package on which others wrote before."""
        self.packages[key] = [Version(rows=rows, visible_by=self.now())]
        self.foreign[key] = list(rows)

    def add_foreign(self, key: Key, row: Row) -> None:
        """Write as somebody else; everybody sees it at once."""
        self.foreign[key].append(row)
        self._write(key, replace(self.packages[key][-1], rows=(*self.packages[key][-1].rows, row)), self.now())

    def transport(self) -> httpx.AsyncBaseTransport:
        """Return the way here: a transport for a client."""
        return httpx.MockTransport(self._take)

    async def _take(self, request: httpx.Request) -> httpx.Response:
        """Take a call and wait for its answer as long as the caller does."""
        self.now.advance(milliseconds=1)  # No two calls start at the same time.
        parts = unquote(request.url.path).split("/")
        key = (parts[5], parts[7] if len(parts) > 6 else "")
        body = json.loads(request.content) if request.method == "PUT" else None
        answer: asyncio.Future[httpx.Response] = asyncio.get_running_loop().create_future()
        call = Call(method=request.method, key=key, body=body, started=self.now(), answer=answer)
        self.running.append(call)
        if body is not None:
            self._judge(call)
        if self.healthy:
            self.answer(call)
        try:
            return await answer
        finally:
            # Given up, or gone with its process: whether it was applied, only a later read tells.
            if call in self.running:
                self._end(call, unknown=True)

    def answer(self, call: Call, how: str = "ok", *, applied: bool = False, stale: int = 0) -> None:
        """End a call: well, with a status, or by dropping it, before or after it was applied."""
        response: httpx.Response | None
        if how == "ok":
            response = self._read(call, stale) if call.method == "GET" else self._put(call)
        else:
            if applied and call.method == "PUT" and how in UNKNOWN:
                self.apply(call)
            response = None if how == "drop" else _refusal(how)
        self._end(call, unknown=how in UNKNOWN)
        if response is not None:
            call.answer.set_result(response)
        else:
            call.answer.set_exception(httpx.ReadError("the connection was lost"))

    def apply(self, call: Call) -> None:
        """Apply a call that is not answered yet."""
        if call.written is None:
            self._put(call)

    def apply_late(self, call: Call) -> None:
        """Apply a call whose caller knows no answer, within the time that VTEX is given for it."""
        self.late.remove(call)
        assert call.ended is not None
        if self.now() <= call.ended + self.lag:
            self._put(call)

    def _end(self, call: Call, *, unknown: bool) -> None:
        now = self.now()
        call.ended = now
        self.running.remove(call)
        if call.method == "GET":
            return
        if call.written is not None:
            versions = self.packages[call.key]
            versions[call.written] = replace(versions[call.written], visible_by=now + self.lag)
        if unknown:
            self.unsettled[call.key] = now
            if call.written is None:
                self.late.append(call)

    def _judge(self, call: Call) -> None:
        """Complain of a PUT that must not be made at all, or not now, or not so."""
        key, now = call.key, self.now()
        self.late = [other for other in self.late if other.ended is not None and now <= other.ended + self.lag]
        if any(other.key == key and other.method == "PUT" for other in self.running if other is not call):
            self.wrong.append(f"{key}: two calls in flight")
        if any(other.key == key for other in self.late):
            self.wrong.append(f"{key}: written while an earlier call may still be applied")
        if key in self.unsettled:
            self.wrong.append(f"{key}: written although no read could tell yet what became of the call before")
        if key in self.delivered and not call.body["isDelivered"]:
            self.wrong.append(f"{key}: delivered is false again")
        if key in self.dead:
            self.wrong.append(f"{key}: called although it is dead")
        rows = [_row(event) for event in call.body["events"]]
        own = [row for row in rows if row not in self.foreign[key]]
        if [row.at for row in own] != sorted(row.at for row in own):
            self.wrong.append(f"{key}: rows out of order")
        if max(Counter(rows).values(), default=1) > 1:
            self.wrong.append(f"{key}: a row twice in one call")

    def _put(self, call: Call) -> httpx.Response:
        if call.key[0] in self.missing:
            return _refusal("404")
        rows = tuple(_row(event) for event in call.body["events"])
        if any(row.description == POISON for row in rows):
            return _refusal("400")
        before = self.packages[call.key][-1]
        kept = rows if self.mode == "replace" else before.rows + rows
        after = replace(before, rows=tuple(dict.fromkeys(kept)) if self.mode == "merge" else kept)
        if call.body["isDelivered"]:
            after = replace(after, finished=True, delivered_date=call.body["deliveredDate"])
            self.delivered.add(call.key)
        call.written = len(self.packages[call.key])
        self._write(call.key, after, None if call.ended is None else call.ended + self.lag)
        return httpx.Response(200, json={"date": "", "orderId": call.key[0], "receipt": "0f3b"})

    def _write(self, key: Key, version: Version, visible_by: datetime | None) -> None:
        self.packages[key].append(replace(version, visible_by=visible_by))

    def _read(self, call: Call, stale: int) -> httpx.Response:
        order = call.key[0]
        shown = []
        for key, versions in self.packages.items():
            if key[0] != order:
                continue
            since = self.unsettled.get(key)
            if since is not None and call.started >= since + self.lag:
                del self.unsettled[key]
            certain = [at for at, v in enumerate(versions) if v.visible_by and v.visible_by <= call.started]
            shown.append(_package(key, versions[max(*certain, len(versions) - 1 - stale)]))
        if order in self.missing:
            return _refusal("404")
        return httpx.Response(200, json={"orderId": order, "packageAttachment": {"packages": shown}})


def _row(event: dict[str, str]) -> Row:
    at = datetime.fromisoformat(event["date"])
    return Row(city=event["city"], state=event["state"], description=event["description"], at=at.astimezone(UTC))


def _package(key: Key, version: Version) -> dict[str, Any]:
    rows = [
        {
            "lastChange": row.at.strftime("%Y-%m-%dT%H:%M:%S.0000000+00:00"),
            "createDate": "2026-03-04T12:00:00.0000000+00:00",
            "city": row.city,
            "state": row.state,
            "description": row.description,
        }
        for row in sorted(version.rows, key=lambda row: row.at)[::-1]
    ]
    status = {"finished": version.finished, "deliveredDate": version.delivered_date, "data": rows}
    return {"invoiceNumber": key[1], "type": "Output", "trackingNumber": None, "courierStatus": status}


def _refusal(status: str) -> httpx.Response:
    headers = {"retry-after": _WAITS[status]} if status in _WAITS else {}
    return httpx.Response(int(status), json={"error": {"code": "1", "message": "no"}}, headers=headers)
