"""Forget an account that is not configured any more: everything of it, in batches that hold nobody up.

What remains is the audit log, and what the ledger must know so that a carrier that sends again brings nothing back.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, delete, select, tuple_, update

from app.errors import OrdersHeld
from app.store.auditing import Audited
from app.store.dialect import insert
from app.store.holding import held_orders
from app.store.privacy_schema import mentions
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
from app.store.tables import metadata

__all__ = ["AuditErasure", "EraseBatch"]

_BATCH: Final = 50
_CHUNK: Final = 500
_NAMED: Final = 20
_OWNING: Final = ("account", "owner")


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseBatch:
    """Erase a little of what an account has left; nothing is left when the result is empty.

    Webhooks and events of a group that were about this account alone go with its shipments; what they have in common
    with another member stays, as does what waits and may be another member's. Nothing goes while orders of it are held.
    """

    account: str

    def run(self, connection: Connection) -> Mapping[str, int]:
        """Erase one batch of the first kind of which there is something; count the rows by their table.

        Raises:
            OrdersHeld: Orders of the account are held.

        """
        held = held_orders(connection, [self.account], after=None, limit=_NAMED)
        if held:
            raise OrdersHeld(tuple(each.order_id for each in held))
        counts: Counter[str] = Counter()
        batches = (self._shipments, self._subjects, self._webhooks, self._rest)
        for batch in batches:
            batch(connection, counts)
            if counts:
                break
        return {name: count for name, count in counts.items() if count}

    def _shipments(self, connection: Connection, counts: Counter[str]) -> None:
        ids = _ids(connection, select(shipments.c.id).where(shipments.c.account == self.account).limit(_BATCH))
        if not ids:
            return
        on_them = select(rows.c.event_id).where(rows.c.shipment_id.in_(ids))
        touched = _ids(connection, select(events.c.subject_id).where(events.c.id.in_(on_them)).distinct())
        for table in (rows, attempts, numbers):
            _erase(connection, table, table.c.shipment_id, ids, counts)
        _erase(connection, shipments, shipments.c.id, ids, counts)
        connection.execute(
            update(subjects).where(subjects.c.id.in_(touched), subjects.c.linked_to.in_(ids)).values(linked_to=None)
        )
        elsewhere = select(events.c.subject_id).join(rows, rows.c.event_id == events.c.id)
        shared = set(_ids(connection, elsewhere.where(events.c.subject_id.in_(touched)).distinct()))
        self._forget(connection, [id_ for id_ in touched if id_ not in shared], counts)

    def _subjects(self, connection: Connection, counts: Counter[str]) -> None:
        ids = _ids(connection, select(subjects.c.id).where(subjects.c.owner == self.account).limit(_BATCH))
        self._forget(connection, ids, counts)

    def _forget(self, connection: Connection, subject_ids: Sequence[int], counts: Counter[str]) -> None:
        """Erase subjects with their events, and the webhooks that nothing else came from."""
        if not subject_ids:
            return
        of_them = select(events.c.id, events.c.webhook_id).where(events.c.subject_id.in_(subject_ids))
        found = connection.execute(of_them).all()
        _erase(connection, rows, rows.c.event_id, [row.id for row in found], counts)
        _erase(connection, events, events.c.id, [row.id for row in found], counts)
        for table in (subject_keys, mentions):
            _erase(connection, table, table.c.subject_id, subject_ids, counts)
        _erase(connection, subjects, subjects.c.id, subject_ids, counts)
        brought = sorted({row.webhook_id for row in found})
        for chunk in _chunks(brought):
            still = set(_ids(connection, select(events.c.webhook_id).where(events.c.webhook_id.in_(chunk)).distinct()))
            self._drop(connection, [id_ for id_ in chunk if id_ not in still], counts)

    def _webhooks(self, connection: Connection, counts: Counter[str]) -> None:
        ids = _ids(connection, select(webhooks.c.id).where(webhooks.c.owner == self.account).limit(_BATCH))
        self._drop(connection, ids, counts)

    def _drop(self, connection: Connection, webhook_ids: Sequence[int], counts: Counter[str]) -> None:
        """Erase webhooks; the ledger goes on knowing that they came."""
        if not webhook_ids:
            return
        entries = [{"webhook_id": id_} for id_ in webhook_ids]
        connection.execute(insert(connection, erased_webhooks).on_conflict_do_nothing(), entries)
        for table in (bodies, mentions):
            _erase(connection, table, table.c.webhook_id, webhook_ids, counts)
        _erase(connection, webhooks, webhooks.c.id, webhook_ids, counts)

    def _rest(self, connection: Connection, counts: Counter[str]) -> None:
        """Erase whatever else is marked as the account's, in whichever table."""
        for table in reversed(metadata.sorted_tables):
            for name in _OWNING:
                if name in table.c:
                    self._marked(connection, table, table.c[name] == self.account, counts)

    def _marked(self, connection: Connection, table: Table, mine: ColumnElement[bool], counts: Counter[str]) -> None:
        keys = tuple(table.primary_key.columns)
        found = connection.execute(select(*keys).where(mine).limit(_CHUNK)).all()
        if not found:
            return
        one_of = (
            tuple_(*keys).in_([tuple(row) for row in found]) if len(keys) > 1 else keys[0].in_([r[0] for r in found])
        )
        counts[table.name] += connection.execute(delete(table).where(and_(mine, one_of))).rowcount


def _ids(connection: Connection, query: Select[Any]) -> list[int]:
    return list(connection.execute(query).scalars())


def _chunks(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    return (ids[start : start + _CHUNK] for start in range(0, len(ids), _CHUNK))


def _erase(
    connection: Connection, table: Table, column: ColumnElement[Any], ids: Sequence[int], counts: Counter[str]
) -> None:
    for chunk in _chunks(ids):
        counts[table.name] += connection.execute(delete(table).where(column.in_(chunk))).rowcount


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditErasure(Audited):
    """Write down who had an account erased, why, and how much went."""

    account: str
    reason: str
    detail: Mapping[str, Any]

    def run(self, connection: Connection) -> None:
        """Write it down."""
        self.audit(connection, "account.erased", f"account:{self.account}", self.detail)
