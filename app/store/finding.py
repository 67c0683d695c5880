"""What shares something with what: the shipments with a subject, and the subjects that wait for a shipment.

Every question is asked by whole entries of an index. Asked together with others, or for the account beside a list of
ids, an engine that knows nothing of the tables' sizes goes through all that the account has.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Row, select, union

from app.store.facts import Candidate, Facts, keys_of
from app.store.placing_statements import HOLDERS, SHIPMENTS
from app.store.schema import shipments, subject_keys, subjects

__all__ = ["candidates", "waiting_for"]

_COLUMNS: Final = {
    "key": shipments.c.invoice_key,
    "order": shipments.c.order_id,
    "invoice": shipments.c.invoice_bare,
}
_CHUNK: Final = 500


def candidates(connection: Connection, accounts: Sequence[str], facts: Facts) -> list[Candidate]:
    """Find the shipments that share a number, key, order or invoice with a subject."""
    values = _by_kind(keys_of(facts))
    held: dict[int, set[str]] = {}
    if sought := values.pop("number", None):
        for row in HOLDERS.all(connection, {"accounts": list(accounts), "numbers": sought}):
            held.setdefault(row.shipment_id, set()).add(row.number)
    ids = set(held)
    if values:
        sharing = (
            select(shipments.c.id).where(shipments.c.account.in_(accounts), _COLUMNS[kind].in_(of_kind))
            for kind, of_kind in values.items()
        )
        ids |= set(connection.execute(union(*sharing)).scalars())
    if not ids:
        return []
    found = SHIPMENTS.all(connection, {"ids": sorted(ids)})
    return [_candidate(row, held.get(row.id, set())) for row in found]


def _candidate(row: Row[Any], held: set[str]) -> Candidate:
    return Candidate(
        id=row.id,
        account=row.account,
        order_id=row.order_id,
        invoice_number=row.invoice_number,
        invoice_key=row.invoice_key,
        courier=row.courier,
        since=row.invoiced_at or row.created_at,
        delivered=row.delivered_at is not None,
        origin=row.origin,
        held=frozenset(held),
    )


def waiting_for(
    connection: Connection, account: str, keys: Iterable[tuple[str, str]]
) -> Mapping[tuple[str, str], set[int]]:
    """Find the subjects that a shipment with these keys would wake, by the key that each waits for."""
    found: dict[tuple[str, str], set[int]] = {}
    for kind, values in sorted(_by_kind(keys).items()):
        for start in range(0, len(values), _CHUNK):
            waiting = connection.execute(
                select(subject_keys.c.value, subject_keys.c.subject_id)
                .join(subjects, subjects.c.id == subject_keys.c.subject_id)
                .where(
                    subject_keys.c.account == account,
                    subject_keys.c.kind == kind,
                    subject_keys.c.value.in_(values[start : start + _CHUNK]),
                    subjects.c.state.in_(("parked", "unmatched", "placed")),
                )
            )
            for row in waiting:
                found.setdefault((kind, row.value), set()).add(row.subject_id)
    return found


def _by_kind(keys: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for kind, value in sorted(keys):
        values.setdefault(kind, []).append(value)
    return values
