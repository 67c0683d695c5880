"""Erase one order or one parcel for good: from every table at once, then from bodies that nothing else leads to.

Keyed digests stay, so that retries, whole histories and re-reads of the order bring nothing back.
"""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import JSON, Column, Connection, Table, Text, cast, delete, func, or_, select, update

from app.store.auditing import write_audit
from app.store.columns import Ids, Pairs
from app.store.dialect import insert
from app.store.order_schema import orders
from app.store.privacy_schema import erasures, holds, mentions
from app.store.schema import (
    attempts,
    bodies,
    erased_webhooks,
    events,
    numbers,
    rows,
    shipments,
    subject_keys,
    subjects,
    webhooks,
)
from app.store.stories import Story, story_of
from app.store.tables import metadata
from app.store.tombstones import Term, bury, digest_of

__all__ = ["EraseOrder", "Erasure", "Held", "forget_bytes"]

_MASK: Final = "[erased]"
_SHORTEST: Final = 6
"""A shorter text may be anybody's."""
_BIG: Final = frozenset(
    {
        "alarms",
        "attempts",
        "bodies",
        "duties",
        "erased_webhooks",
        "erasures",
        "erasure_keys",
        "events",
        "ledger",
        "match_counts",
        "mentions",
        "numbers",
        "orders",
        "presences",
        "refusals",
        "remembered",
        "rows",
        "sessions",
        "shipments",
        "subject_keys",
        "subjects",
        "tallies",
        "tombstones",
        "turned_away",
        "webhooks",
    }
)
"""Tables whose rows go whole, or hold nobody's data; in all others single words are masked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An order is disputed: it must be released before it is erased."""

    order_id: str
    actor: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """An erasure, and how far it has come.

    Args:
        id: Its id; the audit log names it by this and by nothing else.
        account: Whose order it was.
        owners: Whose webhooks are searched.
        texts: What their bodies are searched for.
        position: The last webhook that was searched.
        upto: The latest webhook that there was.
        counts: Rows that went, by table.
        shared: How many subjects stay because other orders show them as well.

    """

    id: int
    account: str
    owners: tuple[str, ...]
    texts: tuple[str, ...]
    position: int
    upto: int
    counts: Mapping[str, int]
    shared: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseOrder:
    """Erase an order, or the parcel with a number or an invoice's key; what its tables hold goes in one transaction."""

    account: str
    owners: tuple[str, ...]
    order_id: str | None
    number: str | None
    actor: str
    reason: str
    numbers_until: datetime
    ids: Ids
    now: datetime
    key: str | None = None

    def run(self, connection: Connection) -> Erasure | Held:
        """Erase it, whatever is left of it; nothing where it is held."""
        story = story_of(
            connection, self.account, self.owners, order_id=self.order_id, number=self.number, key=self.key
        )
        if (held := self._held(connection, story)) is not None:
            return held
        secret = bury(connection, story.terms, now=self.now, numbers_until=self.numbers_until)
        counts: Counter[str] = Counter()
        _erase_story(connection, story, counts)
        if self.order_id is not None:
            told = (orders.c.account == self.account) & (orders.c.order_id == self.order_id)
            counts["orders"] += connection.execute(delete(orders).where(told)).rowcount
        texts = tuple(sorted(text for text in story.texts if len(text) >= _SHORTEST))
        _mask_words(connection, texts, counts)
        digest = digest_of(secret, self._term())
        begun = connection.execute(
            select(erasures).where(erasures.c.digest == digest, erasures.c.ended_at.is_(None)).limit(1)
        ).one_or_none()
        if begun is not None:
            # What was found at first is gone by now; what it was known by is still to be searched for.
            texts = tuple(sorted({*texts, *begun.terms["texts"]}))
        erasure = Erasure(
            id=begun.id if begun else self.ids.next(),
            account=self.account,
            owners=self.owners,
            texts=texts,
            position=begun.position if begun else 0,
            upto=begun.upto if begun else connection.execute(select(func.max(webhooks.c.id))).scalar() or 0,
            counts={name: count for name, count in counts.items() if count},
            shared=story.shared,
        )
        if begun is None:
            self._note(connection, erasure, digest)
        return erasure

    def _term(self) -> Term:
        """Name what was asked to be erased."""
        if self.order_id is not None:
            return ("order", self.account, self.order_id)
        return ("number", self.account, self.number or "") if self.key is None else ("key", self.account, self.key)

    def _held(self, connection: Connection, story: Story) -> Held | None:
        named = select(shipments.c.order_id).where(shipments.c.id.in_(story.shipment_ids))
        of_it = or_(holds.c.order_id.in_(named), holds.c.order_id == (self.order_id or ""))
        row = connection.execute(select(holds).where(holds.c.account == self.account, of_it).limit(1)).one_or_none()
        return None if row is None else Held(order_id=row.order_id, actor=row.actor, since=row.since)

    def _note(self, connection: Connection, erasure: Erasure, digest: bytes) -> None:
        connection.execute(
            erasures.insert().values(
                id=erasure.id,
                account=self.account,
                digest=digest,
                terms={"owners": list(self.owners), "texts": list(erasure.texts)},
                position=0,
                upto=erasure.upto,
                actor=self.actor,
                created_at=self.now,
                rows=sum(erasure.counts.values()),
            )
        )
        write_audit(
            connection,
            self.ids,
            self.now,
            actor=self.actor,
            action="order.erased" if self.order_id else "parcel.erased",
            target=f"erasure:{erasure.id}",
            reason=_masked(self.reason, erasure.texts),
            detail={"account": self.account, "rows": dict(erasure.counts), "shared": erasure.shared},
        )


