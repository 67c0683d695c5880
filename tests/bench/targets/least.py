"""The least that has to be done for a webhook: a yardstick for what everything else costs."""

import asyncio
import hashlib
import hmac
import sqlite3
import threading
import time
from collections.abc import Iterator
from itertools import count
from typing import Any, Final, NamedTuple

from starlette.types import Receive, Scope, Send

from tests.e2e.parcels import SECRET

__all__ = ["Least"]

_ANSWER: Final = b'{"id": "wh_0123456789ABC", "status": "accepted"}'
_HEADERS: Final = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(_ANSWER))]
_WEEK: Final = 7 * 86_400 * 1_000_000
_KNOW: Final = "INSERT INTO ledger (period, digest, webhook_id, expires_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
_ADD: Final = (
    "INSERT INTO webhooks (id, owner, carrier, received_at, method, path, query, headers, peer, body_sha256, size,"
    " scheme, secret, state) VALUES (?, 'bench', 'easypost', ?, 'POST', '', '', '[]', '', '', ?, 'hmac', 0, 'stored')"
)
_KEEP: Final = "INSERT INTO bodies (webhook_id, body) VALUES (?, ?)"


class _Webhook(NamedTuple):
    id: int
    body: bytes
    stored: asyncio.Future[None]


class Least:
    """Verify webhooks, know what was sent before, and store them in a relay's own file by commits that are shared.

    It looks for no limit, masks no header, reads no document, counts nothing and writes no line. What comes meanwhile
    is what the next commit is of, as in the relay.
    """

    def __init__(self, file: str) -> None:
        """Open the file of a relay that is not running."""
        self._connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "wal_autocheckpoint=1000"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._ids = count(self._connection.execute("SELECT max(id) + 1 FROM webhooks").fetchone()[0])
        self._ready = threading.Condition()
        self._waiting: list[_Webhook] = []
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

    def _write(self) -> None:
        while True:
            with self._ready:
                self._ready.wait_for(lambda: self._waiting)
                batch, self._waiting = self._waiting, []
            self._connection.execute("BEGIN IMMEDIATE")
            for statement, rows in _rows(batch, time.time_ns() // 1000):
                self._connection.executemany(statement, rows)
            self._connection.execute("COMMIT")
            batch[0].stored.get_loop().call_soon_threadsafe(_settle, batch)


def _settle(batch: list[_Webhook]) -> None:
    for webhook in batch:
        webhook.stored.set_result(None)


def _rows(batch: list[_Webhook], now: int) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
    digests = [hashlib.sha256(webhook.body).digest()[:16] for webhook in batch]
    known = zip(batch, digests, strict=True)
    yield _KNOW, [(now // _WEEK, digest, webhook.id, now + 5 * _WEEK) for webhook, digest in known]
    yield _ADD, [(webhook.id, now, len(webhook.body)) for webhook in batch]
    yield _KEEP, [(webhook.id, webhook.body) for webhook in batch]
