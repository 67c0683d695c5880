"""The inbox: webhooks as received, once each."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from sqlalchemy import ColumnElement, Connection, bindparam, delete, select, tuple_, update

from app.store.dialect import PerEngine
from app.store.exclusion import FREE, INGEST, Exclusion
from app.store.prepared import Prepared
from app.store.schema import bodies, erased_webhooks, ledger, webhooks
from app.verification import Verified

__all__ = [
    "KeepFetched",
    "PostponeMapping",
    "Put",
    "Received",
    "StoredWebhook",
    "webhook_with_body",
]

_WEEK: Final = 7 * 86_400
_MOST_ASKED: Final = 64


@dataclass(slots=True, kw_only=True)
class Received:
    """What became of a webhook: its id, or the first id when it had come before; not frozen, as `Put`."""

    webhook_id: int
    duplicate: bool


@dataclass(slots=True, kw_only=True)
class Put:
    """Store a verified webhook unless its delivery was stored before.

    Not frozen, as operations otherwise are: it would take three times as long to make, and many are made.

    Args:
        id: The id it gets when it is new.
        owner: Account or group that its source belongs to.
        carrier: The adapter's slug.
        identity: What makes two deliveries the same, unique within the source.
        verified: The webhook; the type says that its sender was proven.
        path: Its path with credentials masked.
        query: Its query with credentials masked.
        headers: Its headers with credentials masked.
        remember: How long a repetition counts as the same delivery.
        held_until: Until when no other process reads it: this one does.

    """

    id: int
    owner: str
    carrier: str
    identity: str
    verified: Verified
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    remember: timedelta
    held_until: datetime | None = None
    excludes: ClassVar[Exclusion] = INGEST

    @property
    def digest(self) -> bytes:
        """Return the ledger's key."""
        return hashlib.sha256(f"{self.owner}/{self.carrier}/{self.identity}".encode("utf-8", "surrogatepass")).digest()[
            :16
        ]

    def run(self, connection: Connection) -> Received:
        """Store one."""
        return self.run_all(connection, [self])[0]

    @classmethod
    def run_all(cls, connection: Connection, operations: Sequence["Put"]) -> list[Received]:
        """Store many: a few statements, whatever their number."""
        digests = [operation.digest for operation in operations]
        known = _known(connection, operations, digests)
        fresh: dict[bytes, Put] = {}
        for digest, operation in zip(digests, operations, strict=True):
            if digest not in known:
                fresh.setdefault(digest, operation)
        if fresh:
            known |= _claim(connection, fresh)
            _insert(connection, [put for digest, put in fresh.items() if known[digest] == put.id])
        outcomes = [
            Received(webhook_id=known[digest], duplicate=known[digest] != operation.id)
            for digest, operation in zip(digests, operations, strict=True)
        ]
        repeated = [outcome.webhook_id for outcome in outcomes if outcome.duplicate]
        if repeated:
            connection.execute(_COUNT_REPEATED, [{"webhook": id_} for id_ in sorted(repeated)])
        return outcomes


def _period(at: datetime) -> int:
    return int(at.timestamp()) // _WEEK


def _known(connection: Connection, operations: Sequence[Put], digests: Sequence[bytes]) -> dict[bytes, int]:
    """Find which deliveries the ledger holds, live and with their bytes still kept."""
    now = max(operation.verified.webhook.received_at for operation in operations)
    oldest = min(operation.verified.webhook.received_at - operation.remember for operation in operations)
    periods = range(_period(oldest), _period(now) + 1)
    asked = sorted(set(digests))
    known: dict[bytes, int] = {}
    for first in range(0, len(asked), _MOST_ASKED):
        known |= _held(connection, asked[first : first + _MOST_ASKED], periods, now)
    return known


def _held(connection: Connection, digests: list[bytes], periods: range, now: datetime) -> dict[bytes, int]:
    found = _KNOWN.all(connection, {"periods": list(periods), "digests": digests, "now": now})
    return {row.digest: row.webhook_id for row in found}


def _claim(connection: Connection, fresh: dict[bytes, Put]) -> dict[bytes, int]:
    """Enter deliveries into the ledger; of two that race for one key the first wins, and both learn who."""
    entries = [
        {
            "period": _period(put.verified.webhook.received_at),
            "digest": digest,
            "webhook_id": put.id,
            "expires_at": put.verified.webhook.received_at + put.remember,
        }
        # In an order that is the same in every process, so that none waits for another that waits for it.
        for digest, put in sorted(fresh.items())
    ]
    if _ENTER.run_all(connection, entries) == len(entries):
        return {digest: put.id for digest, put in fresh.items()}
    # What stands there without being known expired, or its bytes are gone: the new delivery takes its place.
    stale = tuple_(ledger.c.period, ledger.c.digest).in_([(entry["period"], entry["digest"]) for entry in entries])
    earliest = min(put.verified.webhook.received_at for put in fresh.values())
    not_ours = ledger.c.webhook_id.not_in([put.id for put in fresh.values()])
    gone = (ledger.c.expires_at <= earliest) | ~(_has_bytes() | _was_erased())
    connection.execute(delete(ledger).where(stale, not_ours, gone))
    _ENTER.run_all(connection, entries)
    winners = connection.execute(select(ledger.c.digest, ledger.c.webhook_id).where(stale))
    return {row.digest: row.webhook_id for row in winners}