def _erase_story(connection: Connection, story: Story, counts: Counter[str]) -> None:
    told = select(events.c.id).where(events.c.subject_id.in_(story.subject_ids))
    for gone in (rows.c.event_id.in_(told), rows.c.shipment_id.in_(story.shipment_ids)):
        counts["rows"] += connection.execute(delete(rows).where(gone)).rowcount
    for table in (attempts, numbers):
        gone = table.c.shipment_id.in_(story.shipment_ids)
        counts[table.name] += connection.execute(delete(table).where(gone)).rowcount
    counts["shipments"] += connection.execute(delete(shipments).where(shipments.c.id.in_(story.shipment_ids))).rowcount
    for table in (events, subject_keys, mentions):
        gone = table.c.subject_id.in_(story.subject_ids)
        counts[table.name] += connection.execute(delete(table).where(gone)).rowcount
    counts["subjects"] += connection.execute(delete(subjects).where(subjects.c.id.in_(story.subject_ids))).rowcount
    connection.execute(update(subjects).where(subjects.c.linked_to.in_(story.shipment_ids)).values(linked_to=None))
    forget_bytes(connection, story.webhook_ids, counts)


def forget_bytes(
    connection: Connection, webhook_ids: Collection[int], counts: Counter[str], *, keep: bool = False
) -> None:
    """Delete the bytes of webhooks whole, and those webhooks that told of nothing else; the ledger goes on knowing.

    With ``keep`` no webhook goes: what just came in is shown to have come.
    """
    ids = sorted(webhook_ids)
    if not ids:
        return
    known = [{"webhook_id": id_} for id_ in ids]
    connection.execute(insert(connection, erased_webhooks).on_conflict_do_nothing(), known)
    counts["bodies"] += connection.execute(delete(bodies).where(bodies.c.webhook_id.in_(ids))).rowcount
    others = select(events.c.webhook_id).where(events.c.webhook_id.in_(ids))
    still = set(
        connection.execute(others.union(select(mentions.c.webhook_id).where(mentions.c.webhook_id.in_(ids)))).scalars()
    )
    # The headers and the address may name what the body did.
    nothing: dict[str, Any] = {"query": "", "path": "", "headers": [], "notes": None}
    connection.execute(update(webhooks).where(webhooks.c.id.in_(ids if keep else sorted(still))).values(**nothing))
    gone = [] if keep else [id_ for id_ in ids if id_ not in still]
    counts["webhooks"] += connection.execute(delete(webhooks).where(webhooks.c.id.in_(gone))).rowcount


def _mask_words(connection: Connection, texts: Sequence[str], counts: Counter[str]) -> None:
    """Mask the erased words where they stand among others: in the audit log, in jobs, in what people wrote."""
    if not texts:
        return
    for table in metadata.sorted_tables:
        columns = [each for each in table.c if isinstance(each.type, Text | JSON | Pairs) and not each.primary_key]
        if table.name in _BIG or not columns:
            continue
        named = or_(*(cast(each, Text).contains(text, autoescape=True) for each in columns for text in texts))
        for row in connection.execute(select(table).where(named)).mappings().all():
            _mask_row(connection, table, columns, row, texts)
            counts[table.name] += 1


def _mask_row(
    connection: Connection, table: Table, columns: Sequence[Column[Any]], row: Mapping[Any, Any], texts: Sequence[str]
) -> None:
    masked: dict[str, Any] = {}
    for column in columns:
        value = row[column]
        if isinstance(column.type, JSON | Pairs):
            masked[column.name] = json.loads(_masked(json.dumps(value, ensure_ascii=False), texts))
        elif value is not None:
            masked[column.name] = _masked(value, texts)
    mine = [key == row[key] for key in table.primary_key.columns]
    connection.execute(update(table).where(*mine).values(**masked))


def _masked(text: str, texts: Sequence[str]) -> str:
    for each in sorted(texts, key=len, reverse=True):
        text = text.replace(each, _MASK)
    return text
