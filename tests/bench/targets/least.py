"""The least that has to be done for a webhook: a yardstick for what everything else costs."""

import asyncio
import hashlib
import hmac
import sqlite3
import threading
import time
from collections.abc import Iterator
from itertools import count
from typing import Any, Final, NamedTuple, Protocol

from starlette.types import Receive, Scope, Send

from app.store.driver import array_of
from app.store.postgresql import connect
from tests.e2e.parcels import SECRET

__all__ = ["Least"]

_ANSWER: Final = b'{"id": "wh_0123456789ABC", "status": "accepted"}'
_HEADERS: Final = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(_ANSWER))]
_WEEK: Final = 7 * 86_400 * 1_000_000
_LEDGER: Final = "INSERT INTO ledger (period, digest, webhook_id, expires_at)"
_WEBHOOKS: Final = (
    "INSERT INTO webhooks (id, received_at, size, owner, carrier, method, path, query, headers, peer, body_sha256,"
    " scheme, secret, state)"
)
_SAME: Final = "'bench', 'easypost', 'POST', '', '', '[]', '', '', 'hmac', 0, 'stored'"
_BODIES: Final = "INSERT INTO bodies (webhook_id, body)"
_SETTLED: Final = "UPDATE webhooks SET state = 'mapped'"
_IN_A_FILE: Final = {
    "ledger": f"{_LEDGER} VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
    "webhooks": f"{_WEBHOOKS} VALUES (?, ?, ?, {_SAME})",
    "bodies": f"{_BODIES} VALUES (?, ?)",
    "settled": f"{_SETTLED} WHERE id = ?",
}
_KINDS: Final = {
    "ledger": ("INTEGER", "BYTEA", "BIGINT", "BIGINT"),
    "webhooks": ("BIGINT", "BIGINT", "INTEGER"),
    "bodies": ("BIGINT", "BYTEA"),
    "settled": ("BIGINT",),
}
_ARRAYS: Final = {table: ", ".join(f"%s::{kind}[]" for kind in kinds) for table, kinds in _KINDS.items()}
_ON_A_SERVER: Final = {
    "ledger": f"{_LEDGER} SELECT * FROM unnest({_ARRAYS['ledger']}) ON CONFLICT DO NOTHING",  # noqa: S608 - ours
    "webhooks": f"{_WEBHOOKS} SELECT *, {_SAME} FROM unnest({_ARRAYS['webhooks']})",  # noqa: S608 - ours
    "bodies": f"{_BODIES} SELECT * FROM unnest({_ARRAYS['bodies']})",  # noqa: S608 - ours
    "settled": f"{_SETTLED} FROM unnest({_ARRAYS['settled']}) AS done WHERE id = done",
}
_Rows = Iterator[tuple[str, list[tuple[Any, ...]]]]


class _Webhook(NamedTuple):
    id: int
    body: bytes
    stored: asyncio.Future[None]


class _Database(Protocol):
    """Where webhooks are kept."""

    def greatest(self) -> int:
        """Return the greatest id in use."""

    def keep(self, rows: _Rows) -> None:
        """Add rows to tables, and say which are settled, all in one transaction that is on disk then."""


class _File:
    def __init__(self, file: str) -> None:
        self._connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "wal_autocheckpoint=1000"):
            self._connection.execute(f"PRAGMA {pragma}")

    def greatest(self) -> int:
        return int(self._connection.execute("SELECT max(id) FROM webhooks").fetchone()[0] or 0)

    def keep(self, rows: _Rows) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        for table, added in rows:
            self._connection.executemany(_IN_A_FILE[table], added)
        self._connection.execute("COMMIT")


class _Server:
    def __init__(self, url: str) -> None:
        self._connection = connect(url, pooled=False)

    def greatest(self) -> int:
        found = self._connection.execute("SELECT max(id) FROM webhooks").fetchone()
        return int(found[0] or 0) if found else 0

    def keep(self, rows: _Rows) -> None:
        for table, added in rows:
            columns = zip(zip(*added, strict=True), _KINDS[table], strict=True)
            self._connection.execute(_ON_A_SERVER[table].encode(), [array_of(*column) for column in columns])
        self._connection.commit()


class Least:
    """Verify webhooks, know what was sent before, and store them in a relay's own database by commits that are shared.

    It looks for no limit, masks no header, reads no document, counts nothing and writes no line. What comes meanwhile
    is what the next commit is of, as in the relay.
    """

    def __init__(self, database: str) -> None:
        """Open the file, or the URL, of a relay that is not running."""
        self._database: _Database = _Server(database) if "://" in database else _File(database)
        self._ids = count(self._database.greatest() + 1)
        self._ready = threading.Condition()
        self._waiting: list[_Webhook] = []
        self._settled: list[int] = []
        threading.Thread(target=self._write, daemon=True).start()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer once it was synced."""
        if scope["type"] != "http":
            return
        body, is_more = b"", True
        while is_more:
            message = await receive()
            body += message.get("body", b"")
            is_more = message.get("more_body", False)
        expected = b"hmac-sha256-hex=" + hmac.digest(SECRET.encode(), body, "sha256").hex().encode()
        if not hmac.compare_digest(dict(scope["headers"]).get(b"x-hmac-signature", b""), expected):
            raise AssertionError("the signature is not right")
        webhook = _Webhook(next(self._ids), body, asyncio.get_running_loop().create_future())
        with self._ready:
            self._waiting.append(webhook)
            self._ready.notify()
        await webhook.stored
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await send({"type": "http.response.body", "body": _ANSWER})
        self.follow(webhook.id, body)

    def follow(self, webhook_id: int, body: bytes) -> None:
        """Do what there is to do about a webhook that was answered: nothing."""

    def settle(self, webhook_id: int) -> None:
        """Have it written that there is nothing more to do about a webhook."""
        with self._ready:
            self._settled.append(webhook_id)
            self._ready.notify()

    def _write(self) -> None:
        while True:
            with self._ready:
                self._ready.wait_for(lambda: self._waiting or self._settled)
                batch, self._waiting = self._waiting, []
                settled, self._settled = self._settled, []
            self._database.keep(_rows(batch, settled, time.time_ns() // 1000))
            if batch:
                batch[0].stored.get_loop().call_soon_threadsafe(_tell, batch)


def _tell(batch: list[_Webhook]) -> None:
    for webhook in batch:
        webhook.stored.set_result(None)


def _rows(batch: list[_Webhook], settled: list[int], now: int) -> _Rows:
    if settled:
        yield "settled", [(id_,) for id_ in settled]
    if not batch:
        return
    digests = [hashlib.sha256(webhook.body).digest()[:16] for webhook in batch]
    known = zip(batch, digests, strict=True)
    yield "ledger", [(now // _WEEK, digest, webhook.id, now + 5 * _WEEK) for webhook, digest in known]
    yield "webhooks", [(webhook.id, now, len(webhook.body)) for webhook in batch]
    yield "bodies", [(webhook.id, webhook.body) for webhook in batch]
