"""Refused requests as evidence: the latest, within a number and a space of their own."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final, Self

from sqlalchemy import Connection, Integer, Table, Text, bindparam, cast, delete, func, select

from app.store.dialect import Insert
from app.store.exclusion import FREE, Exclusion
from app.store.prepared import Prepared
from app.store.schema import refusals
from app.store.tallies import hour_of, tally

__all__ = ["AddRefusal", "TrimRefusals"]

_REFUSALS_KEPT: Final = 10_000
_ROW_BYTES: Final = 256
"""What a refusal takes beside its texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddRefusal:
    """Keep a refused request as evidence, within a bounded table."""

    id: int
    at: datetime
    status: int
    cause: str
    detail: str
    owner: str
    carrier: str
    method: str
    path: str
    headers: tuple[tuple[str, str], ...]
    peer: str
    size: int
    body: bytes
    kept: int = _REFUSALS_KEPT
    excludes: ClassVar[Exclusion] = FREE

    @property
    def bytes(self) -> int:
        """Tell about how much space it takes."""
        headers = sum(len(name) + len(value) for name, value in self.headers)
        return _ROW_BYTES + len(self.detail) + len(self.path) + headers + len(self.body)

    def run(self, connection: Connection) -> int:
        """Add it, and drop the oldest one when there are too many."""
        return self.run_all(connection, [self])[0]

    @classmethod
    def run_all(cls, connection: Connection, operations: Sequence[Self]) -> list[int]:
        """Add all that share a transaction, and look once for what is too many."""
        _ADD.run_all(connection, [{name: getattr(each, name) for name in _COLUMNS} for each in operations])
        surplus = _SURPLUS.scalar(connection, {"kept": min(each.kept for each in operations)})
        if surplus is not None:
            _DROP.run(connection, {"newest": surplus})
        of_each = Counter((each.owner, each.carrier, hour_of(each.at)) for each in operations)
        latest = {(each.owner, each.carrier, hour_of(each.at)): each for each in operations}
        for key, count in sorted(of_each.items()):
            last = latest[key]
            tally(connection, last.owner, last.carrier, "refused", made=last.id, now=last.at, count=count)
        return [each.id for each in operations]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrimRefusals:
    """Drop the oldest refused requests until the rest take no more than so much space."""

    most_bytes: int
    excludes: ClassVar[Exclusion] = FREE

    def run(self, connection: Connection) -> int:
        """Drop them, and return how much space the rest takes."""
        each = refusals.c
        size = (
            _ROW_BYTES
            + func.length(each.detail)
            + func.length(each.path)
            + func.length(cast(each.headers, Text))
            + func.length(each.body)
        )
        taken = select(each.id, func.sum(size).over(order_by=each.id.desc()).label("taken")).subquery()
        surplus = select(func.max(taken.c.id)).where(taken.c.taken > self.most_bytes).scalar_subquery()
        connection.execute(delete(refusals).where(refusals.c.id <= surplus))
        return int(connection.execute(select(func.coalesce(func.sum(size), 0))).scalar_one())


def _adding(insert: Callable[[Table], Insert]) -> Insert:
    return insert(refusals).on_conflict_do_nothing()


_COLUMNS: Final = tuple(column.name for column in refusals.columns)
_ADD: Final = Prepared(_adding)
_SURPLUS: Final = Prepared(
    select(refusals.c.id).order_by(refusals.c.id.desc()).offset(bindparam("kept", type_=Integer())).limit(1)
)
_DROP: Final = Prepared(delete(refusals).where(refusals.c.id <= bindparam("newest")))
