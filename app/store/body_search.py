"""Find the bytes that name what is erased, where no event leads to them: webhooks unread, ignored or refused."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote_to_bytes

from sqlalchemy import Connection, delete, select, update

from app.store.order_erasing import Erasure, forget_bytes
from app.store.privacy_schema import erasures
from app.store.schema import bodies, refusals, webhooks

__all__ = ["AdvanceErasure", "Searched", "search_bodies"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What a search found: webhooks and refusals that name what is erased, and up to where it looked."""

    webhook_ids: tuple[int, ...]
    refusal_ids: tuple[int, ...]
    position: int
    is_last: bool


def search_bodies(connection: Connection, erasure: Erasure, limit: int, *, after: int) -> Searched:
    """Search some webhooks of the erasure's owners, and with the last of them the refusals; nothing is changed."""
    pattern = _pattern(erasure.texts)
    found = connection.execute(
        select(webhooks.c.id, webhooks.c.path, webhooks.c.query, bodies.c.body, bodies.c.fetched)
        .join(bodies, bodies.c.webhook_id == webhooks.c.id)
        .where(webhooks.c.owner.in_(erasure.owners), webhooks.c.id > after, webhooks.c.id <= erasure.upto)
        .order_by(webhooks.c.id)
        .limit(limit)
    ).all()
    is_last = len(found) < limit
    named = [
        row.id
        for row in found
        if _names(pattern, row.body, row.fetched or b"", f"{row.path} {row.query}".encode("utf-8", "replace"))
    ]
    refused: list[int] = []
    if is_last:
        kept = select(refusals.c.id, refusals.c.path, refusals.c.detail, refusals.c.headers, refusals.c.body)
        for row in connection.execute(kept):
            words = f"{row.path} {row.detail} {row.headers}".encode("utf-8", "replace")
            if _names(pattern, row.body, words):
                refused.append(row.id)
    return Searched(
        webhook_ids=tuple(named),
        refusal_ids=tuple(refused),
        position=erasure.upto if is_last else found[-1].id,
        is_last=is_last,
    )


def _pattern(texts: Sequence[str]) -> re.Pattern[bytes] | None:
    """Find the texts however they are cut into groups, but not inside of longer ones."""
    if not texts:
        return None
    spelt = (rb"[ ._/-]*".join(re.escape(letter.encode()) for letter in text) for text in texts)
    return re.compile(rb"(?<![0-9A-Za-z])(?:" + b"|".join(spelt) + rb")(?![0-9A-Za-z])", re.IGNORECASE)


def _names(pattern: re.Pattern[bytes] | None, *contents: bytes) -> bool:
    if pattern is None:
        return False
    for content in contents:
        plain = re.sub(rb"\\[nrt/]", b" ", content)
        if pattern.search(plain) or (b"%" in content and pattern.search(unquote_to_bytes(content))):
            return True
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceErasure:
    """Delete what a search found, and remember up to where it looked."""

    erasure: Erasure
    searched: Searched
    now: datetime

    def run(self, connection: Connection) -> Mapping[str, int]:
        """Delete it; count the rows by their table."""
        counts: Counter[str] = Counter()
        forget_bytes(connection, self.searched.webhook_ids, counts)
        gone = delete(refusals).where(refusals.c.id.in_(self.searched.refusal_ids))
        counts["refusals"] += connection.execute(gone).rowcount
        done: dict[str, Any] = {"terms": None, "ended_at": self.now} if self.searched.is_last else {}
        connection.execute(
            update(erasures)
            .where(erasures.c.id == self.erasure.id)
            .values(position=self.searched.position, rows=erasures.c.rows + sum(counts.values()), **done)
        )
        return {name: count for name, count in counts.items() if count}