def _has_bytes() -> ColumnElement[bool]:
    return select(bodies.c.webhook_id).where(bodies.c.webhook_id == ledger.c.webhook_id).exists()


def _was_erased() -> ColumnElement[bool]:
    """Tell of a ledger's entry whether its bytes are gone on purpose, so that they must not come back."""
    erased = select(erased_webhooks.c.webhook_id)
    return erased.where(erased_webhooks.c.webhook_id == ledger.c.webhook_id).exists()


_ENTER: Final = PerEngine(lambda insert: insert(ledger).on_conflict_do_nothing())
_KNOWN: Final = Prepared(
    select(ledger.c.digest, ledger.c.webhook_id)
    .where(
        ledger.c.period.in_(bindparam("periods", expanding=True)),
        ledger.c.digest.in_(bindparam("digests", expanding=True)),
        ledger.c.expires_at > bindparam("now"),
    )
    .where(_has_bytes() | _was_erased())
    .order_by(ledger.c.period),
    listed=_MOST_ASKED,
)
_KEEP: Final = PerEngine(lambda insert: insert(webhooks))
_KEEP_BODY: Final = PerEngine(lambda insert: insert(bodies))
_COUNT_REPEATED: Final = (
    update(webhooks).where(webhooks.c.id == bindparam("webhook")).values(duplicates=webhooks.c.duplicates + 1)
)


def _insert(connection: Connection, puts: Sequence[Put]) -> None:
    if not puts:
        return
    _KEEP.run_all(connection, [_columns(put) for put in puts])
    _KEEP_BODY.run_all(connection, [{"webhook_id": put.id, "body": put.verified.webhook.body} for put in puts])


def _columns(put: Put) -> dict[str, Any]:
    webhook = put.verified.webhook
    return {
        "id": put.id,
        "owner": put.owner,
        "carrier": put.carrier,
        "received_at": webhook.received_at,
        "method": webhook.method,
        "path": put.path,
        "query": put.query,
        "headers": put.headers,
        "peer": webhook.peer,
        "body_sha256": hashlib.sha256(webhook.body).hexdigest(),
        "size": len(webhook.body),
        "scheme": put.verified.scheme,
        "secret": put.verified.secret,
        "state": "stored",
        "map_at": put.held_until,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredWebhook:
    """A webhook as the store gives it back, credentials masked."""

    id: int
    owner: str
    carrier: str
    received_at: datetime
    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    peer: str
    body: bytes | None
    fetched: bytes | None
    state: str
    map_attempts: int


def webhook_with_body(connection: Connection, webhook_id: int) -> StoredWebhook | None:
    """Read one webhook with its bytes; None when there is no such webhook, ``body`` None when they expired."""
    row = connection.execute(
        select(webhooks, bodies.c.body, bodies.c.fetched)
        .join(bodies, bodies.c.webhook_id == webhooks.c.id, isouter=True)
        .where(webhooks.c.id == webhook_id)
    ).one_or_none()
    if row is None:
        return None
    return StoredWebhook(
        id=row.id,
        owner=row.owner,
        carrier=row.carrier,
        received_at=row.received_at,
        method=row.method,
        path=row.path,
        query=row.query,
        headers=tuple((name, value) for name, value in row.headers),
        peer=row.peer,
        body=row.body,
        fetched=row.fetched,
        state=row.state,
        map_attempts=row.map_attempts,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepFetched:
    """Keep what a webhook pointed to beside it, so that a replay reads the same."""

    webhook_id: int
    fetched: bytes
    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> None:
        """Keep it."""
        kept = update(bodies).where(bodies.c.webhook_id == self.webhook_id)
        connection.execute(kept.values(fetched=self.fetched))


@dataclass(frozen=True, slots=True, kw_only=True)
class PostponeMapping:
    """Map a webhook later: a call that it asks for failed."""

    webhook_id: int
    until: datetime
    reason: str
    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> None:
        """Change the webhook, unless it was mapped meanwhile."""
        waiting = update(webhooks).where(webhooks.c.id == self.webhook_id, webhooks.c.state == "stored")
        connection.execute(
            waiting.values(map_at=self.until, map_attempts=webhooks.c.map_attempts + 1, reason=self.reason)
        )
