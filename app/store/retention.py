"""Retention: which old rows may go, and letting them go, a few at a time.

Candidates are looked for on a reading connection; the writer judges them again before it deletes, so that what became
open, parked, given up or disputed meanwhile stays. Of deleted events the fingerprints stay: old events that come again
are not new.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Column, Connection, Select, delete, select, tuple_, update

from app.store.ageing import drop_aged
from app.store.columns import made_at
from app.store.keeping import (
    Keeping,
    Retention,
    keeps_attempt,
    keeps_body,
    keeps_nothing,
    keeps_shipment,
    keeps_subject,
    keeps_webhook,
)
from app.store.order_schema import orders
from app.store.outages import drop_outages
from app.store.privacy_schema import mentions, remembered, tombstones
from app.store.remembering import remember
from app.store.schema import (
    attempts,
    bodies,
    erased_webhooks,
    events,
    ledger,
    numbers,
    refusals,
    rows,
    shipments,
    subject_keys,
    subjects,
    webhooks,
)

__all__ = ["RETENTION_KINDS", "Candidates", "DropExpired", "Retention", "Retire", "candidates"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """What may go of one kind.

    Args:
        ids: Rows that may be deleted.
        after: After which row to go on; 0 when nothing older is left.
        oldest: When the oldest row of the kind was made, told with the first candidates only.

    """

    ids: tuple[int, ...]
    after: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """One kind of row: where it lies, when it was made, how long it is kept, what keeps it longer, how it goes."""

    id: Column[Any]
    made: Column[Any]
    listed: Select[Any]
    keep: Callable[[Retention], timedelta]
    kept_longer: Keeping
    drop: Callable[[Connection, Sequence[int], Retention, datetime], Counter[str]]


def candidates(
    connection: Connection, kind: str, retention: Retention, now: datetime, *, after: int, limit: int
) -> Candidates:
    """Look at some rows of a kind, oldest first, for those that may go; nothing is changed."""
    rule = RETENTION_KINDS[kind]
    found = connection.execute(rule.listed.where(rule.id > after).order_by(rule.id).limit(limit)).all()
    before = now - rule.keep(retention)
    old = [row.id for row in found if row.made < before]
    oldest = found[0].made if found and not after else None
    # Ids grow with time: where none is old, none that follows is.
    is_last = len(found) < limit or not old
    ids = _droppable(connection, rule, old, retention, now)
    return Candidates(ids=tuple(ids), after=0 if is_last else found[-1].id, oldest=oldest)


def _droppable(
    connection: Connection, rule: _Kind, ids: Sequence[int], retention: Retention, now: datetime
) -> list[int]:
    before = now - rule.keep(retention)
    query = rule.listed.where(rule.id.in_(ids), rule.made < before, ~rule.kept_longer(retention, now))
    return [row.id for row in connection.execute(query.order_by(rule.id))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retire:
    """Delete rows of a kind, with what is nothing without them, as far as they may still go."""

    kind: str
    ids: Sequence[int]
    retention: Retention
    now: datetime

    def run(self, connection: Connection) -> Mapping[str, int]:
        """Delete them; count the rows by their table."""
        rule = RETENTION_KINDS[self.kind]
        ids = _droppable(connection, rule, self.ids, self.retention, self.now)
        counts = rule.drop(connection, ids, self.retention, self.now) if ids else Counter[str]()
        return {name: count for name, count in counts.items() if count}


@dataclass(frozen=True, slots=True, kw_only=True)
class DropExpired:
    """Delete some of what says itself when it ends: the ledger, and what is known of deleted rows."""

    retention: Retention
    now: datetime
    limit: int

    def run(self, connection: Connection) -> Mapping[str, int]:
        """Delete some; count the rows by their table."""
        counts: Counter[str] = Counter()
        oldest = select(ledger.c.period).order_by(ledger.c.period).limit(1).scalar_subquery()
        stale = select(ledger.c.period, ledger.c.digest).where(ledger.c.period == oldest)
        entries = connection.execute(stale.where(ledger.c.expires_at <= self.now).limit(self.limit)).all()
        if entries:
            one_of = tuple_(ledger.c.period, ledger.c.digest).in_([tuple(entry) for entry in entries])
            counts["ledger"] += connection.execute(delete(ledger).where(one_of)).rowcount
        known = select(remembered.c.subject, remembered.c.event_id).where(remembered.c.expires_at <= self.now)
        if forgotten := connection.execute(known.limit(self.limit)).all():
            one_of = tuple_(remembered.c.subject, remembered.c.event_id).in_([tuple(each) for each in forgotten])
            counts["remembered"] += connection.execute(delete(remembered).where(one_of)).rowcount
        ended = tombstones.c.expires_at.is_not(None) & (tombstones.c.expires_at <= self.now)
        counts["tombstones"] += connection.execute(delete(tombstones).where(ended)).rowcount
        # Whoever tells of such an order again has it read again.
        settled = select(orders.c.account, orders.c.order_id).where(
            orders.c.due_at.is_(None), orders.c.told_at < self.now - self.retention.events, orders.c.reason.is_(None)
        )
        if read := connection.execute(settled.limit(self.limit)).all():
            one_of = tuple_(orders.c.account, orders.c.order_id).in_([tuple(each) for each in read])
            # One that was told of meanwhile is due.
            counts["orders"] += connection.execute(delete(orders).where(one_of, orders.c.due_at.is_(None))).rowcount
        counts.update(drop_outages(connection, self.now - self.retention.events))
        counts.update(drop_aged(connection, self.retention, self.now, self.limit))
        self._erased(connection, counts)
        return {name: count for name, count in counts.items() if count}

    def _erased(self, connection: Connection, counts: Counter[str]) -> None:
        """Forget erased webhooks of which the ledger knows nothing any more."""
        first = select(erased_webhooks.c.webhook_id).order_by(erased_webhooks.c.webhook_id).limit(self.limit)
        # A week more: the ledger goes by weeks.
        before = self.now - self.retention.ledger - timedelta(days=7)
        old = [id_ for id_ in connection.execute(first).scalars() if made_at(id_) < before]
        if old:
            gone = delete(erased_webhooks).where(erased_webhooks.c.webhook_id.in_(old))
            counts["erased_webhooks"] += connection.execute(gone).rowcount


def _drop_bodies(connection: Connection, ids: Sequence[int], _retention: Retention, _now: datetime) -> Counter[str]:
    return Counter(bodies=connection.execute(delete(bodies).where(bodies.c.webhook_id.in_(ids))).rowcount)


def _drop_attempts(connection: Connection, ids: Sequence[int], _retention: Retention, _now: datetime) -> Counter[str]:
    return Counter(attempts=connection.execute(delete(attempts).where(attempts.c.id.in_(ids))).rowcount)


def _drop_refusals(connection: Connection, ids: Sequence[int], _retention: Retention, _now: datetime) -> Counter[str]:
    return Counter(refusals=connection.execute(delete(refusals).where(refusals.c.id.in_(ids))).rowcount)


def _drop_webhooks(connection: Connection, ids: Sequence[int], _retention: Retention, _now: datetime) -> Counter[str]:
    connection.execute(delete(mentions).where(mentions.c.webhook_id.in_(ids)))
    return Counter(webhooks=connection.execute(delete(webhooks).where(webhooks.c.id.in_(ids))).rowcount)


def _drop_shipments(connection: Connection, ids: Sequence[int], retention: Retention, now: datetime) -> Counter[str]:
    """Delete shipments with their rows; subjects that were shown nowhere else go with them."""
    counts: Counter[str] = Counter()
    on_them = select(rows.c.event_id).where(rows.c.shipment_id.in_(ids))
    of_them = select(events.c.subject_id).where(events.c.id.in_(on_them)).distinct()
    touched = connection.execute(of_them).scalars().all()
    for table in (rows, attempts, numbers):
        counts[table.name] += connection.execute(delete(table).where(table.c.shipment_id.in_(ids))).rowcount
    counts["shipments"] += connection.execute(delete(shipments).where(shipments.c.id.in_(ids))).rowcount
    connection.execute(update(subjects).where(subjects.c.linked_to.in_(ids)).values(linked_to=None))
    alone = _droppable(connection, RETENTION_KINDS["subjects"], touched, retention, now)
    return counts + _drop_subjects(connection, alone, retention, now)


def _drop_subjects(connection: Connection, ids: Sequence[int], retention: Retention, now: datetime) -> Counter[str]:
    """Delete subjects with their events, whose fingerprints stay."""
    remember(connection, ids, until=now + retention.fingerprints)
    counts = Counter(events=connection.execute(delete(events).where(events.c.subject_id.in_(ids))).rowcount)
    for table in (subject_keys, mentions):
        connection.execute(delete(table).where(table.c.subject_id.in_(ids)))
    counts["subjects"] += connection.execute(delete(subjects).where(subjects.c.id.in_(ids))).rowcount
    return counts


_BYTES: Final = select(bodies.c.webhook_id.label("id"), webhooks.c.received_at.label("made")).join(
    webhooks, webhooks.c.id == bodies.c.webhook_id
)


def _kind(id_: Column[Any], made: Column[Any], listed: Select[Any] | None = None, **how: Any) -> _Kind:  # noqa: ANN401
    return _Kind(
        id=id_, made=made, listed=select(id_.label("id"), made.label("made")) if listed is None else listed, **how
    )


RETENTION_KINDS: Final[Mapping[str, _Kind]] = {
    "bodies": _kind(
        bodies.c.webhook_id,
        webhooks.c.received_at,
        _BYTES,
        keep=lambda given: given.bodies,
        kept_longer=keeps_body,
        drop=_drop_bodies,
    ),
    "attempts": _kind(
        attempts.c.id,
        attempts.c.started_at,
        keep=lambda given: given.attempts,
        kept_longer=keeps_attempt,
        drop=_drop_attempts,
    ),
    "shipments": _kind(
        shipments.c.id,
        shipments.c.created_at,
        keep=lambda given: given.events,
        kept_longer=keeps_shipment,
        drop=_drop_shipments,
    ),
    "subjects": _kind(
        subjects.c.id,
        subjects.c.created_at,
        keep=lambda given: given.events,
        kept_longer=keeps_subject,
        drop=_drop_subjects,
    ),
    "webhooks": _kind(
        webhooks.c.id,
        webhooks.c.received_at,
        keep=lambda given: given.events,
        kept_longer=keeps_webhook,
        drop=_drop_webhooks,
    ),
    "refusals": _kind(
        refusals.c.id, refusals.c.at, keep=lambda given: given.bodies, kept_longer=keeps_nothing, drop=_drop_refusals
    ),
}
"""What goes by age, in the order in which it is looked at: what others stand on comes after them."""
