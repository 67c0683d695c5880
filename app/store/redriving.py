"""Redrive: take up again what was given up, as though it had never failed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import BindParameter, ColumnElement, Connection, Select, bindparam, or_, select, union, update

from app.store.columns import Ids
from app.store.dialect import literally
from app.store.prepared import Prepared
from app.store.schema import audit, rows, shipments

__all__ = ["DEAD_CAUSES", "DeadCause", "Redrive", "dead_causes", "given_up", "revive"]

DEAD_CAUSES: Final = {
    "missing": "VTEX has no such order or invoice",
    "exhausted": "no success within",
    "refused": "VTEX refused it",
    "invoice-number": "VTEX cannot take the invoice number",
    "failed": "the relay failed on it",
}
"""Why shipments are given up, in one word, by how the reason begins; ``refused`` also stands for single rows."""
_ROWS: Final = "refused"

_CHUNK: Final = 500
_COUNTED: Final = 1_000
_ANEW: Final[dict[str, Any]] = {
    "attempts": 0,
    "failing_since": None,
    "dead_reason": None,
    "retrying": False,
    "split": False,
}
_AMONG: Final[BindParameter[Any]] = bindparam("among", expanding=True)
_REFUSED: Final = select(rows.c.shipment_id).where(rows.c.shipment_id.in_(_AMONG), rows.c.state == literally("dead"))
# Built once: a replay asks this for each webhook.
_TAKE_UP: Final = Prepared(
    update(shipments)
    .where(
        shipments.c.id.in_(_AMONG),
        shipments.c.lease.is_(None),
        or_(shipments.c.dead_reason.is_not(None), shipments.c.id.in_(_REFUSED)),
    )
    .returning(shipments.c.id)
)


def revive(connection: Connection, shipment_ids: Sequence[int], now: datetime, *, later: bool = False) -> list[int]:
    """Make due what was given up of some shipments, or of their rows; return those that were.

    The order is read before anything is written: what VTEX holds by now is not sent again. Rows that VTEX refused
    are rendered anew, since a setting may have been the reason. Whoever holds a lease goes on undisturbed.
    """
    revived: list[int] = []
    for start in range(0, len(shipment_ids), _CHUNK):
        chunk = shipment_ids[start : start + _CHUNK]
        taking = {"among": chunk, **_ANEW, "due_at": now, "read_after": now, "later": later}
        ids = sorted(_TAKE_UP.scalars(connection, taking))
        if ids:
            connection.execute(
                update(rows)
                .where(rows.c.shipment_id.in_(ids), rows.c.state == literally("dead"))
                .values(state="pending", reason=None, city=None, uf=None, description=None, date=None, sent_at=None)
            )
        revived += ids
    return revived


@dataclass(frozen=True, slots=True, kw_only=True)
class Redrive:
    """Take up shipments that were given up, and write down who wanted that, in one transaction."""

    shipment_ids: Sequence[int]
    actor: str
    reason: str
    ids: Ids
    now: datetime

    def run(self, connection: Connection) -> tuple[int, ...]:
        """Return those that were taken up; who is at work, or was never given up, is not among them."""
        reasons = select(shipments.c.id, shipments.c.dead_reason).where(shipments.c.id.in_(self.shipment_ids))
        before = {row.id: row.dead_reason for row in connection.execute(reasons)}
        revived = revive(connection, self.shipment_ids, self.now)
        entries = [
            {
                "id": self.ids.next(),
                "at": self.now,
                "actor": self.actor,
                "action": "shipment.redriven",
                "target": f"shipment:{id_}",
                "reason": self.reason,
                "detail": {"dead_reason": before[id_]},
            }
            for id_ in revived
        ]
        if entries:
            connection.execute(audit.insert(), entries)
        return tuple(revived)


def given_up(
    connection: Connection, accounts: Sequence[str] | None, *, cause: str | None, after: int, limit: int
) -> list[int]:
    """List shipments with anything that was given up for a cause, oldest first, from an id on."""
    found = [_dead(accounts, cause)]
    if cause in {None, _ROWS}:
        found.append(_with_dead_rows(accounts))
    either = union(*(query.where(shipments.c.id > after) for query in found)).subquery()
    return list(connection.execute(select(either.c.id).order_by(either.c.id).limit(limit)).scalars())


def _dead(accounts: Sequence[str] | None, cause: str | None) -> Select[Any]:
    wanted: list[ColumnElement[bool]] = [shipments.c.dead_reason.is_not(None)]
    if accounts is not None:
        wanted.append(shipments.c.account.in_(accounts))
    if cause is not None:
        wanted.append(shipments.c.dead_reason.startswith(DEAD_CAUSES[cause], autoescape=True))
    return _by_index(select(shipments.c.id).where(*wanted), accounts)


def _by_index(query: Select[Any], accounts: Sequence[str] | None) -> Select[Any]:
    """Tell SQLite, which counts no rows beforehand, which index holds so little."""
    index = "ix_shipments_dead_id" if accounts is None else "ix_shipments_dead"
    return query.with_hint(shipments, f"INDEXED BY {index}", "sqlite")


def _with_dead_rows(accounts: Sequence[str] | None) -> Select[Any]:
    query = select(shipments.c.id).where(
        shipments.c.id.in_(select(rows.c.shipment_id).where(rows.c.state == literally("dead"))),
        shipments.c.dead_reason.is_(None),
    )
    return query if accounts is None else query.where(shipments.c.account.in_(accounts))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadCause:
    """How many shipments of an account have something that was given up for one cause."""

    account: str
    cause: str
    count: int


def dead_causes(connection: Connection, accounts: Sequence[str] | None) -> tuple[tuple[DeadCause, ...], bool]:
    """Sum up what was given up, account by account, and say whether there is more than was counted.

    Only indexes of what was given up are read, and so many of them at most.
    """
    reasons = select(shipments.c.account, shipments.c.dead_reason).where(shipments.c.dead_reason.is_not(None))
    if accounts is not None:
        reasons = reasons.where(shipments.c.account.in_(accounts))
    whole = connection.execute(_by_index(reasons, accounts).limit(_COUNTED)).all()
    some = select(rows.c.shipment_id).where(rows.c.state == literally("dead")).limit(_COUNTED)
    refused_rows = list(connection.execute(some).scalars())
    refused: list[str] = []
    ids = sorted(set(refused_rows))
    for start in range(0, len(ids), _CHUNK):
        alive = select(shipments.c.account).where(
            shipments.c.id.in_(ids[start : start + _CHUNK]), shipments.c.dead_reason.is_(None)
        )
        refused += connection.execute(
            alive if accounts is None else alive.where(shipments.c.account.in_(accounts))
        ).scalars()
    counted = Counter((row.account, _cause_of(row.dead_reason)) for row in whole)
    counted.update((account, _ROWS) for account in refused)
    causes = tuple(
        DeadCause(account=account, cause=cause, count=count) for (account, cause), count in sorted(counted.items())
    )
    return causes, _COUNTED in {len(whole), len(refused_rows)}


def _cause_of(reason: str) -> str:
    return next((cause for cause, words in DEAD_CAUSES.items() if reason.startswith(words)), "failed")
